#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ingest/quota.h"

/** A quota with no limit but those that a test sets. */
static struct quota quota_of(struct provider_settings settings)
{
    struct quota quota;
    settings.window_seconds = settings.window_seconds > 0 ? settings.window_seconds : 1;
    settings.reset_period_seconds = settings.reset_period_seconds > 0 ? settings.reset_period_seconds : 1;
    quota_init(&quota, &settings);
    return quota;
}

static void quota_without_limits_never_waits(void **state)
{
    (void)state;
    struct quota quota = quota_of((struct provider_settings){0});
    for (int i = 0; i < 1000; i++) {
        assert_int_equal(quota_wait_ms(&quota, 5), 0);
        quota_take(&quota, 5);
    }
    quota_clear(&quota);
}

static void quota_waits_until_the_window_has_room(void **state)
{
    (void)state;
    struct quota quota = quota_of((struct provider_settings){.calls_per_window = 2, .window_seconds = 10});
    quota_take(&quota, 1000);
    quota_take(&quota, 4000);
    assert_int_equal(quota_wait_ms(&quota, 5000), 6000);
    assert_int_equal(quota_wait_ms(&quota, 10999), 1);
    assert_int_equal(quota_wait_ms(&quota, 11000), 0);
    quota_take(&quota, 11000);
    assert_int_equal(quota_wait_ms(&quota, 11000), 3000);
    quota_clear(&quota);
}

static void quota_keeps_the_pause_between_two_calls(void **state)
{
    (void)state;
    struct quota quota = quota_of((struct provider_settings){.batch_delay_seconds = 0.5});
    assert_int_equal(quota_wait_ms(&quota, 0), 0);
    quota_take(&quota, 0);
    assert_int_equal(quota_wait_ms(&quota, 499), 1);
    assert_int_equal(quota_wait_ms(&quota, 500), 0);
    quota_clear(&quota);
}

static void quota_of_a_period_is_counted_from_its_first_call(void **state)
{
    (void)state;
    struct quota quota = quota_of((struct provider_settings){.max_calls = 2, .reset_period_seconds = 100});
    quota_take(&quota, 7000);
    assert_int_equal(quota_wait_ms(&quota, 50000), 0);
    quota_take(&quota, 50000);
    assert_int_equal(quota_used(&quota, 50000), 2);
    assert_int_equal(quota_wait_ms(&quota, 106999), 1);
    assert_int_equal(quota_wait_ms(&quota, 107000), 0);
    assert_int_equal(quota_used(&quota, 107000), 0);
    quota_take(&quota, 150000);
    assert_int_equal(quota_used(&quota, 150000), 1);
    assert_int_equal(quota_used(&quota, 249999), 1);
    assert_int_equal(quota_used(&quota, 250000), 0);
    quota_clear(&quota);
}

static void pause_is_never_shortened(void **state)
{
    (void)state;
    struct quota quota = quota_of((struct provider_settings){0});
    quota_pause(&quota, 5000);
    quota_pause(&quota, 3000);
    assert_int_equal(quota_wait_ms(&quota, 4999), 1);
    assert_int_equal(quota_wait_ms(&quota, 5000), 0);
    quota_clear(&quota);
}

static void strictest_limit_decides(void **state)
{
    (void)state;
    struct quota quota = quota_of((struct provider_settings){
        .max_calls = 1, .reset_period_seconds = 60, .calls_per_window = 1, .window_seconds = 5, .batch_delay_seconds = 2});
    quota_take(&quota, 0);
    assert_int_equal(quota_wait_ms(&quota, 0), 60000);
    quota_pause(&quota, 90000);
    assert_int_equal(quota_wait_ms(&quota, 0), 90000);
    quota_clear(&quota);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(quota_without_limits_never_waits),
        cmocka_unit_test(quota_waits_until_the_window_has_room),
        cmocka_unit_test(quota_keeps_the_pause_between_two_calls),
        cmocka_unit_test(quota_of_a_period_is_counted_from_its_first_call),
        cmocka_unit_test(pause_is_never_shortened),
        cmocka_unit_test(strictest_limit_decides),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
