#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "ingest/schedule.h"

#define NOW_US (INT64_C(1770000000) * US_PER_S)

/** A schedule of slots `every_s` apart. */
static struct schedule every(int64_t every_s, uint64_t seed)
{
    struct schedule schedule;
    const struct schedule_rule rule = {.every_us = every_s * US_PER_S, .closed_every_us = 3600 * US_PER_S};
    schedule_init(&schedule, &rule, schedule_jitter_us("job", rule.every_us, seed));
    return schedule;
}

static bool take(struct schedule *schedule, int64_t now_us)
{
    struct schedule_slot slot;
    return schedule_take(schedule, now_us, &slot);
}

static void first_look_is_due_at_once(void **state)
{
    struct schedule schedule = every(60, 1);
    (void)state;
    assert_int_equal(schedule_wait_us(&schedule, NOW_US), 0);
    assert_true(take(&schedule, NOW_US));
    assert_false(take(&schedule, NOW_US));
}

static void slot_begins_at_its_microsecond(void **state)
{
    struct schedule schedule = every(60, 1);
    (void)state;
    assert_true(take(&schedule, NOW_US));
    int64_t wait_us = schedule_wait_us(&schedule, NOW_US);
    assert_true(wait_us > 0 && wait_us <= 60 * US_PER_S);
    assert_int_equal((NOW_US + wait_us - schedule.jitter_us) % (60 * US_PER_S), 0);
    assert_false(take(&schedule, NOW_US + wait_us - 1));
    assert_true(take(&schedule, NOW_US + wait_us));
    assert_int_equal(schedule_wait_us(&schedule, NOW_US + wait_us), 60 * US_PER_S);
}

static void missed_slots_are_taken_once(void **state)
{
    struct schedule schedule = every(60, 1);
    (void)state;
    assert_true(take(&schedule, NOW_US));
    assert_true(take(&schedule, NOW_US + 600 * US_PER_S));
    assert_false(take(&schedule, NOW_US + 600 * US_PER_S));
}

static void clock_that_steps_back_a_little_repeats_no_slot(void **state)
{
    struct schedule schedule = every(60, 1);
    (void)state;
    assert_true(take(&schedule, NOW_US));
    assert_false(take(&schedule, NOW_US - 60 * US_PER_S));
    assert_true(take(&schedule, NOW_US - 3600 * US_PER_S)); /* set right after a wrong start: do not wait an hour */
}

static void jitter_is_at_most_a_tenth_and_ten_seconds_and_the_same_for_a_seed(void **state)
{
    (void)state;
    bool differ = false;
    for (uint64_t seed = 1; seed <= 200; seed++) {
        int64_t minute_us = schedule_jitter_us("one", 60 * US_PER_S, seed);
        int64_t day_us = schedule_jitter_us("two", US_PER_DAY, seed);
        assert_in_range(minute_us, 0, 6 * US_PER_S);
        assert_in_range(day_us, 0, 10 * US_PER_S);
        assert_int_equal(minute_us, schedule_jitter_us("one", 60 * US_PER_S, seed));
        differ = differ || minute_us != day_us;
    }
    assert_true(differ);
}

static void random_numbers_are_those_of_splitmix64(void **state)
{
    uint64_t random = 1234567;
    (void)state;
    assert_true(random_next(&random) == UINT64_C(6457827717110365317));
    assert_true(random_next(&random) == UINT64_C(3203168211198807973));
}

static void backoff_doubles_up_to_its_bound(void **state)
{
    static const int64_t most_ms[] = {500, 1000, 2000, 4000, 5000, 5000};
    uint64_t random = 1;
    (void)state;
    for (int64_t attempt = 1; attempt <= 6; attempt++) {
        int64_t least = INT64_MAX;
        int64_t most = 0;
        for (int i = 0; i < 2000; i++) {
            int64_t wait_ms = backoff_ms(500, 5000, attempt, &random);
            least = wait_ms < least ? wait_ms : least;
            most = wait_ms > most ? wait_ms : most;
        }
        assert_in_range(most, most_ms[attempt - 1] * 9 / 10, most_ms[attempt - 1]);
        assert_in_range(least, 0, most_ms[attempt - 1] / 10);
    }
    assert_in_range(backoff_ms(500, INT64_MAX / 4, 1000000, &random), 0, INT64_MAX / 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(first_look_is_due_at_once),
        cmocka_unit_test(slot_begins_at_its_microsecond),
        cmocka_unit_test(missed_slots_are_taken_once),
        cmocka_unit_test(clock_that_steps_back_a_little_repeats_no_slot),
        cmocka_unit_test(jitter_is_at_most_a_tenth_and_ten_seconds_and_the_same_for_a_seed),
        cmocka_unit_test(random_numbers_are_those_of_splitmix64),
        cmocka_unit_test(backoff_doubles_up_to_its_bound),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
