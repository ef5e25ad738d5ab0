/* Datagrams to a service manager. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/notify.h"

/** A socket as the manager has one, in the abstract namespace, and its name in the environment. */
static int manager(void)
{
    char name[64];
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    const int len = snprintf(name, sizeof(name), "@quotebus-test-%d", (int)getpid());
    memcpy(address.sun_path, name, (size_t)len);
    address.sun_path[0] = '\0';
    const int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    assert_true(fd >= 0);
    assert_int_equal(
        bind(fd, (const struct sockaddr *)&address, (socklen_t)(offsetof(struct sockaddr_un, sun_path) + (size_t)len)), 0);
    setenv("NOTIFY_SOCKET", name, 1);
    return fd;
}

static void states_reach_the_manager(void **state)
{
    (void)state;
    char got[64] = "";
    const int fd = manager();
    notify_send("READY=1");
    assert_int_equal(recv(fd, got, sizeof(got), 0), 7);
    assert_memory_equal(got, "READY=1", 7);
    close(fd);
    unsetenv("NOTIFY_SOCKET");
}

static void without_a_manager_nothing_happens(void **state)
{
    (void)state;
    static const char *const wrong[] = {"", "x", "relative", "@nobody-is-here"};
    unsetenv("NOTIFY_SOCKET");
    notify_send("READY=1");
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        setenv("NOTIFY_SOCKET", wrong[i], 1);
        notify_send("READY=1");
    }
    unsetenv("NOTIFY_SOCKET");
}

static void signs_of_life_come_three_times_within_the_bound(void **state)
{
    (void)state;
    unsetenv("WATCHDOG_USEC");
    assert_int_equal(notify_interval_ms(60000), 60000);
    setenv("WATCHDOG_USEC", "30000000", 1);
    assert_int_equal(notify_interval_ms(60000), 10000);
    setenv("WATCHDOG_USEC", "900000000", 1);
    assert_int_equal(notify_interval_ms(60000), 60000);
    setenv("WATCHDOG_USEC", "soon", 1);
    assert_int_equal(notify_interval_ms(60000), 60000);
    unsetenv("WATCHDOG_USEC");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(states_reach_the_manager),
        cmocka_unit_test(without_a_manager_nothing_happens),
        cmocka_unit_test(signs_of_life_come_three_times_within_the_bound),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
