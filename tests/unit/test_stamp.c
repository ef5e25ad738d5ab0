#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ingest/stamp.h"

static void times_only_go_up(void **state)
{
    struct stamp stamp;
    (void)state;
    stamp_init(&stamp, 0);
    assert_int_equal(stamp_time_us(&stamp, 1000), 1000);
    assert_int_equal(stamp_time_us(&stamp, 1000), 1001);
    assert_int_equal(stamp_time_us(&stamp, 500), 1002);
    assert_int_equal(stamp_time_us(&stamp, 2000), 2000);
}

static void ids_are_128_bits_of_hex_and_differ(void **state)
{
    static char ids[500][REQUEST_ID_SIZE];
    struct stamp stamp;
    (void)state;
    stamp_init(&stamp, 0);
    for (size_t i = 0; i < 500; i++) {
        stamp_request_id(&stamp, ids[i]);
        assert_int_equal(strspn(ids[i], "0123456789abcdef"), 32);
        assert_int_equal(strlen(ids[i]), 32);
        for (size_t k = 0; k < i; k++) {
            assert_string_not_equal(ids[i], ids[k]);
        }
    }
}

static void same_seed_gives_the_same_ids(void **state)
{
    char one[REQUEST_ID_SIZE];
    char other[REQUEST_ID_SIZE];
    struct stamp a;
    struct stamp b;
    (void)state;
    stamp_init(&a, 42);
    stamp_init(&b, 42);
    for (int i = 0; i < 10; i++) {
        assert_string_equal(stamp_request_id(&a, one), stamp_request_id(&b, other));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(times_only_go_up),
        cmocka_unit_test(ids_are_128_bits_of_hex_and_differ),
        cmocka_unit_test(same_seed_gives_the_same_ids),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
