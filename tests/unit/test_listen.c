#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/listen.h"

static void address_and_port_are_read(void **state)
{
    (void)state;
    struct error error = {0};
    union listen_address address;
    assert_true(listen_parse("127.0.0.1:9701", &address, &error));
    assert_int_equal(address.any.sa_family, AF_INET);
    assert_int_equal(ntohl(address.v4.sin_addr.s_addr), INADDR_LOOPBACK);
    assert_int_equal(ntohs(address.v4.sin_port), 9701);
    assert_true(listen_parse("localhost:65535", &address, &error));
    assert_int_equal(ntohl(address.v4.sin_addr.s_addr), INADDR_LOOPBACK);
    assert_int_equal(ntohs(address.v4.sin_port), 65535);
    assert_true(listen_parse("[::1]:0", &address, &error));
    assert_int_equal(address.any.sa_family, AF_INET6);
    assert_memory_equal(&address.v6.sin6_addr, &in6addr_loopback, sizeof(in6addr_loopback));
    assert_int_equal(address.v6.sin6_port, 0);
}

static void what_is_no_address_is_refused_with_an_example(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "",
        "x",
        ":1",
        "127.0.0.1",
        "127.0.0.1:",
        "127.0.0.1:65536",
        "127.0.0.1:-1",
        "127.0.0.1:1x",
        "127.0.0.1: 1",
        "256.0.0.1:1",
        "::1:1",
        "[::1]",
        "[]:1",
        "[127.0.0.1]:1",
        "host:1",
        "[::1:1",
        "1234567890123456789012345678901234567890123456789012:1",
    };
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        struct error error = {0};
        union listen_address address;
        if (listen_parse(wrong[i], &address, &error))
            fail_msg("'%s' was taken", wrong[i]);
        assert_int_equal(error.code, ERROR_USAGE);
        assert_non_null(strstr(error.message, "127.0.0.1:9701"));
    }
}

static void only_this_machine_reaches_loopback(void **state)
{
    (void)state;
    static const char *const near[] = {"127.0.0.1:1", "127.255.0.1:1", "localhost:1", "[::1]:1"};
    static const char *const far[] = {"0.0.0.0:1", "10.0.0.1:1", "128.0.0.1:1", "126.255.255.255:1", "[::]:1", "[::2]:1"};
    union listen_address address;
    for (size_t i = 0; i < sizeof(near) / sizeof(near[0]); i++)
        assert_true(listen_parse(near[i], &address, NULL) && listen_is_loopback(&address));
    for (size_t i = 0; i < sizeof(far) / sizeof(far[0]); i++)
        assert_true(listen_parse(far[i], &address, NULL) && !listen_is_loopback(&address));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(address_and_port_are_read),
        cmocka_unit_test(what_is_no_address_is_refused_with_an_example),
        cmocka_unit_test(only_this_machine_reaches_loopback),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
