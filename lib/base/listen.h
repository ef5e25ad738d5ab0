/*
 * Where a server listens, as people write it: `ADDRESS:PORT`.
 *
 * Pure; any thread.
 */
#ifndef QUOTEBUS_BASE_LISTEN_H
#define QUOTEBUS_BASE_LISTEN_H

#include <netinet/in.h>
#include <stdbool.h>

#include "base/error.h"

/** An address to bind to; any.sa_family tells which. */
union listen_address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
};

/** Reads `ADDRESS:PORT` (IPv4, or IPv6 in brackets; `localhost` is 127.0.0.1; port 0: any free one). ERROR_USAGE. */
bool listen_parse(const char *listen, union listen_address *address, struct error *error) MUST_CHECK;
/** Whether only this machine can reach it. */
bool listen_is_loopback(const union listen_address *address);

#endif
