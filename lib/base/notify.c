#include "base/notify.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/** Parts of the manager's bound within which a sign of life is sent. */
#define SIGNS_PER_BOUND 3
#define US_IN_MS 1000

/** The address in NOTIFY_SOCKET; its length, 0 without one. A leading @ means the abstract namespace. */
static socklen_t notify_address(struct sockaddr_un *address)
{
    const char *path = getenv("NOTIFY_SOCKET");
    const size_t len = path ? strlen(path) : 0;
    *address = (struct sockaddr_un){.sun_family = AF_UNIX};
    if (len < 2 || len >= sizeof(address->sun_path) || (*path != '/' && *path != '@'))
        return 0;
    memcpy(address->sun_path, path, len);
    if (*path == '@')
        address->sun_path[0] = '\0';
    return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len);
}

void notify_send(const char *state)
{
    struct sockaddr_un address;
    const socklen_t size = notify_address(&address);
    const int fd = size ? socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0) : -1;
    if (fd < 0)
        return;
    (void)sendto(fd, state, strlen(state), MSG_NOSIGNAL, (const struct sockaddr *)&address, size);
    close(fd);
}

int64_t notify_interval_ms(int64_t fallback_ms)
{
    const char *text = getenv("WATCHDOG_USEC");
    const long long bound_us = text ? strtoll(text, NULL, 10) : 0;
    const int64_t interval_ms = bound_us / US_IN_MS / SIGNS_PER_BOUND;
    return interval_ms > 0 && interval_ms < fallback_ms ? interval_ms : fallback_ms;
}
