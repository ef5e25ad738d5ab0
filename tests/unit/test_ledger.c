#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ingest/ledger.h"

#define SLOT_US INT64_C(1700000000000000)

static const struct endpoint endpoint = {.name = "spark", .batch_max = 10};
static const struct call_slot slot = {"prices", SLOT_US};

/** A call for some assets, ended by NULL; freed by the caller. */
static struct call *call_for(const char *const *assets)
{
    size_t count = 0;
    while (assets[count] != NULL) {
        count++;
    }
    struct call *call = call_new(&endpoint, 0, count);
    for (size_t i = 0; i < count; i++) {
        call->assets[i].asset = assets[i];
    }
    return call;
}

/** Begins a call for some assets in the slot. */
static bool begin(struct ledger_lane *lane, const char *id, const char *const *assets)
{
    struct call *call = call_for(assets);
    bool repeats = ledger_begin(lane, call, &slot, 1, id, SLOT_US + 5);
    call_free(call);
    return repeats;
}

/** A state in which the slot still has open assets. */
static struct lane_state open_slot(void)
{
    static struct lane_range range = {0, 3};
    static struct lane_job job;
    job = (struct lane_job){.job = STR("prices"), .slot_us = SLOT_US, .assets_hash = 77, .open = &range, .open_count = 1};
    return (struct lane_state){.lane = STR("yahoo"), .jobs = &job, .job_count = 1};
}

/** What another instance reads of what `from` writes: through the bytes of the record. Returns how many calls are left out. */
static size_t hand_over(struct ledger_lane *from, const struct lane_state *state, struct ledger_lane *to, struct lane_state *read)
{
    struct arena arena = {0};
    struct buf bytes = {0};
    struct error error = {0};
    struct ledger_entry entry;
    const struct ledger_call **left_out;
    ledger_write(from, state, "a", SLOT_US + 9, &arena, &entry);
    ledger_entry_encode(&entry, &bytes);
    if (!ledger_entry_decode(buf_str(&bytes), &arena, &entry, &error)) {
        fail_msg("%s", error.message);
    }
    size_t count = ledger_read(to, &entry, read, &arena, &left_out);
    buf_clear(&bytes);
    arena_clear(&arena);
    return count;
}

static void whole_state_survives_the_way_through_the_record(void **state)
{
    (void)state;
    struct lane_run runs[] = {{100, 2}, {200, 1}};
    struct lane_symbol unknown[] = {{STR("equity:X"), STR("X"), {0}}, {STR("equity:Y"), STR("Y"), SOME_LONG(5)}};
    struct lane_validator validator = {STR("k"), SOME_STR(STR("\"e\"")), {0}, SOME_LONG(7)};
    struct lane_state before = open_slot();
    struct lane_state after = {0};
    struct ledger_lane one = {0}, two = {0};
    before.window = runs, before.window_count = 2;
    before.period = runs + 1, before.period_count = 1;
    before.month = 24286, before.month_used = 9, before.in_flight = 3;
    before.last_call_us = 11, before.paused_until_us = 12, before.pace = SOME_DOUBLE(0.5), before.pace_changed_us = 13;
    before.failures_in_row = 4, before.breaker_opens = 2, before.breaker_until_us = 14;
    before.unknown = unknown, before.unknown_count = 2, before.inactive = unknown, before.inactive_count = 1;
    before.validators = &validator, before.validator_count = 1;
    assert_int_equal(hand_over(&one, &before, &two, &after), 0);
    assert_true(str_is(after.lane, "yahoo"));
    assert_int_equal(after.saved_at_us, SLOT_US + 9);
    assert_int_equal(after.window_count, 2);
    assert_memory_equal(after.window, runs, sizeof runs);
    assert_int_equal(after.period_count, 1);
    assert_memory_equal(after.period, runs + 1, sizeof runs[1]);
    assert_int_equal(after.month, 24286);
    assert_int_equal(after.month_used, 9);
    assert_int_equal(after.in_flight, 3);
    assert_int_equal(after.last_call_us, 11);
    assert_int_equal(after.paused_until_us, 12);
    assert_true(after.pace.set && after.pace.value == 0.5);
    assert_int_equal(after.pace_changed_us, 13);
    assert_int_equal(after.failures_in_row, 4);
    assert_int_equal(after.breaker_opens, 2);
    assert_int_equal(after.breaker_until_us, 14);
    assert_int_equal(after.job_count, 1);
    assert_true(str_is(after.jobs[0].job, "prices"));
    assert_int_equal(after.jobs[0].slot_us, SLOT_US);
    assert_int_equal(after.jobs[0].assets_hash, 77);
    assert_int_equal(after.jobs[0].open_count, 1);
    assert_int_equal(after.jobs[0].open[0].count, 3);
    assert_int_equal(after.unknown_count, 2);
    assert_false(after.unknown[0].until_us.set);
    assert_int_equal(after.unknown[1].until_us.value, 5);
    assert_int_equal(after.inactive_count, 1);
    assert_int_equal(after.validator_count, 1);
    assert_true(str_is(after.validators[0].etag.value, "\"e\""));
    assert_false(after.validators[0].last_modified.set);
    lane_state_clear(&after);
    ledger_clear(&one);
    ledger_clear(&two);
}

static void call_that_ended_is_not_handed_over(void **state)
{
    (void)state;
    struct lane_state open = open_slot(), read = {0};
    struct ledger_lane one = {0}, two = {0};
    assert_false(begin(&one, "id1", (const char *const[]){"equity:A", NULL}));
    assert_false(begin(&one, "id2", (const char *const[]){"equity:B", NULL}));
    ledger_end(&one, "id1");
    ledger_end(&one, "nobody");
    assert_int_equal(one.count, 1);
    hand_over(&one, &open, &two, &read);
    assert_int_equal(two.count, 1);
    assert_string_equal(two.open[0]->request_id, "id2");
    assert_true(two.open[0]->call.interrupted);
    lane_state_clear(&read);
    ledger_clear(&one);
    ledger_clear(&two);
}

static void interrupted_call_is_repeated_once_and_then_left_out(void **state)
{
    (void)state;
    struct lane_state open = open_slot(), read = {0};
    struct ledger_lane one = {0}, two = {0}, three = {0};
    begin(&one, "id1", (const char *const[]){"equity:A", "equity:B", NULL});
    assert_int_equal(hand_over(&one, &open, &two, &read), 0);
    assert_true(begin(&two, "id2", (const char *const[]){"equity:B", "equity:A", NULL}));
    assert_int_equal(two.count, 1); /* the interrupted one is repeated by it */
    assert_int_equal(hand_over(&two, &open, &three, &read), 1);
    assert_int_equal(three.count, 0);
    lane_state_clear(&read);
    ledger_clear(&one);
    ledger_clear(&two);
    ledger_clear(&three);
}

static void interruption_is_remembered_until_every_asset_was_asked_for_again(void **state)
{
    (void)state;
    struct lane_state open = open_slot(), read = {0};
    struct ledger_lane one = {0}, two = {0}, three = {0};
    begin(&one, "id1", (const char *const[]){"equity:A", "equity:B", NULL});
    hand_over(&one, &open, &two, &read);
    assert_true(begin(&two, "id2", (const char *const[]){"equity:A", NULL}));
    ledger_end(&two, "id2");
    assert_int_equal(hand_over(&two, &open, &three, &read), 0); /* B waits still */
    assert_false(begin(&three, "id3", (const char *const[]){"equity:A", NULL}));
    assert_true(begin(&three, "id4", (const char *const[]){"equity:B", NULL}));
    lane_state_clear(&read);
    ledger_clear(&one);
    ledger_clear(&two);
    ledger_clear(&three);
}

static void call_of_another_slot_is_no_repetition(void **state)
{
    (void)state;
    const struct call_slot next = {"prices", SLOT_US + 1}, other = {"details", SLOT_US};
    struct lane_state open = open_slot(), read = {0};
    struct ledger_lane one = {0}, two = {0};
    struct call *call = call_for((const char *const[]){"equity:A", NULL});
    begin(&one, "id1", (const char *const[]){"equity:A", NULL});
    hand_over(&one, &open, &two, &read);
    assert_false(ledger_begin(&two, call, &next, 1, "id2", 0));
    assert_false(ledger_begin(&two, call, &other, 1, "id3", 0));
    assert_true(ledger_begin(&two, call, &slot, 1, "id4", 0));
    call_free(call);
    lane_state_clear(&read);
    ledger_clear(&one);
    ledger_clear(&two);
}

static void interrupted_call_of_a_slot_that_is_over_is_forgotten(void **state)
{
    (void)state;
    struct lane_state open = open_slot(), read = {0};
    struct ledger_lane one = {0}, two = {0}, three = {0};
    begin(&one, "id1", (const char *const[]){"equity:A", NULL});
    hand_over(&one, &open, &two, &read);
    assert_int_equal(two.count, 1);
    open.jobs[0].slot_us += 1;
    hand_over(&two, &open, &three, &read);
    assert_int_equal(two.count, 0);
    assert_int_equal(three.count, 0);
    lane_state_clear(&read);
    ledger_clear(&one);
    ledger_clear(&two);
    ledger_clear(&three);
}

static void question_is_not_repeated(void **state)
{
    (void)state;
    struct lane_state open = open_slot(), read = {0};
    struct ledger_lane one = {0}, two = {0};
    struct call *call = call_for((const char *const[]){"equity:A", NULL});
    assert_false(ledger_begin(&one, call, NULL, 0, "id1", 0));
    assert_int_equal(hand_over(&one, &open, &two, &read), 0);
    assert_int_equal(two.count, 0);
    call_free(call);
    lane_state_clear(&read);
    ledger_clear(&one);
    ledger_clear(&two);
}

static void interrupted_calls_are_bounded(void **state)
{
    (void)state;
    struct lane_state open = open_slot(), read = {0};
    struct ledger_lane one = {0}, two = {0};
    for (int i = 0; i < LEDGER_INTERRUPTED_MAX + 10; i++) {
        begin(&one, "id", (const char *const[]){"equity:A", NULL});
    }
    hand_over(&one, &open, &two, &read);
    assert_int_equal(two.count, LEDGER_INTERRUPTED_MAX);
    lane_state_clear(&read);
    ledger_clear(&one);
    ledger_clear(&two);
}

/** Leaves places out one after the other. */
static void leave_out(struct lane_state *state, struct lane_job *job, int64_t first, int64_t last)
{
    for (int64_t place = first; place <= last; place++) {
        ledger_leave_out(state, job, place);
    }
}

static void place_that_is_left_out_splits_its_range(void **state)
{
    (void)state;
    struct lane_state lane = {0};
    struct lane_range ranges[] = {{0, 5}, {10, 2}};
    struct lane_job job = {.open = ranges, .open_count = 2};
    leave_out(&lane, &job, 2, 2);
    assert_int_equal(job.open_count, 3);
    assert_memory_equal(job.open, ((struct lane_range[]){{0, 2}, {3, 2}, {10, 2}}), 3 * sizeof ranges[0]);
    leave_out(&lane, &job, 0, 1);
    leave_out(&lane, &job, 11, 11);
    leave_out(&lane, &job, 77, 77);
    leave_out(&lane, &job, -1, -1);
    assert_memory_equal(job.open, ((struct lane_range[]){{3, 2}, {10, 1}}), 2 * sizeof ranges[0]);
    leave_out(&lane, &job, 3, 10);
    assert_int_equal(job.open_count, 0);
    lane_state_clear(&lane);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole_state_survives_the_way_through_the_record),
        cmocka_unit_test(call_that_ended_is_not_handed_over),
        cmocka_unit_test(interrupted_call_is_repeated_once_and_then_left_out),
        cmocka_unit_test(interruption_is_remembered_until_every_asset_was_asked_for_again),
        cmocka_unit_test(call_of_another_slot_is_no_repetition),
        cmocka_unit_test(interrupted_call_of_a_slot_that_is_over_is_forgotten),
        cmocka_unit_test(question_is_not_repeated),
        cmocka_unit_test(interrupted_calls_are_bounded),
        cmocka_unit_test(place_that_is_left_out_splits_its_range),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
