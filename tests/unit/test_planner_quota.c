/*
 * What goes first, what is saved, what is left out and when a provider is left alone.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ingest/minute.h"
#include "planner_bench.h"

#define LIMITED_YAHOO(limits) "providers:\n  yahoo: { base_url: 'http://127.0.0.1:1', " limits " }\n"
#define SIX_COINS                                                                                                                \
    "providers:\n  kraken: { base_url: 'http://127.0.0.1:1', calls_per_window: 1000, window_seconds: 1, max_in_flight: 64 }\n"   \
    "assets:\n  crypto:A: { symbols: { kraken: AUSD } }\n  crypto:B: { symbols: { kraken: BUSD } }\n"                            \
    "  crypto:C: { symbols: { kraken: CUSD } }\n  crypto:D: { symbols: { kraken: DUSD } }\n"                                     \
    "  crypto:E: { symbols: { kraken: EUSD } }\n  crypto:F: { symbols: { kraken: FUSD } }\n"

static void jobs_that_fall_due_together_share_a_call(void **state)
{
    (void)state;
    struct bench bench =
        bench_new(YAHOO TWO_ASSETS "jobs:\n"
                                   "  a: { provider: yahoo, endpoint: spark, every_s: 60, assets: ['equity:AAPL'] }\n"
                                   "  b: { provider: yahoo, endpoint: spark, every_s: 120 }\n");
    struct call_slot slots[4];
    tick(&bench);
    struct call *call = next(&bench);
    assert_int_equal(call->asset_count, 2); /* the asset that both are about stands in it once */
    assert_int_equal(planner_call_slots(bench.planner, call, slots, 4), 2);
    assert_null(next(&bench));
    done(&bench, call, OUTCOME_OK);
    size_t sizes[3] = {0};
    for (int minute = 0; minute < 10; minute++) {
        advance(&bench, 60000);
        assert_int_equal(tick(&bench), 0);
        call = next(&bench);
        sizes[call->asset_count]++;
        done(&bench, call, OUTCOME_OK);
        assert_null(next(&bench));
    }
    assert_int_equal(sizes[1], 5);
    assert_int_equal(sizes[2], 5);
    bench_free(&bench);
}

static void prices_go_before_history(void **state)
{
    (void)state;
    struct bench bench = bench_new(LIMITED_YAHOO("calls_per_window: 1, window_seconds: 10") TWO_ASSETS
                                   "jobs:\n  past: { provider: yahoo, endpoint: history, every_s: 3600 }\n"
                                   "  prices: { provider: yahoo, endpoint: spark, every_s: 3600 }\n");
    static const char *const order[] = {"spark", "history", "history"};
    tick(&bench);
    for (size_t i = 0; i < 3; i++) {
        struct call *call = next(&bench);
        assert_string_equal(call->endpoint->name, order[i]);
        done(&bench, call, OUTCOME_OK);
        assert_null(next(&bench));
        advance(&bench, 10000);
    }
    bench_free(&bench);
}

/** Runs a day; counts calls for prices and for history. */
static void count_day(struct bench *bench, int64_t *prices, int64_t *past)
{
    int64_t end_ms = bench->now.mono_ms + INT64_C(86400000);
    *prices = *past = 0;
    while (bench->now.mono_ms < end_ms) {
        struct call *call;
        tick(bench);
        while ((call = next(bench)) != NULL) {
            *(strcmp(call->endpoint->name, "history") == 0 ? past : prices) += 1;
            done(bench, call, OUTCOME_OK);
        }
        int64_t wait_ms = planner_wait_ms(bench->planner, &bench->now);
        advance(bench, wait_ms < 1 ? 1 : wait_ms);
    }
}

static void history_leaves_prices_the_quota_they_will_need(void **state)
{
    int64_t prices;
    int64_t past;
    (void)state;
    struct bench bench = bench_new(LIMITED_YAHOO("max_calls: 30, reset_period_seconds: 86400, calls_per_window: 1000") TWO_ASSETS
                                   "jobs:\n  past: { provider: yahoo, endpoint: history, every_s: 600 }\n"
                                   "  prices: { provider: yahoo, endpoint: spark, every_s: 3600 }\n");
    count_day(&bench, &prices, &past);
    assert_in_range(prices, 24, 25); /* every slot, though history asks for 288 calls */
    assert_in_range(past, 4, 6);     /* and history has what is left */
    bench_free(&bench);
}

static void history_leaves_prices_the_month_as_well(void **state)
{
    struct lane_view view;
    (void)state;
    struct bench bench = bench_new(LIMITED_YAHOO("max_calls_per_month: 1000, calls_per_window: 1000") TWO_ASSETS
                                   "jobs:\n  past: { provider: yahoo, endpoint: history, every_s: 600 }\n"
                                   "  prices: { provider: yahoo, endpoint: spark, every_s: 60 }\n");
    int64_t prices = 0;
    for (int minute = 0; minute < 120; minute++) {
        struct call *call;
        tick(&bench);
        while ((call = next(&bench)) != NULL) {
            assert_string_equal(call->endpoint->name, "spark"); /* a month of prices needs more than there is */
            prices++;
            done(&bench, call, OUTCOME_OK);
        }
        advance(&bench, 60000);
    }
    planner_view(bench.planner, 0, &bench.now, &view);
    assert_true(view.saving);
    assert_int_equal(prices, 120);
    assert_int_equal(view.month_used, 120);
    bench_free(&bench);
}

static void rotation_asks_about_each_asset_in_its_turn(void **state)
{
    (void)state;
    struct bench bench =
        bench_new(YAHOO TWO_ASSETS "jobs:\n  one: { provider: yahoo, endpoint: chart, every_s: 600, rotate: true }\n");
    const char *last = "";
    for (int slot = 0; slot < 10; slot++) {
        tick(&bench);
        struct call *call = next(&bench);
        assert_int_equal(call->asset_count, 1);
        assert_string_not_equal(call->assets[0].asset, last);
        last = call->assets[0].asset;
        done(&bench, call, OUTCOME_OK);
        assert_null(next(&bench));
        advance(&bench, 600000);
    }
    bench_free(&bench);
}

/** Answers a batch as Kraken does: all of it is refused when one symbol is not known. */
static void answer_like_kraken(struct bench *bench, struct call *call, const char *unknown)
{
    bool has = false;
    for (size_t i = 0; i < call->asset_count; i++) {
        has = has || strcmp(call->assets[i].asset, unknown) == 0;
    }
    done(bench, call, has ? OUTCOME_UNKNOWN_SYMBOL : OUTCOME_OK);
}

static void batch_with_an_unknown_symbol_is_halved_until_it_is_found(void **state)
{
    (void)state;
    struct bench bench = bench_new(SIX_COINS "jobs:\n  prices: { provider: kraken, endpoint: ticker, every_s: 60 }\n");
    struct call *call;
    size_t calls = 0;
    size_t told = 0;
    tick(&bench);
    while ((call = next(&bench)) != NULL) {
        calls++;
        answer_like_kraken(&bench, call, "crypto:E");
        told += bench.verdict.unknown != NULL ? 1 : 0;
        if (bench.verdict.unknown != NULL) {
            assert_string_equal(bench.verdict.unknown, "crypto:E");
        }
    }
    assert_in_range(calls, 5, 7); /* 6, then twice the logarithm */
    assert_int_equal(told, 1);
    advance(&bench, 60000);
    assert_int_equal(tick(&bench), 0);
    call = next(&bench);
    assert_int_equal(call->asset_count, 5);
    done(&bench, call, OUTCOME_OK);
    bench_free(&bench);
}

static void provider_that_knows_nothing_is_not_asked_without_end(void **state)
{
    size_t calls = 0;
    (void)state;
    struct bench bench = bench_new(SIX_COINS "jobs:\n  prices: { provider: kraken, endpoint: ticker, every_s: 1 }\n");
    for (int second = 0; second < 1800; second++) {
        struct call *call;
        tick(&bench);
        while ((call = next(&bench)) != NULL) {
            calls++;
            done(&bench, call, OUTCOME_UNKNOWN_SYMBOL);
        }
        advance(&bench, 1000);
    }
    assert_int_equal(calls, 11); /* a batch of six in halves down to single ones, once a day */
    bench_free(&bench);
}

static void provider_that_fails_is_left_alone_and_probed(void **state)
{
    struct lane_view view;
    size_t calls = 0;
    (void)state;
    struct bench bench = bench_new(YAHOO TWO_ASSETS SPARK_JOB);
    bool opened = false;
    for (int second = 0; second < 1800; second++) {
        struct call *call;
        tick(&bench);
        while ((call = next(&bench)) != NULL) {
            calls++;
            done(&bench, call, OUTCOME_UNREACHABLE);
            opened = opened || bench.verdict.breaker_opened;
        }
        advance(&bench, 1000);
    }
    planner_view(bench.planner, 0, &bench.now, &view);
    assert_true(opened);
    assert_int_not_equal(view.breaker, BREAKER_CLOSED);
    assert_in_range(calls, 8, 20); /* without a breaker it would be 90 */
    advance(&bench, 1800000);
    tick(&bench);
    struct call *probe = next(&bench);
    assert_null(next(&bench));
    done(&bench, probe, OUTCOME_OK);
    assert_true(bench.verdict.breaker_closed);
    bench_free(&bench);
}

static void too_many_halves_the_rate_and_good_answers_give_it_back(void **state)
{
    struct lane_view view;
    (void)state;
    struct bench bench = bench_new(YAHOO TWO_ASSETS SPARK_JOB);
    tick(&bench);
    done(&bench, next(&bench), OUTCOME_LIMITED);
    assert_true(bench.verdict.share.set && bench.verdict.share.value == 0.5);
    for (int minute = 0; minute < 12; minute++) {
        struct call *call;
        advance(&bench, 60000);
        tick(&bench);
        while ((call = next(&bench)) != NULL) {
            done(&bench, call, OUTCOME_OK);
        }
    }
    planner_view(bench.planner, 0, &bench.now, &view);
    assert_true(view.share == 1);
    bench_free(&bench);
}

static void call_that_was_put_back_comes_again_and_is_not_counted(void **state)
{
    struct lane_view view;
    (void)state;
    struct bench bench = bench_new(YAHOO TWO_ASSETS SPARK_JOB);
    tick(&bench);
    struct call *call = next(&bench);
    planner_put_back(bench.planner, call, &bench.now);
    planner_view(bench.planner, 0, &bench.now, &view);
    assert_int_equal(view.quota_used, 0);
    assert_int_equal(view.in_flight, 0);
    assert_ptr_equal(next(&bench), call);
    done(&bench, call, OUTCOME_OK);
    bench_free(&bench);
}

static void minute_of_a_lane_tells_what_it_did(void **state)
{
    struct lane_minute minute;
    (void)state;
    struct bench bench = bench_new(YAHOO TWO_ASSETS SPARK_JOB);
    assert_false(planner_minute(bench.planner, 0, &bench.now, &minute)); /* it has just begun */
    tick(&bench);
    done(&bench, next(&bench), OUTCOME_TIMEOUT);
    advance(&bench, bench.verdict.retry_in_ms.value);
    done(&bench, next(&bench), OUTCOME_OK);
    assert_false(planner_minute(bench.planner, 0, &bench.now, &minute));
    advance(&bench, 60000);
    assert_true(planner_minute(bench.planner, 0, &bench.now, &minute));
    assert_int_equal(minute.calls, 2);
    assert_int_equal(minute.failed, 1);
    assert_int_equal(minute.last_failure, OUTCOME_TIMEOUT);
    assert_int_equal(minute.last, OUTCOME_OK);
    advance(&bench, 60000);
    assert_true(planner_minute(bench.planner, 0, &bench.now, &minute));
    assert_int_equal(minute.calls, 0);
    bench_free(&bench);
}

static void health_of_a_minute_names_what_failed_and_is_ok_of_a_lane_without_calls(void **state)
{
    struct arena arena = {0};
    const struct provider_settings settings = {.max_calls = 25};
    const struct lane_view lane = {.name = "yahoo#1", .settings = &settings, .quota_used = 7, .share = 1};
    const struct lane_minute bad = {.calls = 3, .good = 2, .failed = 1, .last_failure = OUTCOME_TIMEOUT};
    const struct lane_minute none = {0};
    (void)state;
    struct health_event event = minute_health("yahoo", &bad, &lane, 5, &arena);
    assert_true(str_is(event.state, "timeout"));
    assert_true(str_is(event.provider, "yahoo"));
    assert_true(str_is(event.endpoint, "minute"));
    assert_true(str_is(event.message, "3 calls in the minute, 2 good, 0 limited, 1 failed"));
    assert_int_equal(event.quota_limit.value, 25);
    event = minute_health("yahoo", &none, &lane, 5, &arena);
    assert_true(str_is(event.state, "ok"));
    arena_clear(&arena);
}

static void shards_share_the_assets_and_the_limits(void **state)
{
    (void)state;
    struct bench bench = bench_new(LIMITED_YAHOO("calls_per_window: 4, window_seconds: 60, shards: 2") TWO_ASSETS SPARK_JOB);
    size_t assets = 0;
    assert_int_equal(planner_lanes(bench.planner), 2);
    assert_string_equal(planner_lane_name(bench.planner, 1), "yahoo#1");
    for (size_t i = 0; i < 2; i++) {
        struct lane_view view;
        struct job_view job;
        planner_view(bench.planner, i, &bench.now, &view);
        planner_job_view(bench.planner, i, &job);
        assert_int_equal(view.settings->calls_per_window, 2);
        assets += job.assets;
    }
    assert_int_equal(assets, 2);
    bench_free(&bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(jobs_that_fall_due_together_share_a_call),
        cmocka_unit_test(prices_go_before_history),
        cmocka_unit_test(history_leaves_prices_the_quota_they_will_need),
        cmocka_unit_test(history_leaves_prices_the_month_as_well),
        cmocka_unit_test(rotation_asks_about_each_asset_in_its_turn),
        cmocka_unit_test(batch_with_an_unknown_symbol_is_halved_until_it_is_found),
        cmocka_unit_test(provider_that_knows_nothing_is_not_asked_without_end),
        cmocka_unit_test(provider_that_fails_is_left_alone_and_probed),
        cmocka_unit_test(too_many_halves_the_rate_and_good_answers_give_it_back),
        cmocka_unit_test(call_that_was_put_back_comes_again_and_is_not_counted),
        cmocka_unit_test(minute_of_a_lane_tells_what_it_did),
        cmocka_unit_test(health_of_a_minute_names_what_failed_and_is_ok_of_a_lane_without_calls),
        cmocka_unit_test(shards_share_the_assets_and_the_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
