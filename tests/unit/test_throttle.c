#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ingest/throttle.h"

static struct throttle fresh(void)
{
    struct throttle throttle;
    throttle_init(&throttle, 0.1, 0.05);
    return throttle;
}

static void limit_halves_the_share_down_to_a_floor(void **state)
{
    (void)state;
    static const double shares[] = {0.5, 0.25, 0.125, 0.1, 0.1};
    struct throttle throttle = fresh();
    for (int i = 0; i < 5; i++) {
        assert_true(throttle_limited(&throttle, i * 1000, i * 1000 + 10));
        assert_true(throttle.share == shares[i]);
    }
}

static void calls_that_went_out_before_the_cut_are_one_event(void **state)
{
    (void)state;
    struct throttle throttle = fresh();
    assert_true(throttle_limited(&throttle, 1000, 1500));
    assert_false(throttle_limited(&throttle, 1100, 1600));
    assert_false(throttle_limited(&throttle, 1499, 1700));
    assert_true(throttle.share == 0.5);
    assert_true(throttle_limited(&throttle, 1500, 1800));
    assert_true(throttle.share == 0.25);
}

static void share_grows_by_a_step_a_minute_and_never_above_one(void **state)
{
    (void)state;
    struct throttle throttle = fresh();
    throttle_limited(&throttle, 0, 0);
    int64_t full_ms = 0;
    for (int64_t ms = 1000; ms <= 3600000; ms += 1000) {
        throttle_good(&throttle, 1000, ms);
        assert_true(throttle.share <= 1);
        full_ms = throttle.share == 1 && full_ms == 0 ? ms : full_ms;
    }
    assert_in_range(full_ms, 10 * 60000, 11 * 60000); /* from a half in steps of a twentieth */
}

static void share_grows_once_in_a_window_that_is_longer(void **state)
{
    (void)state;
    struct throttle throttle = fresh();
    throttle_limited(&throttle, 0, 0);
    throttle_good(&throttle, 600000, 599999);
    assert_true(throttle.share == 0.5);
    throttle_good(&throttle, 600000, 600000);
    assert_true(throttle.share == 0.55);
}

static void limits_meanwhile_put_the_growth_off(void **state)
{
    (void)state;
    struct throttle throttle = fresh();
    throttle_limited(&throttle, 0, 100);
    throttle_limited(&throttle, 50, 50000);
    throttle_good(&throttle, 1000, 60100);
    assert_true(throttle.share == 0.5);
    throttle_good(&throttle, 1000, 110000);
    assert_true(throttle.share == 0.55);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(limit_halves_the_share_down_to_a_floor),
        cmocka_unit_test(calls_that_went_out_before_the_cut_are_one_event),
        cmocka_unit_test(share_grows_by_a_step_a_minute_and_never_above_one),
        cmocka_unit_test(share_grows_once_in_a_window_that_is_longer),
        cmocka_unit_test(limits_meanwhile_put_the_growth_off),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
