#include "base/listen.h"

#include <arpa/inet.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/** Reads the port behind the last colon. */
static bool parse_port(const char *listen, const char **colon, uint16_t *port)
{
    *colon = strrchr(listen, ':');
    if (!*colon)
        return false;
    const char *digits = *colon + 1;
    const size_t len = strlen(digits);
    if (len == 0 || len > 5 || strspn(digits, "0123456789") != len)
        return false;
    const long number = strtol(digits, NULL, 10);
    *port = (uint16_t)number;
    return number <= 65535;
}

bool listen_parse(const char *listen, union listen_address *address, struct error *error)
{
    const char *colon;
    uint16_t port;
    char host[INET6_ADDRSTRLEN + 3];
    *address = (union listen_address){0};
    if (!parse_port(listen, &colon, &port) || (size_t)(colon - listen) >= sizeof(host))
        goto wrong;
    snprintf(host, sizeof(host), "%.*s", (int)(colon - listen), listen);
    if (strcmp(host, "localhost") == 0)
        snprintf(host, sizeof(host), "127.0.0.1");
    const size_t len = strlen(host);
    if (len > 2 && host[0] == '[' && host[len - 1] == ']') {
        host[len - 1] = '\0';
        address->v6 = (struct sockaddr_in6){.sin6_family = AF_INET6, .sin6_port = htons(port)};
        if (inet_pton(AF_INET6, host + 1, &address->v6.sin6_addr) == 1)
            return true;
    }
    address->v4 = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(port)};
    if (inet_pton(AF_INET, host, &address->v4.sin_addr) == 1)
        return true;
wrong:
    return error_set(error, ERROR_USAGE,
                     "listen '%.100s': write ADDRESS:PORT, e.g. 127.0.0.1:9701 or [::1]:9701 (port 0: any free one)", listen);
}

bool listen_is_loopback(const union listen_address *address)
{
    if (address->any.sa_family == AF_INET6)
        return IN6_IS_ADDR_LOOPBACK(&address->v6.sin6_addr);
    return ntohl(address->v4.sin_addr.s_addr) >> 24 == 127;
}
