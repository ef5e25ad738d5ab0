/*
 * Another configuration under a running planner, and a lane that goes from one owner to the next.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "planner_bench.h"

#define THREE_ASSETS TWO_ASSETS_AND("  equity:KO: { symbols: { yahoo: KO } }\n")
#define TWO_ASSETS_AND(more)                                                                                                     \
    "assets:\n  equity:AAPL: { symbols: { yahoo: AAPL } }\n  equity:HES: { symbols: { yahoo: HES } }\n" more                     \
    "ingest: { retry_base_ms: 500, retry_max_ms: 4000, retry_attempts: 3 }\n"

/** Puts another configuration under the planner; the old one is freed by the caller, with the result. */
static struct config *reload(struct bench *bench, const char *yaml)
{
    struct error error = {0};
    struct config *old = bench->config;
    struct config *config = temp_config(yaml);
    bool taken = planner_reload(bench->planner, config, &bench->now, &error);
    assert_string_equal(error.message, "");
    assert_true(taken);
    bench->config = config;
    return old;
}

/** Lets the planner run for a while; each call ends at once, and is counted by its number of assets. */
static void run_for(struct bench *bench, int64_t ms, size_t *calls_by_size)
{
    int64_t end_ms = bench->now.mono_ms + ms;
    while (bench->now.mono_ms < end_ms) {
        struct call *call;
        tick(bench);
        while ((call = next(bench)) != NULL) {
            calls_by_size[call->asset_count]++;
            done(bench, call, OUTCOME_OK);
        }
        int64_t wait_ms = planner_wait_ms(bench->planner, &bench->now);
        int64_t left_ms = end_ms - bench->now.mono_ms;
        advance(bench, wait_ms < 1 ? 1 : wait_ms < left_ms ? wait_ms : left_ms);
    }
}

static void added_asset_is_asked_about_and_no_slot_of_another_is_missed(void **state)
{
    size_t calls[4] = {0};
    (void)state;
    struct bench bench = bench_new(YAHOO TWO_ASSETS SPARK_JOB);
    run_for(&bench, 10 * 60000 + 30000, calls);
    size_t before = calls[2];
    struct config *old = reload(&bench, YAHOO THREE_ASSETS SPARK_JOB);
    config_free(old);
    run_for(&bench, 10 * 60000, calls);
    assert_in_range(before, 11, 12);
    assert_int_equal(calls[2], before); /* no slot was served twice */
    assert_int_equal(calls[3], 10);     /* nor was one left out */
    bench_free(&bench);
}

static void call_in_flight_survives_a_reload_and_counts_in_the_quota(void **state)
{
    struct lane_view view;
    (void)state;
    struct bench bench = bench_new(YAHOO TWO_ASSETS SPARK_JOB);
    tick(&bench);
    struct call *out = next(&bench);
    struct config *old = reload(&bench, YAHOO THREE_ASSETS SPARK_JOB);
    advance(&bench, 60000);
    assert_int_equal(tick(&bench), 1); /* two of three assets are under way */
    struct call *added = next(&bench);
    assert_int_equal(added->asset_count, 1);
    assert_string_equal(added->assets[0].asset, "equity:KO");
    done(&bench, added, OUTCOME_OK);
    done(&bench, out, OUTCOME_TIMEOUT);
    assert_true(bench.verdict.retry_in_ms.set);
    config_free(old);
    advance(&bench, 4000);
    struct call *again = next(&bench);
    assert_ptr_equal(again, out);
    assert_string_equal(again->assets[1].asset, "equity:HES"); /* its texts are those of the new configuration */
    done(&bench, again, OUTCOME_OK);
    planner_view(bench.planner, 0, &bench.now, &view);
    assert_int_equal(view.in_flight, 0);
    assert_int_equal(view.quota_used, 3);
    bench_free(&bench);
}

static void removed_asset_leaves_what_is_queued_and_is_not_tried_again(void **state)
{
    (void)state;
    struct bench bench = bench_new(YAHOO THREE_ASSETS SPARK_JOB);
    tick(&bench);
    struct call *out = next(&bench);
    struct config *old = reload(&bench, YAHOO TWO_ASSETS SPARK_JOB);
    done(&bench, out, OUTCOME_TIMEOUT);
    assert_false(bench.verdict.retry_in_ms.set);
    config_free(old);
    advance(&bench, 60000);
    tick(&bench);
    out = next(&bench);
    assert_int_equal(out->asset_count, 2);
    done(&bench, out, OUTCOME_TIMEOUT);
    config_free(reload(&bench, YAHOO "assets:\n  equity:AAPL: { symbols: { yahoo: AAPL } }\n" SPARK_JOB));
    advance(&bench, 4000);
    out = next(&bench);
    assert_int_equal(out->asset_count, 1);
    assert_string_equal(out->assets[0].asset, "equity:AAPL");
    done(&bench, out, OUTCOME_OK);
    bench_free(&bench);
}

static void configuration_that_cannot_be_planned_changes_nothing(void **state)
{
    struct error error = {0};
    size_t calls[4] = {0};
    (void)state;
    struct bench bench = bench_new(YAHOO TWO_ASSETS SPARK_JOB);
    struct config *wrong = temp_config(YAHOO TWO_ASSETS "jobs:\n  prices: { provider: yahoo, endpoint: sparc, every_s: 60 }\n");
    struct config *added = temp_config(YAHOO "  kraken: { base_url: 'http://127.0.0.1:1' }\n"
                                             "assets:\n  crypto:BTC: { symbols: { yahoo: BTC-USD, kraken: XBTUSD } }\n"
                                             "jobs:\n  prices: { provider: kraken, endpoint: ticker, every_s: 60 }\n");
    assert_false(planner_reload(bench.planner, wrong, &bench.now, &error));
    assert_non_null(strstr(error.message, "did you mean spark?"));
    error_clear(&error);
    assert_false(planner_reload(bench.planner, added, &bench.now, &error));
    assert_non_null(strstr(error.message, "providers.kraken"));
    config_free(wrong);
    config_free(added);
    run_for(&bench, 60000, calls);
    assert_in_range(calls[2], 1, 2);
    bench_free(&bench);
}

static void provider_that_is_switched_off_lets_its_calls_come_home(void **state)
{
    size_t calls[4] = {0};
    (void)state;
    struct bench bench = bench_new(YAHOO TWO_ASSETS SPARK_JOB);
    tick(&bench);
    struct call *out = next(&bench);
    struct config *old =
        reload(&bench, "providers:\n  yahoo: { base_url: 'http://127.0.0.1:1', enabled: false }\n" TWO_ASSETS SPARK_JOB);
    advance(&bench, 600000);
    tick(&bench);
    assert_null(next(&bench));
    done(&bench, out, OUTCOME_TIMEOUT);
    config_free(old);
    config_free(reload(&bench, YAHOO TWO_ASSETS SPARK_JOB));
    run_for(&bench, 10, calls);
    assert_int_equal(calls[2], 1);
    bench_free(&bench);
}

static void lane_is_taken_over_with_its_slots_quota_breaker_and_symbols(void **state)
{
    static const char yaml[] = YAHOO THREE_ASSETS "jobs:\n  prices: { provider: yahoo, endpoint: spark, every_s: 600 }\n  one: { "
                                                  "provider: yahoo, endpoint: chart, every_s: 600 }\n";
    struct lane_state kept = {0};
    struct lane_view view;
    (void)state;
    struct bench bench = bench_new(yaml);
    struct bench heir = bench_new(yaml);
    tick(&bench);
    done(&bench, next(&bench), OUTCOME_OK);
    done(&bench, next(&bench), OUTCOME_DELISTED);
    struct call *out = next(&bench);
    planner_export(bench.planner, 0, &bench.now, &kept);
    heir.now = bench.now;
    heir.now.mono_ms = 7; /* another machine */
    planner_switch(heir.planner, 0, false);
    planner_import(heir.planner, 0, &kept, &heir.now);
    tick(&heir);
    assert_null(next(&heir));
    planner_switch(heir.planner, 0, true);
    tick(&heir);
    planner_view(heir.planner, 0, &heir.now, &view);
    assert_int_equal(view.inactive, 1);
    assert_int_equal(view.quota_used, 3);
    assert_int_equal(view.queued, 2); /* the interrupted call and the one that was queued; the rest of the slot was served */
    struct call *again = next(&heir);
    assert_string_equal(again->assets[0].asset, out->assets[0].asset);
    done(&heir, again, OUTCOME_OK);
    done(&heir, next(&heir), OUTCOME_OK);
    assert_null(next(&heir));
    done(&bench, out, OUTCOME_OK);
    lane_state_clear(&kept);
    bench_free(&bench);
    bench_free(&heir);
}

static void lane_that_was_switched_off_ignores_what_was_in_flight(void **state)
{
    struct lane_view view;
    (void)state;
    struct bench bench = bench_new(YAHOO TWO_ASSETS SPARK_JOB);
    tick(&bench);
    struct call *out = next(&bench);
    planner_switch(bench.planner, 0, false);
    planner_switch(bench.planner, 0, true);
    done(&bench, out, OUTCOME_TIMEOUT);
    assert_false(bench.verdict.retry_in_ms.set);
    planner_view(bench.planner, 0, &bench.now, &view);
    assert_int_equal(view.in_flight, 0);
    assert_int_equal(view.quota_used, 0);
    tick(&bench);
    done(&bench, next(&bench), OUTCOME_OK);
    bench_free(&bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(added_asset_is_asked_about_and_no_slot_of_another_is_missed),
        cmocka_unit_test(call_in_flight_survives_a_reload_and_counts_in_the_quota),
        cmocka_unit_test(removed_asset_leaves_what_is_queued_and_is_not_tried_again),
        cmocka_unit_test(configuration_that_cannot_be_planned_changes_nothing),
        cmocka_unit_test(provider_that_is_switched_off_lets_its_calls_come_home),
        cmocka_unit_test(lane_is_taken_over_with_its_slots_quota_breaker_and_symbols),
        cmocka_unit_test(lane_that_was_switched_off_ignores_what_was_in_flight),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
