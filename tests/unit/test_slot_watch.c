#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "ingest/slot_watch.h"

static void slots_between_two_are_missed(void **state)
{
    (void)state;
    struct slot_watch watch = {0};
    assert_int_equal(slot_watch_note(&watch, STR("a"), 1000, 10).slots, 0);
    assert_int_equal(slot_watch_note(&watch, STR("a"), 1010, 10).slots, 0);
    const struct slot_gap gap = slot_watch_note(&watch, STR("a"), 1050, 10);
    assert_int_equal(gap.slots, 3);
    assert_int_equal(gap.from_us, 1020);
    assert_int_equal(gap.to_us, 1040);
    assert_int_equal(slot_watch_note(&watch, STR("a"), 1050, 10).slots, 0);
    slot_watch_clear(&watch);
}

static void jobs_are_watched_by_themselves(void **state)
{
    (void)state;
    struct slot_watch watch = {0};
    slot_watch_note(&watch, STR("a"), 1000, 10);
    assert_int_equal(slot_watch_note(&watch, STR("ab"), 2000, 10).slots, 0);
    assert_int_equal(slot_watch_note(&watch, STR("a"), 1020, 10).slots, 1);
    slot_watch_clear(&watch);
    assert_int_equal(slot_watch_note(&watch, STR("a"), 5000, 10).slots, 0);
    slot_watch_clear(&watch);
}

static void clock_that_stepped_back_misses_nothing(void **state)
{
    (void)state;
    struct slot_watch watch = {0};
    slot_watch_note(&watch, STR("a"), 1000, 10);
    assert_int_equal(slot_watch_note(&watch, STR("a"), 900, 10).slots, 0);
    assert_int_equal(slot_watch_note(&watch, STR("a"), 930, 0).slots, 0);
    slot_watch_clear(&watch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(slots_between_two_are_missed),
        cmocka_unit_test(jobs_are_watched_by_themselves),
        cmocka_unit_test(clock_that_stepped_back_misses_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
