#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <libpq-fe.h>
#include <string.h>

#include "base/clock.h"
#include "persist/jobs/aggregate_row.h"
#include "persist/jobs/assets.h"
#include "persist/jobs/schedule.h"
#include "persist/jobs/table.h"

/** 2026-01-02T00:00:00Z, the begin of a day. */
#define MIDNIGHT_US INT64_C(1767312000000000)
#define HOUR_S 3600
#define HOUR_US (HOUR_S * US_PER_S)

static void daily_slots_begin_at_midnight_utc(void **state)
{
    (void)state;
    assert_int_equal(slot_at(MIDNIGHT_US, 86400), MIDNIGHT_US);
    assert_int_equal(slot_at(MIDNIGHT_US + US_PER_DAY - 1, 86400), MIDNIGHT_US);
    assert_int_equal(slot_at(MIDNIGHT_US - 1, 86400), MIDNIGHT_US - US_PER_DAY);
    assert_int_equal(slot_at(-1, 86400), -US_PER_DAY);
}

static void job_that_never_ran_has_the_newest_slot_only(void **state)
{
    (void)state;
    const struct slots due = slots_due((struct opt_long){0}, MIDNIGHT_US + 5, HOUR_S, 10);
    assert_true(due.any);
    assert_int_equal(due.first_us, MIDNIGHT_US);
    assert_int_equal(due.last_us, MIDNIGHT_US);
}

static void slot_that_was_worked_off_is_not_due_again(void **state)
{
    (void)state;
    assert_false(slots_due(SOME_LONG(MIDNIGHT_US), MIDNIGHT_US + HOUR_US - 1, HOUR_S, 10).any);
    assert_true(slots_due(SOME_LONG(MIDNIGHT_US), MIDNIGHT_US + HOUR_US, HOUR_S, 10).any);
}

static void missed_slots_are_due_from_the_oldest_on(void **state)
{
    (void)state;
    const struct slots due = slots_due(SOME_LONG(MIDNIGHT_US), MIDNIGHT_US + 3 * HOUR_US + 7, HOUR_S, 10);
    assert_true(due.any);
    assert_int_equal(due.first_us, MIDNIGHT_US + HOUR_US);
    assert_int_equal(due.last_us, MIDNIGHT_US + 3 * HOUR_US);
}

static void no_more_missed_slots_are_due_than_a_job_takes(void **state)
{
    (void)state;
    const struct slots two = slots_due(SOME_LONG(0), MIDNIGHT_US, HOUR_S, 2);
    assert_int_equal(two.first_us, MIDNIGHT_US - HOUR_US);
    const struct slots one = slots_due(SOME_LONG(0), MIDNIGHT_US, HOUR_S, 1);
    assert_int_equal(one.first_us, MIDNIGHT_US);
    assert_int_equal(one.last_us, MIDNIGHT_US);
}

static void clock_that_was_set_back_makes_nothing_due(void **state)
{
    (void)state;
    assert_false(slots_due(SOME_LONG(MIDNIGHT_US), MIDNIGHT_US - 5 * HOUR_US, HOUR_S, 10).any);
}

static void interval_that_was_changed_takes_its_own_slots(void **state)
{
    (void)state;
    const struct slots due = slots_due(SOME_LONG(MIDNIGHT_US + HOUR_US / 2), MIDNIGHT_US + 2 * HOUR_US, HOUR_S, 10);
    assert_int_equal(due.first_us, MIDNIGHT_US + HOUR_US);
    assert_int_equal(due.last_us, MIDNIGHT_US + 2 * HOUR_US);
}

static void every_job_has_a_name_of_its_own_and_takes_a_slot(void **state)
{
    (void)state;
    for (size_t i = 0; jobs_table[i]; i++) {
        assert_true(jobs_table[i]->catch_up_max >= 1);
        assert_non_null(jobs_table[i]->run);
        for (size_t k = 0; k < i; k++)
            assert_string_not_equal(jobs_table[i]->name, jobs_table[k]->name);
    }
}

static void texts_of_an_array_are_quoted(void **state)
{
    (void)state;
    struct buf literal = {0};
    buf_append_str(&literal, STR("{"));
    array_put_text(&literal, "a,b");
    array_put_text(&literal, "");
    array_put_text(&literal, "say \"x\\y\"");
    assert_true(str_is(buf_str(&literal), "{\"a,b\",\"\",\"say \\\"x\\\\y\\\"\""));
    buf_clear(&literal);
}

/** A result with one row as PostgreSQL gives it for AGGREGATE_COLUMNS; null columns are NULL. */
static PGresult *result_of(const char *const *values, int count)
{
    PGresult *result = PQmakeEmptyPGresult(NULL, PGRES_TUPLES_OK);
    static char name[] = "c";
    PGresAttDesc columns[16] = {0};
    assert_non_null(result);
    for (int i = 0; i < count; i++)
        columns[i].name = name;
    assert_true(PQsetResultAttrs(result, count, columns));
    for (int i = 0; i < count; i++)
        assert_true(PQsetvalue(result, 0, i, (char *)values[i], values[i] ? (int)strlen(values[i]) : -1));
    return result;
}

static void stored_aggregate_becomes_the_record_with_the_same_numbers(void **state)
{
    (void)state;
    const char *const values[] = {"crypto",
                                  "defi",
                                  "2026-01-02 00:30:00+00",
                                  "1767313800000000",
                                  "1767312000000000",
                                  "3",
                                  "2",
                                  "1",
                                  "0",
                                  "0.30000000000000004",
                                  NULL,
                                  "-1.5",
                                  "1e+21",
                                  NULL,
                                  "[{\"asset\": \"crypto:UNI\", \"price\": 7, \"currency\": \"USD\", \"change_pct\": -4.25},"
                                  " {\"asset\": \"crypto:AAVE\", \"price\": 0.1, \"currency\": \"USD\", \"change_pct\": 1e-7}]"};
    struct arena arena = {0};
    struct error error = {0};
    struct market_aggregate aggregate;
    PGresult *result = result_of(values, 15);
    assert_true(aggregate_of_row(result, 0, &arena, &aggregate, &error));
    assert_true(str_is(aggregate.class, "crypto") && str_is(aggregate.sector, "defi"));
    assert_int_equal(aggregate.window_end_us - aggregate.window_start_us, 1800 * US_PER_S);
    assert_int_equal(aggregate.up + aggregate.down + aggregate.unchanged, aggregate.assets);
    assert_true(aggregate.change_pct.value == 0.1 + 0.2 && aggregate.volume_usd.value == 1e21);
    assert_false(aggregate.change_cap_weighted_pct.set || aggregate.market_cap_usd.set);
    assert_int_equal(aggregate.movers_count, 2);
    assert_true(str_is(aggregate.movers[0].asset, "crypto:UNI") && aggregate.movers[0].price == 7);
    assert_true(aggregate.movers[1].change_pct == 1e-7);
    PQclear(result);
    arena_clear(&arena);
}

static void movers_that_are_no_list_of_them_are_an_error(void **state)
{
    (void)state;
    static const char *const broken[] = {"{}", "[1]", "[{\"asset\": \"crypto:UNI\"}]", "[", ""};
    for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++) {
        const char *const values[] = {"fx", "", "t", "1", "0", "0", "0", "0", "0", NULL, NULL, NULL, NULL, NULL, broken[i]};
        struct arena arena = {0};
        struct error error = {0};
        struct market_aggregate aggregate;
        PGresult *result = result_of(values, 15);
        assert_false(aggregate_of_row(result, 0, &arena, &aggregate, &error));
        assert_int_equal(error.code, ERROR_FATAL);
        PQclear(result);
        arena_clear(&arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(daily_slots_begin_at_midnight_utc),
        cmocka_unit_test(job_that_never_ran_has_the_newest_slot_only),
        cmocka_unit_test(slot_that_was_worked_off_is_not_due_again),
        cmocka_unit_test(missed_slots_are_due_from_the_oldest_on),
        cmocka_unit_test(no_more_missed_slots_are_due_than_a_job_takes),
        cmocka_unit_test(clock_that_was_set_back_makes_nothing_due),
        cmocka_unit_test(interval_that_was_changed_takes_its_own_slots),
        cmocka_unit_test(every_job_has_a_name_of_its_own_and_takes_a_slot),
        cmocka_unit_test(texts_of_an_array_are_quoted),
        cmocka_unit_test(stored_aggregate_becomes_the_record_with_the_same_numbers),
        cmocka_unit_test(movers_that_are_no_list_of_them_are_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
