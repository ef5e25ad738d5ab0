#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <netinet/in.h>

#include "ingest/address.h"

static bool is_public(const char *text)
{
    struct sockaddr_in v4 = {.sin_family = AF_INET};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};
    if (inet_pton(AF_INET, text, &v4.sin_addr) == 1) {
        return address_is_public((struct sockaddr *)&v4);
    }
    assert_int_equal(inet_pton(AF_INET6, text, &v6.sin6_addr), 1);
    return address_is_public((struct sockaddr *)&v6);
}

static void addresses_that_stand_beside_us_are_not_public(void **state)
{
    static const char *const special[] = {
        "0.0.0.0",
        "10.0.0.1",
        "100.64.0.1",
        "100.127.255.255",
        "127.0.0.1",
        "127.255.0.1",
        "169.254.169.254",
        "172.16.0.1",
        "172.31.255.255",
        "192.0.0.8",
        "192.168.1.1",
        "198.18.0.1",
        "224.0.0.1",
        "255.255.255.255",
        "240.0.0.1",
        "::",
        "::1",
        "fe80::1",
        "fc00::1",
        "fd12::1",
        "ff02::1",
        "fec0::1",
        "::ffff:127.0.0.1",
        "::ffff:10.1.2.3",
        "64:ff9b::7f00:1",
        "2002:a00:1::",
        "2001:db8::1",
        "2001::1",
    };
    (void)state;
    for (size_t i = 0; i < sizeof special / sizeof special[0]; i++) {
        if (is_public(special[i])) {
            fail_msg("%s counts as public", special[i]);
        }
    }
}

static void addresses_of_the_internet_are_public(void **state)
{
    static const char *const open[] = {"1.1.1.1",         "9.255.255.255", "11.0.0.0",       "100.63.255.255",
                                       "100.128.0.0",     "128.0.0.1",     "172.15.255.255", "172.32.0.0",
                                       "192.167.0.1",     "192.169.0.1",   "198.17.0.1",     "223.255.255.1",
                                       "2606:4700::1111", "2a00:1450::1",  "::ffff:8.8.8.8", "64:ff9b::808:808"};
    (void)state;
    for (size_t i = 0; i < sizeof open / sizeof open[0]; i++) {
        if (!is_public(open[i])) {
            fail_msg("%s counts as not public", open[i]);
        }
    }
}

static void only_an_address_or_localhost_names_where_it_leads(void **state)
{
    static const struct {
        const char *url;
        bool named;
    } cases[] = {
        {"http://127.0.0.1:9700/yahoo/v8", true},
        {"http://localhost/x", true},
        {"http://LOCALHOST:1", true},
        {"http://[::1]:80/", true},
        {"https://10.1.2.3", true},
        {"https://query1.finance.yahoo.com/v8", false},
        {"https://localhost.example.org", false},
        {"http://0x7f000001/", false},
        {"http://2130706433/", false},
        {"http://localhost./", false},
        {"nonsense", false},
        {"", false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(url_names_address(cases[i].url), cases[i].named);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_that_stand_beside_us_are_not_public),
        cmocka_unit_test(addresses_of_the_internet_are_public),
        cmocka_unit_test(only_an_address_or_localhost_names_where_it_leads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
