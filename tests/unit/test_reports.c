#include "tests/unit/validate_fixture.h"

#include <stdio.h>

#include "validate/reports/reports.h"

#define REPORTS_MAX 64
/** NOON_US is a whole multiple of ten minutes. */
#define SLOT_S WINDOW_S

/** What came, as bytes, and the last reports as records. */
struct reported {
    struct stream stream;
    struct arena memory;
    struct report reports[REPORTS_MAX];
    size_t count;
    struct buf bytes;
};

/** Keeps a copy of a report. */
static bool keep_report(void *ctx, const struct report *report, struct error *error)
{
    struct reported *to = ctx;
    struct buf bytes = {0};
    report_encode(report, &bytes);
    buf_append_str(&to->bytes, buf_str(&bytes));
    const struct str kept = arena_str(&to->memory, buf_str(&bytes));
    buf_clear(&bytes);
    assert_true(to->count < REPORTS_MAX);
    return report_decode(kept, &to->memory, &to->reports[to->count++], error);
}

static struct reported reported_open(void)
{
    return (struct reported){.stream = stream_open()};
}

static void reported_close(struct reported *reported)
{
    stream_close(&reported->stream);
    arena_clear(&reported->memory);
    buf_clear(&reported->bytes);
}

/** Judges a quote as the stage does. */
static void take(struct reported *to, struct quote quote)
{
    struct error error = {0};
    const struct raw_origin origin = {.offset = to->stream.next_offset++,
                                      .timestamp_ms = quote.fetched_at_us > 0 ? quote.fetched_at_us / US_PER_MS : 1};
    arena_reset(&to->stream.arena);
    assert_true(reports_close(to->stream.memory, &origin, keep_report, to, &error));
    engine_judge(to->stream.memory, &quote, &origin, &to->stream.arena, &to->stream.last);
    reports_count(to->stream.memory, &to->stream.last, &origin);
}

/** The report of a source, or NULL. */
static const struct source_report *report_of(const struct report *report, const char *source)
{
    for (size_t i = 0; i < report->sources_count; i++) {
        if (str_is(report->sources[i].source, source))
            return &report->sources[i];
    }
    return NULL;
}

static void window_ends_with_the_first_quote_beyond_it(void **state)
{
    (void)state;
    struct reported reported = reported_open();
    take(&reported, a_quote_at("a", 100, 0));
    take(&reported, a_quote_at("b", 100.1, 10));
    take(&reported, a_quote_at("a", 250, 60));
    take(&reported, a_quote_at("a", -1, SLOT_S - 1));
    assert_int_equal(reported.count, 0);
    take(&reported, a_quote_at("a", 100.2, SLOT_S));
    assert_int_equal(reported.count, 1);
    const struct report *report = &reported.reports[0];
    assert_true(str_is(report->asset, "equity:T"));
    assert_int_equal(report->window_start_us, NOON_US);
    assert_int_equal(report->window_end_us, NOON_US + SLOT_S * US_PER_S);
    assert_int_equal(report->quotes, 4);
    assert_int_equal(report->passed, 2);
    assert_int_equal(report->suspect, 1);
    assert_int_equal(report->rejected, 1);
    assert_int_equal(report->sources_expected, 2);
    assert_int_equal(report->raw_offset, 4);
    assert_true(report->open_flags_count >= 2);
    assert_true(report->freshness_s.set && report->freshness_s.value == SLOT_S - 60);
    take(&reported, a_quote_at("a", 100.2, 2 * SLOT_S - 1));
    assert_int_equal(reported.count, 1);
    take(&reported, a_quote_at("b", 100.2, 2 * SLOT_S));
    assert_int_equal(reported.reports[1].quotes, 2);
    assert_int_equal(report_of(&reported.reports[1], "a")->polls, 2);
    assert_int_equal(report_of(&reported.reports[1], "b")->polls, 0);
    reported_close(&reported);
}

static void time_that_passed_without_any_quote_has_no_report(void **state)
{
    (void)state;
    struct reported reported = reported_open();
    take(&reported, a_quote_at("a", 100, 0));
    take(&reported, a_quote_at("a", 100, 100 * SLOT_S));
    assert_int_equal(reported.count, 1);
    assert_int_equal(reported.reports[0].window_start_us, NOON_US);
    take(&reported, a_quote_at("a", 100, 50 * SLOT_S)); /* late: counts in the open window */
    take(&reported, a_quote_at("a", 100, 101 * SLOT_S));
    assert_int_equal(reported.count, 2);
    assert_int_equal(reported.reports[1].window_start_us, NOON_US + 100 * SLOT_S * US_PER_S);
    assert_int_equal(reported.reports[1].quotes, 2);
    reported_close(&reported);
}

static void silent_source_is_a_gap_and_lowers_the_coverage(void **state)
{
    (void)state;
    struct reported reported = reported_open();
    for (int i = 0; i < 2 * SLOT_S; i += 30) {
        take(&reported, a_quote_at("a", 100, i));
        if (i < SLOT_S + 90)
            take(&reported, a_quote_at("b", 100, i + 1));
    }
    take(&reported, a_quote_at("a", 100, 2 * SLOT_S));
    assert_int_equal(reported.count, 2);
    const struct report *first = &reported.reports[0], *second = &reported.reports[1];
    assert_int_equal(first->gaps, 0);
    assert_true(first->coverage.set && first->coverage.value > 0.99);
    assert_int_equal(second->gaps, 1);
    assert_int_equal(report_of(second, "b")->gaps, 1);
    assert_int_equal(report_of(second, "b")->polls, 3);
    assert_true(report_of(second, "b")->usual_interval_s.value == 30);
    assert_true(second->coverage.value > 0.5 && second->coverage.value < 0.65);
    reported_close(&reported);
}

static void divergent_source_does_not_agree(void **state)
{
    (void)state;
    struct reported reported = reported_open();
    for (int i = 0; i < 5; i++) {
        take(&reported, a_quote_at("a", 100, i * 60));
        take(&reported, a_quote_at("b", 100, i * 60 + 1));
        take(&reported, a_quote_at("c", i < 4 ? 100 : 130, i * 60 + 2));
    }
    take(&reported, a_quote_at("a", 100, SLOT_S));
    assert_int_equal(reported.reports[0].sources_fresh, 3);
    assert_int_equal(reported.reports[0].sources_agreeing, 2);
    assert_false(report_of(&reported.reports[0], "c")->agrees);
    assert_true(reported.reports[0].consensus_price.value == 100);
    assert_true(str_is(reported.reports[0].currency.value, "USD"));
    reported_close(&reported);
}

static void asset_that_is_silent_for_a_week_is_not_reported(void **state)
{
    (void)state;
    struct reported reported = reported_open();
    struct quote other = a_quote("a", 5);
    other.asset = STR("equity:U");
    take(&reported, other);
    take(&reported, a_quote_at("a", 100, REPORT_SILENCE_S - SLOT_S));
    reported.count = 0;
    take(&reported, a_quote_at("a", 100, REPORT_SILENCE_S));
    assert_int_equal(reported.count, 2);
    assert_int_equal(reported.reports[1].quotes, 0);
    take(&reported, a_quote_at("a", 100, REPORT_SILENCE_S + SLOT_S));
    assert_int_equal(reported.count, 3);
    reported_close(&reported);
}

/** Encodes all changed assets into `log`, one per asset, and restores a new memory from it. */
static void restart(struct reported *reported, struct buf *log, size_t assets, const char *const *names)
{
    struct asset_memory *asset;
    struct arena arena = {0};
    struct error error = {0};
    while ((asset = partition_take_changed(reported->stream.memory))) {
        size_t i = 0;
        while (!str_is(asset->asset, names[i]))
            i++;
        buf_reset(&log[i]);
        asset_encode(asset, STR("v"), &arena, &log[i]);
    }
    partition_memory_free(reported->stream.memory);
    reported->stream.memory = partition_memory_new(0, reported->stream.settings);
    for (size_t i = assets; i-- > 0;) { /* another order than that of arrival */
        struct asset_state record;
        if (!log[i].len)
            continue;
        assert_true(asset_state_decode(buf_str(&log[i]), &arena, &record, &error));
        assert_true(asset_restore(reported->stream.memory, &record, &error));
    }
    arena_clear(&arena);
}

static void restarts_do_not_change_a_byte_of_the_reports(void **state)
{
    (void)state;
    static const char *const names[] = {"equity:T", "equity:U", "fx:EURUSD", "crypto:X"};
    static const char *const sources[] = {"a", "b", "c"};
    for (unsigned seed = 1; seed <= 20; seed++) {
        struct reported one = reported_open(), other = reported_open();
        struct buf log[4] = {{0}};
        unsigned chance = seed;
        int at_s = 0;
        for (int i = 0; i < 300; i++) {
            at_s += rand_r(&chance) % (rand_r(&chance) % 20 == 0 ? 2000 : 60);
            struct quote quote = a_quote_at(sources[rand_r(&chance) % 3], 100 + rand_r(&chance) % 3, at_s);
            quote.asset = str_from(names[rand_r(&chance) % 4]);
            if (rand_r(&chance) % 9 == 0)
                quote.price = -1; /* refused, and perhaps the one that ends a window */
            one.count = other.count = 0;
            take(&one, quote);
            take(&other, quote);
            if (rand_r(&chance) % 3 == 0)
                restart(&other, log, 4, names);
        }
        assert_true(one.bytes.len > 1000);
        assert_int_equal(one.bytes.len, other.bytes.len);
        assert_memory_equal(one.bytes.data, other.bytes.data, one.bytes.len);
        for (int i = 0; i < 4; i++)
            buf_clear(&log[i]);
        reported_close(&one);
        reported_close(&other);
    }
}

static void gap_does_not_become_the_usual_pause_at_once(void **state)
{
    (void)state;
    struct source_window window = {0};
    source_window_poll(&window, NOON_US);
    assert_true(window.usual_s == 0);
    source_window_poll(&window, NOON_US + 60 * US_PER_S);
    assert_true(window.usual_s == 60);
    source_window_poll(&window, NOON_US + 36000 * US_PER_S);
    assert_int_equal(window.gaps, 1);
    assert_true(window.usual_s <= 75);
    source_window_poll(&window, NOON_US); /* earlier: no pause */
    assert_int_equal(window.last_at_us, NOON_US + 36000 * US_PER_S);
    assert_int_equal(window.polls, 4);
}

static void flags_beyond_the_bound_are_left_out(void **state)
{
    (void)state;
    struct asset_window window = {0};
    struct arena arena = {0};
    char name[16];
    for (int i = WINDOW_FLAGS_MAX + 5; i > 0; i--) {
        snprintf(name, sizeof(name), "flag_%02d", i);
        asset_window_count(&window, VERDICT_SUSPECT, (const struct str[]){str_from(name), STR("")}, 2);
    }
    asset_window_count(&window, VERDICT_PASS, (const struct str[]){STR("a_name_that_is_longer_than_any_rule_has")}, 1);
    assert_int_equal(window.flag_count, WINDOW_FLAGS_MAX);
    assert_int_equal(window.suspect, WINDOW_FLAGS_MAX + 5);
    const struct flag_count *flags = asset_window_flags(&window, &arena);
    for (size_t i = 1; i < window.flag_count; i++)
        assert_true(str_compare(flags[i - 1].rule, flags[i].rule) < 0);
    struct asset_state record = {
        .asset = STR("equity:T"), .window_flags = &(struct flag_count){.rule = STR("")}, .window_flags_count = 1};
    struct error error = {0};
    assert_false(asset_window_restore(&window, &record, &error));
    asset_window_clear(&window);
    arena_clear(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(window_ends_with_the_first_quote_beyond_it),
        cmocka_unit_test(time_that_passed_without_any_quote_has_no_report),
        cmocka_unit_test(silent_source_is_a_gap_and_lowers_the_coverage),
        cmocka_unit_test(divergent_source_does_not_agree),
        cmocka_unit_test(asset_that_is_silent_for_a_week_is_not_reported),
        cmocka_unit_test(restarts_do_not_change_a_byte_of_the_reports),
        cmocka_unit_test(gap_does_not_become_the_usual_pause_at_once),
        cmocka_unit_test(flags_beyond_the_bound_are_left_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
