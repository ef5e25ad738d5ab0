#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "ingest/quota.h"

/** 2026-01-31T23:00:00Z. */
#define LAST_HOUR_OF_JANUARY_US (INT64_C(1769900400) * US_PER_S)

/** A quota with no limit but those that a test sets. */
static struct quota quota_of(struct provider_settings settings)
{
    struct quota quota;
    settings.window_seconds = settings.window_seconds > 0 ? settings.window_seconds : 1;
    settings.reset_period_seconds = settings.reset_period_seconds > 0 ? settings.reset_period_seconds : 1;
    quota_init(&quota, &settings);
    return quota;
}

/** A point in time: both clocks run from the same start. */
static const struct moment *at(int64_t ms)
{
    static struct moment moment;
    moment = (struct moment){.wall_us = LAST_HOUR_OF_JANUARY_US + ms * US_PER_MS, .mono_ms = ms};
    return &moment;
}

static int64_t wait_at(const struct quota *quota, int64_t ms)
{
    return quota_wait_ms(quota, at(ms));
}

/** A call that goes out and ends. */
static void call(struct quota *quota, int64_t start_ms, int64_t end_ms)
{
    const struct quota_ticket ticket = quota_take(quota, at(start_ms));
    quota_settle(quota, &ticket, at(end_ms));
}

static void quota_without_limits_never_waits(void **state)
{
    (void)state;
    struct quota quota = quota_of((struct provider_settings){0});
    for (int i = 0; i < 1000; i++) {
        assert_int_equal(wait_at(&quota, 5), 0);
        call(&quota, 5, 5);
    }
    quota_clear(&quota);
}

static void quota_waits_until_the_window_has_room(void **state)
{
    (void)state;
    struct quota quota = quota_of((struct provider_settings){.calls_per_window = 2, .window_seconds = 10});
    call(&quota, 1000, 1000);
    call(&quota, 4000, 4000);
    assert_int_equal(wait_at(&quota, 5000), 6000);
    assert_int_equal(wait_at(&quota, 10999), 1);
    assert_int_equal(wait_at(&quota, 11000), 0);
    call(&quota, 11000, 11000);
    assert_int_equal(wait_at(&quota, 11000), 3000);
    quota_clear(&quota);
}

static void call_counts_in_the_window_from_its_end(void **state)
{
    (void)state;
    struct quota quota = quota_of((struct provider_settings){.calls_per_window = 1, .window_seconds = 10});
    const struct quota_ticket ticket = quota_take(&quota, at(1000));
    assert_int_equal(wait_at(&quota, 20000), QUOTA_WAIT_RESULT);
    quota_settle(&quota, &ticket, at(20000));
    assert_int_equal(wait_at(&quota, 20000), 10000);
    quota_clear(&quota);
}

static void quota_keeps_the_pause_between_two_calls(void **state)
{
    (void)state;
    struct quota quota = quota_of((struct provider_settings){.batch_delay_seconds = 0.5});
    assert_int_equal(wait_at(&quota, 0), 0);
    call(&quota, 0, 100);
    assert_int_equal(wait_at(&quota, 499), 1);
    assert_int_equal(wait_at(&quota, 500), 0);
    quota_clear(&quota);
}

static void period_has_no_more_calls_than_allowed_wherever_it_begins(void **state)
{
    (void)state;
    struct quota quota = quota_of((struct provider_settings){.max_calls = 2, .reset_period_seconds = 100});
    call(&quota, 7000, 7000);
    assert_int_equal(wait_at(&quota, 50000), 0);
    call(&quota, 50000, 50500);
    assert_int_equal(quota_used(&quota, at(50500)), 2);
    assert_int_equal(wait_at(&quota, 106999), 1);
    assert_int_equal(wait_at(&quota, 107000), 0);
    assert_int_equal(quota_used(&quota, at(107000)), 1);
    call(&quota, 107000, 107000);
    assert_int_equal(wait_at(&quota, 150000), 500);
    assert_int_equal(quota_used(&quota, at(150499)), 2);
    assert_int_equal(quota_used(&quota, at(150500)), 1);
    quota_clear(&quota);
}

static void period_waits_for_the_end_of_a_call_that_outlives_it(void **state)
{
    (void)state;
    struct quota quota = quota_of((struct provider_settings){.max_calls = 1, .reset_period_seconds = 10});
    const struct quota_ticket ticket = quota_take(&quota, at(0));
    assert_int_equal(wait_at(&quota, 15000), QUOTA_WAIT_RESULT);
    quota_settle(&quota, &ticket, at(15000));
    assert_int_equal(wait_at(&quota, 15000), 10000);
    quota_clear(&quota);
}

static void month_ends_where_the_calendar_says_so(void **state)
{
    (void)state;
    struct quota quota = quota_of((struct provider_settings){.max_calls_per_month = 2});
    call(&quota, 0, 10);
    assert_int_equal(wait_at(&quota, 1000), 0);
    call(&quota, 1000, 1010);
    assert_int_equal(quota_month_used(&quota, at(2000)), 2);
    assert_int_equal(wait_at(&quota, 2000), 3600000 - 2000);
    assert_int_equal(wait_at(&quota, 3600000), 0);
    assert_int_equal(quota_month_used(&quota, at(3600000)), 0);
    quota_clear(&quota);
}

static void call_over_the_end_of_a_month_counts_in_both(void **state)
{
    (void)state;
    struct quota quota = quota_of((struct provider_settings){.max_calls_per_month = 2});
    call(&quota, 3599990, 3600010);
    assert_int_equal(quota_month_used(&quota, at(3599999)), 0);
    assert_int_equal(quota_month_used(&quota, at(3600010)), 1);
    quota_clear(&quota);
}

static void pause_is_never_shortened(void **state)
{
    (void)state;
    struct quota quota = quota_of((struct provider_settings){0});
    quota_pause(&quota, 5000);
    quota_pause(&quota, 3000);
    assert_int_equal(wait_at(&quota, 4999), 1);
    assert_int_equal(wait_at(&quota, 5000), 0);
    quota_clear(&quota);
}

static void strictest_limit_decides(void **state)
{
    (void)state;
    struct quota quota = quota_of((struct provider_settings){
        .max_calls = 1, .reset_period_seconds = 60, .calls_per_window = 1, .window_seconds = 5, .batch_delay_seconds = 2});
    call(&quota, 0, 0);
    assert_int_equal(wait_at(&quota, 0), 60000);
    quota_pause(&quota, 90000);
    assert_int_equal(wait_at(&quota, 0), 90000);
    quota_clear(&quota);
}

static void share_thins_the_window_and_then_stretches_it(void **state)
{
    (void)state;
    struct quota quota = quota_of((struct provider_settings){.calls_per_window = 4, .window_seconds = 10});
    for (int i = 0; i < 4; i++) {
        call(&quota, i * 1000, i * 1000);
    }
    assert_int_equal(wait_at(&quota, 3000), 7000);
    quota.share = 0.5; /* two in ten seconds: the last but one was at 2000 */
    assert_int_equal(wait_at(&quota, 3000), 9000);
    quota.share = 0.125; /* half a call in ten seconds: one in twenty */
    assert_int_equal(wait_at(&quota, 3000), 20000);
    quota_clear(&quota);
}

static void refunded_call_was_never_made(void **state)
{
    (void)state;
    struct quota quota = quota_of((struct provider_settings){
        .calls_per_window = 1, .window_seconds = 10, .max_calls = 1, .reset_period_seconds = 100, .max_calls_per_month = 1});
    const struct quota_ticket ticket = quota_take(&quota, at(0));
    quota_refund(&quota, &ticket);
    assert_int_equal(wait_at(&quota, 0), 0);
    assert_int_equal(quota_used(&quota, at(0)), 0);
    assert_int_equal(quota_month_used(&quota, at(0)), 0);
    quota_clear(&quota);
}

static void next_owner_waits_as_the_last_one_would_have(void **state)
{
    (void)state;
    struct provider_settings settings = {
        .calls_per_window = 3, .window_seconds = 60, .max_calls = 5, .reset_period_seconds = 1000, .max_calls_per_month = 100};
    struct quota quota = quota_of(settings);
    struct quota next = quota_of(settings);
    struct lane_state kept = {0};
    for (int i = 0; i < 4; i++) {
        call(&quota, i * 30000, i * 30000);
    }
    quota_pause(&quota, 95000);
    quota_export(&quota, at(91000), &kept);
    struct moment later = *at(91000);
    later.mono_ms = 5; /* another machine */
    quota_import(&next, &kept, &later);
    assert_int_equal(quota_wait_ms(&next, &later), wait_at(&quota, 91000));
    assert_int_equal(quota_used(&next, &later), 4);
    assert_int_equal(quota_month_used(&next, &later), 4);
    lane_state_clear(&kept);
    quota_clear(&quota);
    quota_clear(&next);
}

static void call_in_flight_counts_as_made_at_the_takeover(void **state)
{
    (void)state;
    struct provider_settings settings = {
        .calls_per_window = 1, .window_seconds = 60, .max_calls = 3, .reset_period_seconds = 1000};
    struct quota quota = quota_of(settings);
    struct quota next = quota_of(settings);
    struct lane_state kept = {0};
    quota_take(&quota, at(0));
    quota_export(&quota, at(10), &kept);
    assert_int_equal(kept.in_flight, 1);
    assert_int_equal(kept.window_count, 0);
    quota_import(&next, &kept, at(30000));
    assert_int_equal(quota_wait_ms(&next, at(30000)), 60000);
    assert_int_equal(quota_used(&next, at(30000)), 1);
    assert_int_equal(quota_month_used(&next, at(30000)), 1);
    lane_state_clear(&kept);
    quota_clear(&quota);
    quota_clear(&next);
}

static void long_log_is_thinned_on_the_safe_side(void **state)
{
    (void)state;
    struct provider_settings settings = {.calls_per_window = 1000, .window_seconds = 60};
    struct quota quota = quota_of(settings);
    struct quota next = quota_of(settings);
    struct lane_state kept = {0};
    for (int i = 0; i < 1000; i++) {
        call(&quota, i * 10, i * 10);
    }
    quota_export(&quota, at(10000), &kept);
    assert_in_range(kept.window_count, 32, LANE_RUNS_MAX);
    quota_import(&next, &kept, at(10000));
    int64_t exact_ms = wait_at(&quota, 10000);
    assert_in_range(quota_wait_ms(&next, at(10000)), exact_ms, exact_ms + 10 * 1000 / 32);
    lane_state_clear(&kept);
    quota_clear(&quota);
    quota_clear(&next);
}

static void other_limits_keep_what_was_called(void **state)
{
    (void)state;
    struct quota old = quota_of((struct provider_settings){.calls_per_window = 3, .window_seconds = 10});
    struct quota quota;
    const struct provider_settings wider = {.calls_per_window = 5, .window_seconds = 10, .reset_period_seconds = 1};
    call(&old, 0, 0);
    call(&old, 1000, 1000);
    struct quota_ticket ticket = quota_take(&old, at(2000));
    quota_move(&quota, &wider, &old);
    quota_move_ticket(&quota, &old, &ticket);
    quota_settle(&quota, &ticket, at(3000));
    for (int i = 0; i < 2; i++) {
        call(&quota, 4000, 4000);
    }
    assert_int_equal(wait_at(&quota, 4000), 6000);
    call(&quota, 10000, 10000);
    assert_int_equal(wait_at(&quota, 10000), 1000);
    call(&quota, 11000, 11000);
    assert_int_equal(wait_at(&quota, 11000), 2000); /* the call in flight ended at 3000 */
    quota_clear(&old);
    quota_clear(&quota);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(quota_without_limits_never_waits),
        cmocka_unit_test(quota_waits_until_the_window_has_room),
        cmocka_unit_test(call_counts_in_the_window_from_its_end),
        cmocka_unit_test(quota_keeps_the_pause_between_two_calls),
        cmocka_unit_test(period_has_no_more_calls_than_allowed_wherever_it_begins),
        cmocka_unit_test(period_waits_for_the_end_of_a_call_that_outlives_it),
        cmocka_unit_test(month_ends_where_the_calendar_says_so),
        cmocka_unit_test(call_over_the_end_of_a_month_counts_in_both),
        cmocka_unit_test(pause_is_never_shortened),
        cmocka_unit_test(strictest_limit_decides),
        cmocka_unit_test(share_thins_the_window_and_then_stretches_it),
        cmocka_unit_test(refunded_call_was_never_made),
        cmocka_unit_test(next_owner_waits_as_the_last_one_would_have),
        cmocka_unit_test(call_in_flight_counts_as_made_at_the_takeover),
        cmocka_unit_test(long_log_is_thinned_on_the_safe_side),
        cmocka_unit_test(other_limits_keep_what_was_called),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
