/*
 * The planner over 48 hours with a weekend, a holiday and an early close: calls, slots and quotes are what an independent count
 * of the slots says.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cli/plan_run.h"
#include "planner_bench.h"

#define HOUR_S INT64_C(3600)
/** Days in UTC. */
#define THANKSGIVING_S INT64_C(1764201600) /* Thu 2025-11-27; the day after closes at 13:00 in New York, which is 18:00 here */
#define SUNDAY_S INT64_C(1765065600)       /* 2025-12-07 */
/** Later than any jitter. */
#define JITTER_S 15

static const char yaml[] =
    "providers:\n"
    "  yahoo: { base_url: 'http://127.0.0.1:1', calls_per_window: 1000, window_seconds: 1, max_in_flight: 64 }\n"
    "  kraken: { base_url: 'http://127.0.0.1:1', calls_per_window: 1000, window_seconds: 1, max_in_flight: 64 }\n"
    "  cboe: { base_url: 'http://127.0.0.1:1', calls_per_window: 1000, window_seconds: 1, max_in_flight: 64 }\n"
    "ingest: { market_hours: true }\n"
    "assets:\n"
    "  equity:AAPL: { symbols: { yahoo: AAPL, cboe: AAPL } }\n"
    "  equity:KO: { symbols: { yahoo: KO, cboe: KO } }\n"
    "  crypto:BTC: { symbols: { yahoo: BTC-USD, kraken: XBTUSD } }\n"
    "  fx:EURUSD: { symbols: { yahoo: 'EURUSD=X' } }\n"
    "jobs:\n"
    "  crypto: { provider: kraken, endpoint: ticker, every_s: 120 }\n"
    "  stocks: { provider: yahoo, endpoint: spark, every_s: 300, classes: [equity] }\n"
    "  fx: { provider: yahoo, endpoint: spark, every_s: 300, classes: [fx] }\n"
    "  coins: { provider: yahoo, endpoint: spark, every_s: 120, classes: [crypto] }\n"
    "  delayed: { provider: cboe, endpoint: quote, every_s: 900, closed_every_s: 0, settle_s: 1200 }\n"
    "  history: { provider: yahoo, endpoint: history, every_s: 86400, offset_s: 81000, closed_every_s: 0, classes: [equity] }\n";

/** Sessions of New York and of the currency market that lie near the days of the tests, in UTC. */
static const struct session {
    int64_t open_s, close_s;
} new_york[] = {{1764167400, 1764190800},      /* Wed 2025-11-26 14:30 to 21:00 */
                {1764340200, 1764352800},      /* Fri 2025-11-28 14:30 to 18:00 */
                {1764945000, 1764968400},      /* Fri 2025-12-05 14:30 to 21:00 */
                {1765204200, 1765227600}},     /* Mon 2025-12-08 14:30 to 21:00 */
    currencies[] = {{1763935200, 1764367200},  /* Sun 2025-11-23 22:00 to Fri 28 22:00 */
                    {1764540000, 1764972000},  /* Sun 2025-11-30 22:00 to Fri 2025-12-05 22:00 */
                    {1765144800, 1765576800}}; /* Sun 2025-12-07 22:00 to Fri 12 22:00 */

/** Whether a slot at `slot_s` of a job serves a market. */
static bool serves(const struct session *sessions, size_t count, int64_t slot_s, int64_t every_s, int64_t closed_s,
                   int64_t settle_s)
{
    bool served = closed_s > 0 && slot_s % closed_s == 0;
    for (size_t i = 0; i < count; i++) {
        bool open = slot_s >= sessions[i].open_s && slot_s < sessions[i].close_s;
        bool just_closed = slot_s >= sessions[i].close_s && slot_s - every_s - settle_s < sessions[i].close_s;
        served = served || open || just_closed;
    }
    return served;
}

/** Slots of the tests' jobs, counted one by one. */
struct expected {
    int64_t stocks, fx, coins, delayed, history, yahoo_calls;
};

static struct expected count_slots(int64_t start_s, int64_t end_s)
{
    struct expected expected = {.history = 1}; /* the newest slot before the start is caught up */
    for (int64_t s = start_s; s < end_s; s += 60) {
        bool first = s == start_s;
        bool stocks = s % 300 == 0 && (first || serves(new_york, 4, s, 300, HOUR_S, 300));
        bool fx = s % 300 == 0 && (first || serves(currencies, 3, s, 300, HOUR_S, 300));
        bool coins = s % 120 == 0;
        expected.stocks += stocks;
        expected.fx += fx;
        expected.coins += coins;
        expected.yahoo_calls += stocks || fx || coins; /* they share a call */
        expected.delayed += s % 900 == 0 && (first || serves(new_york, 4, s, 900, 0, 1200));
        expected.history += s % 86400 == 81000 && serves(new_york, 4, s, 86400, 0, 300);
    }
    expected.yahoo_calls += 2 * expected.history;
    return expected;
}

/** The planner's number of a job. */
static const struct plan_job *job_of(const struct planner *planner, const struct plan_run *run, const char *name)
{
    for (size_t i = 0; i < planner_jobs(planner); i++) {
        struct job_view view;
        planner_job_view(planner, i, &view);
        if (strcmp(view.settings->name, name) == 0) {
            return &run->jobs[i];
        }
    }
    fail_msg("no job %s", name);
    return NULL;
}

/** Runs 48 hours from a day on and compares. */
static void run_days(int64_t start_s, int64_t least_stocks, int64_t most_stocks)
{
    struct plan_run run;
    const struct expected expected = count_slots(start_s, start_s + 48 * HOUR_S);
    struct bench bench = bench_new(yaml);
    bench.now.wall_us = (start_s + JITTER_S) * US_PER_S;
    plan_run(&run, bench.planner, &bench.now, 48 * HOUR_S - JITTER_S);
    const struct planner *planner = bench.planner;
    assert_in_range(expected.stocks, least_stocks, most_stocks);
    assert_int_equal(job_of(planner, &run, "crypto")->slots, 48 * 30);
    assert_int_equal(job_of(planner, &run, "crypto")->quotes, 48 * 30);
    assert_int_equal(job_of(planner, &run, "stocks")->slots, expected.stocks);
    assert_int_equal(job_of(planner, &run, "stocks")->quotes, 2 * expected.stocks);
    assert_int_equal(job_of(planner, &run, "fx")->slots, expected.fx);
    assert_int_equal(job_of(planner, &run, "coins")->slots, expected.coins);
    assert_int_equal(job_of(planner, &run, "delayed")->slots, expected.delayed);
    assert_int_equal(job_of(planner, &run, "history")->slots, expected.history);
    assert_int_equal(run.lanes[0].calls, 48 * 30);
    assert_int_equal(run.lanes[1].calls, expected.yahoo_calls);
    assert_int_equal(run.lanes[2].calls, 2 * expected.delayed);
    assert_null(run.lanes[1].why);
    plan_run_clear(&run);
    bench_free(&bench);
}

static void holiday_and_early_close_have_the_slots_of_the_calendar(void **state)
{
    (void)state;
    run_days(THANKSGIVING_S, 24 + 64, 24 + 64);
}

static void weekend_has_a_slot_an_hour_for_what_is_closed(void **state)
{
    (void)state;
    run_days(SUNDAY_S - 86400, 48, 48);
}

static void monday_has_the_slots_of_a_trading_day(void **state)
{
    (void)state;
    run_days(SUNDAY_S, 24 + 17 + 80 - 1, 24 + 17 + 80 + 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(holiday_and_early_close_have_the_slots_of_the_calendar),
        cmocka_unit_test(weekend_has_a_slot_an_hour_for_what_is_closed),
        cmocka_unit_test(monday_has_the_slots_of_a_trading_day),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
