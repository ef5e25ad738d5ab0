#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "planner_bench.h"

/** The error of a configuration that loads and cannot be planned. */
static void expect_refused(const char *yaml, const char *part)
{
    struct error error = {0};
    struct config *config = temp_config(yaml);
    assert_null(planner_new(config, 1, &error));
    assert_int_equal(error.code, ERROR_USAGE);
    assert_non_null(strstr(error.message, part));
    config_free(config);
}

static void planner_names_line_and_nearest_word_of_an_unknown_endpoint(void **state)
{
    (void)state;
    expect_refused(YAHOO TWO_ASSETS "jobs:\n  prices: { provider: yahoo, endpoint: sparc, every_s: 60 }\n",
                   ":8: jobs.prices.endpoint: yahoo has no endpoint 'sparc'; did you mean spark?");
}

static void planner_refuses_a_provider_that_has_no_code(void **state)
{
    (void)state;
    expect_refused("providers:\n  yahoa: { base_url: 'http://127.0.0.1:1' }\n"
                   "assets:\n  equity:AAPL: { symbols: { yahoa: AAPL } }\n"
                   "jobs:\n  prices: { provider: yahoa, endpoint: spark, every_s: 60 }\n",
                   ":6: jobs.prices.provider: there is no provider 'yahoa'; did you mean yahoo?");
}

static void planner_refuses_a_symbol_that_makes_no_request(void **state)
{
    (void)state;
    expect_refused("providers:\n  alphavantage: { base_url: 'http://127.0.0.1:1' }\n"
                   "assets:\n  fx:EURUSD: { symbols: { alphavantage: EURUSD } }\n"
                   "jobs:\n  fx: { provider: alphavantage, endpoint: currency_exchange_rate, every_s: 60 }\n",
                   ":6: jobs.fx: 'EURUSD' (fx:EURUSD) is no pair of currencies");
}

static void job_of_a_disabled_provider_is_left_out(void **state)
{
    (void)state;
    struct bench bench =
        bench_new("providers:\n  yahoo: { base_url: 'http://127.0.0.1:1', enabled: false }\n" TWO_ASSETS SPARK_JOB);
    tick(&bench);
    assert_int_equal(planner_jobs(bench.planner), 0);
    assert_null(next(&bench));
    bench_free(&bench);
}

static void job_takes_the_assets_of_its_classes_that_have_a_symbol(void **state)
{
    (void)state;
    struct bench bench =
        bench_new(YAHOO "  coingecko: { base_url: 'http://127.0.0.1:1' }\n"
                        "assets:\n  equity:AAPL: { symbols: { yahoo: AAPL } }\n"
                        "  crypto:BTC: { symbols: { yahoo: BTC-USD, coingecko: bitcoin } }\n"
                        "  crypto:ETH: { symbols: { coingecko: ethereum } }\n"
                        "jobs:\n  prices: { provider: yahoo, endpoint: spark, every_s: 60, classes: [crypto] }\n");
    tick(&bench);
    struct call *call = next(&bench);
    assert_non_null(call);
    assert_int_equal(call->asset_count, 1);
    assert_string_equal(call->assets[0].asset, "crypto:BTC");
    assert_string_equal(call->assets[0].symbol, "BTC-USD");
    assert_null(next(&bench));
    done(&bench, call, OUTCOME_OK);
    bench_free(&bench);
}

/** A configuration of `count` assets in one spark job. */
static char *many_assets(int count, int every_s)
{
    struct buf text = {0};
    buf_append_str(&text, STR(YAHOO "assets:\n"));
    for (int i = 0; i < count; i++) {
        buf_printf(&text, "  equity:A%d: { symbols: { yahoo: A%d } }\n", i, i);
    }
    buf_printf(&text, "jobs:\n  prices: { provider: yahoo, endpoint: spark, every_s: %d }\n", every_s);
    buf_append(&text, "", 1);
    return (char *)text.data;
}

static void slot_is_cut_into_the_fewest_calls(void **state)
{
    (void)state;
    char *yaml = many_assets(41, 60);
    struct bench bench = bench_new(yaml);
    size_t sizes[3] = {20, 20, 1};
    tick(&bench);
    for (size_t i = 0; i < 3; i++) {
        struct call *call = next(&bench);
        assert_non_null(call);
        assert_int_equal(call->asset_count, sizes[i]);
        done(&bench, call, OUTCOME_OK);
    }
    assert_null(next(&bench));
    bench_free(&bench);
    free(yaml);
}

static void assets_that_are_under_way_are_left_out_of_the_next_slot(void **state)
{
    (void)state;
    char *yaml = many_assets(41, 60);
    struct bench bench = bench_new(yaml);
    assert_int_equal(tick(&bench), 0);
    struct call *slow = next(&bench);
    done(&bench, next(&bench), OUTCOME_OK);
    done(&bench, next(&bench), OUTCOME_OK);
    advance(&bench, 60000);
    assert_int_equal(tick(&bench), 1);
    done(&bench, next(&bench), OUTCOME_OK);
    done(&bench, next(&bench), OUTCOME_OK);
    assert_null(next(&bench));
    done(&bench, slow, OUTCOME_OK);
    advance(&bench, 60000);
    assert_int_equal(tick(&bench), 0);
    bench_free(&bench);
    free(yaml);
}

static void failed_call_is_made_again_until_its_attempts_are_used_up(void **state)
{
    (void)state;
    struct bench bench = bench_new(YAHOO TWO_ASSETS SPARK_JOB);
    tick(&bench);
    for (int64_t attempt = 1; attempt <= 3; attempt++) {
        struct call *call = next(&bench);
        assert_non_null(call);
        assert_int_equal(call->attempt, attempt);
        done(&bench, call, OUTCOME_TIMEOUT);
        assert_int_equal(bench.verdict.retry_in_ms.set, attempt < 3);
        assert_int_equal(bench.verdict.gave_up, attempt == 3);
        assert_true(bench.verdict.retry_in_ms.value <= 500 << (attempt - 1));
        advance(&bench, bench.verdict.retry_in_ms.value);
    }
    advance(&bench, 10000);
    assert_null(next(&bench));
    bench_free(&bench);
}

static void retry_waits_for_its_backoff(void **state)
{
    (void)state;
    struct bench bench = bench_new(YAHOO TWO_ASSETS SPARK_JOB);
    tick(&bench);
    done(&bench, next(&bench), OUTCOME_HTTP_ERROR);
    int64_t wait_ms = bench.verdict.retry_in_ms.value;
    assert_true(wait_ms > 1);
    assert_int_equal(planner_wait_ms(bench.planner, &bench.now), wait_ms);
    advance(&bench, wait_ms - 1);
    assert_null(next(&bench));
    advance(&bench, 1);
    struct call *again = next(&bench);
    assert_non_null(again);
    done(&bench, again, OUTCOME_OK);
    bench_free(&bench);
}

static void refusal_is_not_tried_again(void **state)
{
    (void)state;
    static const enum outcome refusals[] = {OUTCOME_BLOCKED, OUTCOME_BAD_KEY, OUTCOME_DEMO_ONLY};
    struct bench bench = bench_new(YAHOO TWO_ASSETS SPARK_JOB);
    for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++) {
        tick(&bench);
        done(&bench, next(&bench), refusals[i]);
        assert_false(bench.verdict.retry_in_ms.set);
        assert_null(next(&bench));
        advance(&bench, 60000);
    }
    bench_free(&bench);
}

/** Ends a call with "too many" and a Retry-After. */
static void done_limited(struct bench *bench, struct call *call, int64_t retry_after_s)
{
    const struct call_result result = {.outcome = OUTCOME_LIMITED, .retry_after_s = SOME_LONG(retry_after_s)};
    planner_done(bench->planner, call, &result, &bench->now, &bench->verdict);
}

static void retry_after_holds_back_the_whole_provider(void **state)
{
    (void)state;
    char *yaml = many_assets(40, 60);
    struct bench bench = bench_new(yaml);
    tick(&bench);
    done_limited(&bench, next(&bench), 30);
    assert_int_equal(bench.verdict.pause_ms.value, 30000);
    assert_null(next(&bench));
    advance(&bench, 29999);
    assert_null(next(&bench));
    advance(&bench, 1);
    for (int i = 0; i < 2; i++) {
        struct call *call = next(&bench);
        assert_non_null(call);
        done(&bench, call, OUTCOME_OK);
    }
    bench_free(&bench);
    free(yaml);
}

static void retry_after_is_believed_for_a_day_at_most(void **state)
{
    (void)state;
    struct bench bench = bench_new(YAHOO TWO_ASSETS SPARK_JOB);
    tick(&bench);
    done_limited(&bench, next(&bench), 86401);
    assert_int_equal(bench.verdict.pause_ms.value, 86400000);
    bench_free(&bench);
}

static void limit_without_retry_after_pauses_longer_each_time(void **state)
{
    (void)state;
    struct bench bench = bench_new(YAHOO TWO_ASSETS SPARK_JOB);
    for (int64_t most_ms = 500; most_ms <= 2000; most_ms *= 2) {
        tick(&bench);
        done(&bench, next(&bench), OUTCOME_LIMITED);
        assert_true(bench.verdict.pause_ms.value >= 500);
        assert_true(bench.verdict.pause_ms.value <= 500 + most_ms);
        assert_null(next(&bench));
        advance(&bench, bench.verdict.pause_ms.value);
    }
    bench_free(&bench);
}

/** Runs the slot's batch without asset 1 and takes the question about it. */
static struct call *question_about_the_second(struct bench *bench)
{
    tick(bench);
    struct call *batch = next(bench);
    assert_int_equal(batch->asset_count, 2);
    done_without(bench, batch, 1);
    assert_int_equal(bench->verdict.questions, 1);
    struct call *question = next(bench);
    assert_non_null(question);
    assert_string_equal(question->endpoint->name, "chart");
    assert_int_equal(question->asset_count, 1);
    assert_string_equal(question->assets[0].asset, "equity:HES");
    return question;
}

static void missing_asset_is_asked_about_once_an_hour(void **state)
{
    (void)state;
    struct bench bench = bench_new(YAHOO TWO_ASSETS SPARK_JOB);
    done(&bench, question_about_the_second(&bench), OUTCOME_OK);
    for (int minute = 1; minute < 60; minute++) {
        advance(&bench, 60000);
        tick(&bench);
        done_without(&bench, next(&bench), 1);
        assert_int_equal(bench.verdict.questions, 0);
        assert_null(next(&bench));
    }
    advance(&bench, 60000);
    done(&bench, question_about_the_second(&bench), OUTCOME_OK);
    bench_free(&bench);
}

static void missing_asset_whose_symbol_is_not_known_is_left_out_for_a_day(void **state)
{
    (void)state;
    struct bench bench = bench_new(YAHOO TWO_ASSETS SPARK_JOB);
    struct lane_view view;
    done(&bench, question_about_the_second(&bench), OUTCOME_UNKNOWN_SYMBOL);
    assert_string_equal(bench.verdict.unknown, "equity:HES");
    planner_view(bench.planner, 0, &bench.now, &view);
    assert_int_equal(view.unknown, 1);
    for (int minute = 1; minute <= 1440; minute++) {
        advance(&bench, 60000);
        tick(&bench);
        struct call *batch = next(&bench);
        assert_int_equal(batch->asset_count, minute < 1440 ? 1 : 2);
        done(&bench, batch, OUTCOME_OK);
    }
    bench_free(&bench);
}

static void question_under_way_is_not_asked_twice(void **state)
{
    (void)state;
    struct bench bench = bench_new(YAHOO TWO_ASSETS SPARK_JOB);
    struct call *question = question_about_the_second(&bench);
    advance(&bench, 60000);
    tick(&bench);
    done_without(&bench, next(&bench), 1);
    assert_int_equal(bench.verdict.questions, 0);
    done(&bench, question, OUTCOME_OK);
    bench_free(&bench);
}

static void question_without_an_answer_is_asked_again_in_the_next_slot(void **state)
{
    (void)state;
    struct bench bench = bench_new(YAHOO TWO_ASSETS SPARK_JOB);
    done(&bench, question_about_the_second(&bench), OUTCOME_TIMEOUT);
    for (int attempt = 2; attempt <= 3; attempt++) {
        advance(&bench, bench.verdict.retry_in_ms.value);
        done(&bench, next(&bench), OUTCOME_TIMEOUT);
    }
    assert_true(bench.verdict.gave_up);
    advance(&bench, 60000);
    done(&bench, question_about_the_second(&bench), OUTCOME_OK);
    bench_free(&bench);
}

static void delisted_asset_is_left_out_from_then_on(void **state)
{
    (void)state;
    struct bench bench = bench_new(YAHOO TWO_ASSETS SPARK_JOB);
    struct lane_view view;
    done(&bench, question_about_the_second(&bench), OUTCOME_DELISTED);
    assert_string_equal(bench.verdict.retired, "equity:HES");
    planner_view(bench.planner, 0, &bench.now, &view);
    assert_int_equal(view.inactive, 1);
    advance(&bench, 60000);
    tick(&bench);
    struct call *batch = next(&bench);
    assert_int_equal(batch->asset_count, 1);
    assert_string_equal(batch->assets[0].asset, "equity:AAPL");
    done(&bench, batch, OUTCOME_OK);
    bench_free(&bench);
}

static void limit_never_makes_an_asset_inactive(void **state)
{
    (void)state;
    struct bench bench = bench_new(YAHOO TWO_ASSETS SPARK_JOB);
    struct lane_view view;
    done_limited(&bench, question_about_the_second(&bench), 1);
    assert_null(bench.verdict.retired);
    planner_view(bench.planner, 0, &bench.now, &view);
    assert_int_equal(view.inactive, 0);
    bench_free(&bench);
}

static void word_about_a_whole_batch_makes_no_asset_inactive(void **state)
{
    (void)state;
    struct bench bench = bench_new(YAHOO TWO_ASSETS SPARK_JOB);
    tick(&bench);
    done(&bench, next(&bench), OUTCOME_DELISTED);
    assert_null(bench.verdict.retired);
    bench_free(&bench);
}

static void calls_in_flight_keep_to_their_bound(void **state)
{
    (void)state;
    struct bench bench =
        bench_new("providers:\n  yahoo: { base_url: 'http://127.0.0.1:1', calls_per_window: 1000, window_seconds: 1,"
                  " reset_period_seconds: 86400, batch_delay_seconds: 0, max_in_flight: 1 }\n"
                  "jobs:\n  prices: { provider: yahoo, endpoint: chart, every_s: 60 }\n" TWO_ASSETS);
    tick(&bench);
    struct call *first = next(&bench);
    assert_non_null(first);
    assert_null(next(&bench));
    done(&bench, first, OUTCOME_OK);
    struct call *second = next(&bench);
    assert_non_null(second);
    done(&bench, second, OUTCOME_OK);
    bench_free(&bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(planner_names_line_and_nearest_word_of_an_unknown_endpoint),
        cmocka_unit_test(planner_refuses_a_provider_that_has_no_code),
        cmocka_unit_test(planner_refuses_a_symbol_that_makes_no_request),
        cmocka_unit_test(job_of_a_disabled_provider_is_left_out),
        cmocka_unit_test(job_takes_the_assets_of_its_classes_that_have_a_symbol),
        cmocka_unit_test(slot_is_cut_into_the_fewest_calls),
        cmocka_unit_test(assets_that_are_under_way_are_left_out_of_the_next_slot),
        cmocka_unit_test(failed_call_is_made_again_until_its_attempts_are_used_up),
        cmocka_unit_test(retry_waits_for_its_backoff),
        cmocka_unit_test(refusal_is_not_tried_again),
        cmocka_unit_test(retry_after_holds_back_the_whole_provider),
        cmocka_unit_test(retry_after_is_believed_for_a_day_at_most),
        cmocka_unit_test(limit_without_retry_after_pauses_longer_each_time),
        cmocka_unit_test(missing_asset_is_asked_about_once_an_hour),
        cmocka_unit_test(missing_asset_whose_symbol_is_not_known_is_left_out_for_a_day),
        cmocka_unit_test(question_under_way_is_not_asked_twice),
        cmocka_unit_test(question_without_an_answer_is_asked_again_in_the_next_slot),
        cmocka_unit_test(delisted_asset_is_left_out_from_then_on),
        cmocka_unit_test(limit_never_makes_an_asset_inactive),
        cmocka_unit_test(word_about_a_whole_batch_makes_no_asset_inactive),
        cmocka_unit_test(calls_in_flight_keep_to_their_bound),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
