#include "ingest/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

#define HOST_MAX 255

/** A block of addresses that are not public: the first `bits` of `prefix`. */
struct block_v4 {
    uint32_t prefix;
    int bits;
};

static const struct block_v4 special_v4[] = {
    {0x00000000, 8},  /* this network */
    {0x0a000000, 8},  /* private */
    {0x64400000, 10}, /* shared by carriers */
    {0x7f000000, 8},  /* loopback */
    {0xa9fe0000, 16}, /* link local, where clouds keep their metadata */
    {0xac100000, 12}, /* private */
    {0xc0000000, 24}, /* protocol assignments */
    {0xc0000200, 24}, /* documentation */
    {0xc0a80000, 16}, /* private */
    {0xc6120000, 15}, /* benchmarks */
    {0xc6336400, 24}, /* documentation */
    {0xcb007100, 24}, /* documentation */
    {0xe0000000, 3},  /* multicast and reserved */
};

/** Whether an IPv4 address (host byte order) is public. */
static bool v4_is_public(uint32_t address)
{
    for (size_t i = 0; i < sizeof special_v4 / sizeof special_v4[0]; i++) {
        if ((address ^ special_v4[i].prefix) >> (32 - special_v4[i].bits) == 0) {
            return false;
        }
    }
    return true;
}

/** Four bytes in network order as a number. */
static uint32_t load_v4(const uint8_t *bytes)
{
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

/** Whether an IPv6 address is public: global unicast (2000::/3) or NAT64, and so is an IPv4 address in it. */
static bool v6_is_public(const uint8_t bytes[16])
{
    static const uint8_t nat64[12] = {0x00, 0x64, 0xff, 0x9b};
    if (memcmp(bytes, nat64, sizeof nat64) == 0) {
        return v4_is_public(load_v4(bytes + 12));
    }
    if (bytes[0] == 0x20 && bytes[1] == 0x02) { /* 6to4 */
        return v4_is_public(load_v4(bytes + 2));
    }
    bool documentation = load_v4(bytes) == 0x20010db8;
    bool protocols = load_v4(bytes) >> 9 == 0x20010000U >> 9; /* 2001::/23, Teredo among them */
    return bytes[0] >> 5 == 1 && !documentation && !protocols;
}

bool address_is_public(const struct sockaddr *address)
{
    if (address->sa_family == AF_INET) {
        struct sockaddr_in v4;
        memcpy(&v4, address, sizeof v4);
        return v4_is_public(ntohl(v4.sin_addr.s_addr));
    }
    if (address->sa_family == AF_INET6) {
        struct sockaddr_in6 v6;
        memcpy(&v6, address, sizeof v6);
        if (IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr)) {
            return v4_is_public(load_v4(v6.sin6_addr.s6_addr + 12));
        }
        return v6_is_public(v6.sin6_addr.s6_addr);
    }
    return false;
}

bool url_names_address(const char *url)
{
    char host[HOST_MAX + 1];
    struct in_addr v4;
    const char *begin = strstr(url, "://");
    if (begin == NULL) {
        return false;
    }
    begin += strlen("://");
    size_t len = strcspn(begin, "/?#:");
    if (*begin == '[') {
        return true; /* only an IPv6 address stands in brackets */
    }
    if (len > HOST_MAX) {
        return false;
    }
    memcpy(host, begin, len);
    host[len] = '\0';
    return strcasecmp(host, "localhost") == 0 || inet_pton(AF_INET, host, &v4) == 1;
}
