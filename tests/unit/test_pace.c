#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cli/pace.h"

static struct pace pace_of(const char *text)
{
    struct pace pace;
    struct error error = {0};
    if (!pace_parse(text, &pace, &error))
        fail_msg("%s: %s", text, error.message);
    return pace;
}

static void nothing_waits_at_full_speed(void **state)
{
    (void)state;
    struct pace pace = pace_of("max");
    assert_int_equal(pace_wait_ms(&pace, 1000, 0), 0);
    assert_int_equal(pace_wait_ms(&pace, INT64_MAX, 0), 0);
    pace = pace_of(NULL);
    assert_int_equal(pace_wait_ms(&pace, 5, 0), 0);
}

static void first_record_is_due_at_once_and_later_ones_at_their_distance(void **state)
{
    (void)state;
    struct pace pace = pace_of("1x");
    assert_int_equal(pace_wait_ms(&pace, 1000000, 50), 0);
    assert_int_equal(pace_wait_ms(&pace, 1002000, 50), 2000);
    assert_int_equal(pace_wait_ms(&pace, 1002000, 1050), 1000);
    assert_int_equal(pace_wait_ms(&pace, 1002000, 2050), 0);
}

static void ten_times_the_speed_takes_a_tenth_of_the_time(void **state)
{
    (void)state;
    struct pace pace = pace_of("10x");
    assert_int_equal(pace_wait_ms(&pace, 0, 0), 0);
    assert_int_equal(pace_wait_ms(&pace, 60000, 0), 6000);
    pace = pace_of("0.5x");
    assert_int_equal(pace_wait_ms(&pace, 0, 0), 0);
    assert_int_equal(pace_wait_ms(&pace, 1000, 0), 2000);
}

static void records_that_are_late_or_out_of_order_do_not_wait(void **state)
{
    (void)state;
    struct pace pace = pace_of("1x");
    assert_int_equal(pace_wait_ms(&pace, 1000, 0), 0);
    assert_int_equal(pace_wait_ms(&pace, 1100, 5000), 0);
    assert_int_equal(pace_wait_ms(&pace, -1, 5000), 0);
}

static void time_stamps_at_the_ends_of_their_range_give_a_bounded_wait(void **state)
{
    (void)state;
    struct pace pace = pace_of("0.001x");
    assert_int_equal(pace_wait_ms(&pace, INT64_MIN, 0), 0);
    assert_true(pace_wait_ms(&pace, INT64_MAX, 0) > 0);
}

static void speeds_that_are_none_are_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {"", "x", "10", "-1x", "0x", "1e3x", "nanx", "infx", "1xx", " 1x", "fast", "0x1px"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct pace pace;
        struct error error = {0};
        if (pace_parse(bad[i], &pace, &error))
            fail_msg("'%s' is no speed", bad[i]);
        assert_int_equal(error.code, ERROR_USAGE);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_waits_at_full_speed),
        cmocka_unit_test(first_record_is_due_at_once_and_later_ones_at_their_distance),
        cmocka_unit_test(ten_times_the_speed_takes_a_tenth_of_the_time),
        cmocka_unit_test(records_that_are_late_or_out_of_order_do_not_wait),
        cmocka_unit_test(time_stamps_at_the_ends_of_their_range_give_a_bounded_wait),
        cmocka_unit_test(speeds_that_are_none_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
