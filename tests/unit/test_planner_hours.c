/*
 * The planner over simulated hours and days: what it does is counted by other means than its own.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ingest/schedule.h"
#include "planner_bench.h"

/** Limits of a random provider, and when its calls went out. */
struct limits {
    int64_t max_calls, calls_per_window, window_s, period_s, delay_ms, in_flight;
    int64_t starts[200000];
    size_t count;
};

/** A call that ends at a time. */
struct pending {
    struct call *call;
    int64_t ends_ms;
};

static int64_t pick(uint64_t *random, int64_t low, int64_t high)
{
    return low + (int64_t)(random_next(random) % (uint64_t)(high - low + 1));
}

/** Checks the log of starts against each limit by counting, without the planner's own means. */
static void check_limits(const struct limits *limits)
{
    int64_t period_start = limits->count > 0 ? limits->starts[0] : 0;
    int64_t in_period = 0;
    for (size_t i = 0; i < limits->count; i++) {
        size_t behind = i + (size_t)limits->calls_per_window;
        if (behind < limits->count) {
            assert_true(limits->starts[behind] - limits->starts[i] >= limits->window_s * 1000);
        }
        if (i > 0) {
            assert_true(limits->starts[i] - limits->starts[i - 1] >= limits->delay_ms);
        }
        if (limits->starts[i] - period_start >= limits->period_s * 1000) {
            period_start = limits->starts[i];
            in_period = 0;
        }
        in_period++;
        assert_true(limits->max_calls == 0 || in_period <= limits->max_calls);
    }
}

/** Ends the calls whose time has come, in a random way. */
static void end_calls(struct bench *bench, struct pending *pending, size_t *count, uint64_t *random)
{
    static const enum outcome outcomes[] = {OUTCOME_OK,      OUTCOME_OK,      OUTCOME_OK,
                                            OUTCOME_TIMEOUT, OUTCOME_LIMITED, OUTCOME_BLOCKED};
    for (size_t i = 0; i < *count;) {
        if (pending[i].ends_ms > bench->now.mono_ms) {
            i++;
            continue;
        }
        struct call *call = pending[i].call;
        pending[i] = pending[--*count];
        if (pick(random, 0, 9) == 0) {
            done_without(bench, call, 0);
        } else {
            done(bench, call, outcomes[pick(random, 0, 5)]);
        }
    }
}

/** One random provider over two hours; every start is logged. */
static void run_hours(uint64_t seed, struct limits *limits)
{
    struct pending pending[64];
    size_t count = 0;
    uint64_t random = seed;
    *limits = (struct limits){.max_calls = pick(&random, 0, 1) ? pick(&random, 1, 300) : 0,
                              .calls_per_window = pick(&random, 1, 30),
                              .window_s = pick(&random, 1, 60),
                              .period_s = pick(&random, 600, 7200),
                              .delay_ms = pick(&random, 0, 2000),
                              .in_flight = pick(&random, 1, 8)};
    struct buf yaml = {0};
    buf_printf(&yaml,
               "providers:\n  yahoo: { base_url: 'http://127.0.0.1:1', max_calls: %d, calls_per_window: %d, window_seconds: %d,"
               " reset_period_seconds: %d, batch_delay_seconds: %.3f, max_in_flight: %d }\n"
               "jobs:\n  fast: { provider: yahoo, endpoint: spark, every_s: %d }\n"
               "  slow: { provider: yahoo, endpoint: chart, every_s: 600 }\n" TWO_ASSETS,
               (int)limits->max_calls, (int)limits->calls_per_window, (int)limits->window_s, (int)limits->period_s,
               (double)limits->delay_ms / 1000, (int)limits->in_flight, (int)pick(&random, 1, 20));
    buf_append(&yaml, "", 1);
    struct bench bench = bench_new((const char *)yaml.data);
    buf_clear(&yaml);
    int64_t end_ms = bench.now.mono_ms + 2 * 3600 * 1000;
    while (bench.now.mono_ms < end_ms) {
        struct call *call;
        end_calls(&bench, pending, &count, &random);
        tick(&bench);
        while ((call = next(&bench)) != NULL) {
            assert_true(call->attempt <= 3);
            assert_true((int64_t)count < limits->in_flight);
            limits->starts[limits->count++] = bench.now.mono_ms;
            pending[count++] = (struct pending){.call = call, .ends_ms = bench.now.mono_ms + pick(&random, 1, 3000)};
        }
        int64_t wait_ms = planner_wait_ms(bench.planner, &bench.now);
        advance(&bench, wait_ms > 100 ? 100 : wait_ms < 1 ? 1 : wait_ms);
    }
    for (size_t i = 0; i < count; i++) {
        call_free(pending[i].call);
    }
    bench_free(&bench);
}

static void calls_never_exceed_a_limit_whatever_the_seed(void **state)
{
    (void)state;
    static struct limits limits;
    size_t total = 0;
    for (uint64_t seed = 1; seed <= 60; seed++) {
        run_hours(seed, &limits);
        check_limits(&limits);
        assert_true(limits.count > 0);
        total += limits.count;
    }
    assert_true(total > 10000);
}

static void each_slot_is_served_once_over_two_days(void **state)
{
    (void)state;
    struct bench bench = bench_new(YAHOO TWO_ASSETS "jobs:\n  a: { provider: yahoo, endpoint: spark, every_s: 120 }\n"
                                                    "  b: { provider: yahoo, endpoint: chart, every_s: 3600 }\n");
    int64_t calls[2] = {0};
    int64_t end_ms = bench.now.mono_ms + 48 * 3600 * 1000;
    while (bench.now.mono_ms < end_ms) {
        struct call *call;
        tick(&bench);
        while ((call = next(&bench)) != NULL) {
            calls[call->endpoint->batch_max == 1]++;
            done(&bench, call, OUTCOME_OK);
        }
        int64_t wait_ms = planner_wait_ms(bench.planner, &bench.now);
        assert_true(wait_ms > 0);
        advance(&bench, wait_ms);
    }
    /* One more at most: the slot that was under way at the start. */
    assert_in_range(calls[0], 48 * 30, 48 * 30 + 1);
    assert_in_range(calls[1], 48 * 2, 48 * 2 + 2);
    bench_free(&bench);
}

static void missed_slots_are_caught_up_once(void **state)
{
    (void)state;
    struct bench bench = bench_new(YAHOO TWO_ASSETS SPARK_JOB);
    tick(&bench);
    done(&bench, next(&bench), OUTCOME_OK);
    advance(&bench, 10 * 60000);
    tick(&bench);
    done(&bench, next(&bench), OUTCOME_OK);
    tick(&bench);
    assert_null(next(&bench));
    bench_free(&bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(calls_never_exceed_a_limit_whatever_the_seed),
        cmocka_unit_test(each_slot_is_served_once_over_two_days),
        cmocka_unit_test(missed_slots_are_caught_up_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
