/*
 * Where on the network a request may go: names have to lead to public addresses.
 *
 * A provider's name that leads to a private address is a mistake in a resolver or an attempt to make ingest speak to what stands
 * beside it. Who writes an address (or localhost) into base_url means it.
 *
 * Pure; any thread.
 */
#ifndef QUOTEBUS_INGEST_ADDRESS_H
#define QUOTEBUS_INGEST_ADDRESS_H

#include <stdbool.h>
#include <sys/socket.h>

/**
 * Whether an address is one of the public internet: no loopback, private, shared, link local, multicast or reserved one (IANA
 * special-purpose registries, RFC 6890), also not inside an IPv6 address that carries an IPv4 one (mapped, NAT64, 6to4).
 */
bool address_is_public(const struct sockaddr *address);

/** Whether the host of a URL is written as an address or as `localhost`, so that it leads where it says. */
bool url_names_address(const char *url);

#endif
