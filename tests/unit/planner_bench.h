/*
 * A planner with a configuration and a clock of its own, for unit tests.
 */
#ifndef QUOTEBUS_TESTS_PLANNER_BENCH_H
#define QUOTEBUS_TESTS_PLANNER_BENCH_H

#include "base/clock.h"
#include "ingest/planner.h"
#include "temp_config.h"

/** A Tuesday. */
#define START_US (INT64_C(1770000000) * US_PER_S)

#define YAHOO                                                                                                                    \
    "providers:\n  yahoo: { base_url: 'http://127.0.0.1:1', calls_per_window: 1000, window_seconds: 1,"                          \
    " reset_period_seconds: 86400, batch_delay_seconds: 0, max_in_flight: 64 }\n"
#define TWO_ASSETS                                                                                                               \
    "assets:\n  equity:AAPL: { symbols: { yahoo: AAPL } }\n  equity:HES: { symbols: { yahoo: HES } }\n"                          \
    "ingest: { retry_base_ms: 500, retry_max_ms: 4000, retry_attempts: 3 }\n"
#define SPARK_JOB "jobs:\n  prices: { provider: yahoo, endpoint: spark, every_s: 60 }\n"

/** A planner with its clock. */
struct bench {
    struct config *config;
    struct planner *planner;
    struct moment now;
    struct call_verdict verdict;
};

static inline struct bench bench_new(const char *yaml)
{
    struct error error = {0};
    struct bench bench = {.config = temp_config(yaml), .now = {.wall_us = START_US, .mono_ms = 1000}};
    bench.planner = planner_new(bench.config, 1, &error);
    assert_string_equal(error.message, "");
    assert_non_null(bench.planner);
    return bench;
}

static inline void bench_free(struct bench *bench)
{
    planner_free(bench->planner);
    config_free(bench->config);
}

static inline void advance(struct bench *bench, int64_t ms)
{
    bench->now.wall_us += ms * US_PER_MS;
    bench->now.mono_ms += ms;
}

static inline size_t tick(struct bench *bench)
{
    return planner_tick(bench->planner, &bench->now);
}

static inline struct call *next(struct bench *bench)
{
    return planner_next(bench->planner, &bench->now);
}

/** Ends a call with an outcome and nothing else. */
static inline void done(struct bench *bench, struct call *call, enum outcome outcome)
{
    const struct call_result result = {.outcome = outcome};
    planner_done(bench->planner, call, &result, &bench->now, &bench->verdict);
}

/** Ends a call with a good answer that lacks asset number `missing`. */
static inline void done_without(struct bench *bench, struct call *call, size_t missing)
{
    const struct request_asset *absent[] = {&call->assets[missing]};
    const struct call_result result = {.outcome = OUTCOME_OK, .missing = absent, .missing_count = 1};
    planner_done(bench->planner, call, &result, &bench->now, &bench->verdict);
}

#endif
