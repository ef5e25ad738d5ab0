#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "validate/history/judge.h"

/** 2024-01-01, a Monday. */
#define FIRST_DAY 19723
#define BARS_MAX 300
#define ASSET "equity:T"

static const char rules_text[] = "version: test\nclasses:\n  equity: { currency: USD }\nbars:\n  equity: { missing_days: 5 }\n";

/** A partition under way, and what was said last of each bar. */
struct feed {
    struct rule_book book;
    struct history *history;
    struct arena arena;
    struct bar_judgement last;
    enum verdict verdicts[BARS_MAX]; /* by raw offset */
    int restated;
    int64_t next_offset;
    uint64_t noise;
};

static void feed_open(struct feed *feed)
{
    struct error error = {0};
    *feed = (struct feed){.noise = 1};
    feed->book.settings = rule_settings_parse("rules.yaml", str_from(rules_text), &error);
    feed->book.bars = bar_rules_parse("rules.yaml", str_from(rules_text), &error);
    assert_true(feed->book.settings && feed->book.bars);
    feed->history = history_new(3, &feed->book);
}

static void feed_close(struct feed *feed)
{
    history_free(feed->history);
    rule_book_clear(&feed->book);
    arena_clear(&feed->arena);
}

/** The next pseudo-random number from -1 to 1. */
static double noise(struct feed *feed)
{
    feed->noise = feed->noise * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (double)(feed->noise >> 11) / (double)(UINT64_C(1) << 52) - 1;
}

/** The number of the weekday after that many others. */
static int32_t weekday(int number)
{
    return FIRST_DAY + 7 * (number / 5) + number % 5;
}

/** A bar of a source around a price that moves a little every day, and the same for all sources. */
static struct bar a_bar(const char *source, int number, double price)
{
    const double wobble = 1 + 0.01 * ((number * 7919) % 13 - 6) / 6, close = (double)(int64_t)(price * wobble * 100 + 0.5) / 100;
    return (struct bar){.asset = STR(ASSET),
                        .source = str_from(source),
                        .symbol = STR("T"),
                        .currency = STR("USD"),
                        .date = weekday(number),
                        .open = SOME_DOUBLE(close * 0.998),
                        .high = SOME_DOUBLE(close * 1.004),
                        .low = SOME_DOUBLE(close * 0.996),
                        .close = close,
                        .volume = SOME_DOUBLE(1e6 + number),
                        .fetched_at_us = INT64_C(20500) * US_PER_DAY,
                        .request_id = STR("r1"),
                        .unit_factor = 1};
}

/** Judges a bar as the next record. */
static const struct clean_bar *take(struct feed *feed, const struct bar *bar)
{
    const struct raw_origin origin = {.partition = 3, .offset = feed->next_offset++, .timestamp_ms = 7};
    arena_reset(&feed->arena);
    history_judge(feed->history, bar, &origin, &feed->arena, &feed->last);
    for (size_t i = 0; i < feed->last.clean_count; i++)
        feed->verdicts[feed->last.clean[i].raw_offset] = feed->last.clean[i].verdict;
    feed->restated += (int)feed->last.clean_count - 1;
    return feed->last.clean;
}

/** Judges a bar of a source on a day. */
static const struct clean_bar *day(struct feed *feed, const char *source, int number, double price)
{
    const struct bar bar = a_bar(source, number, price);
    return take(feed, &bar);
}

static bool has_flag(const struct clean_bar *clean, const char *flag)
{
    for (size_t i = 0; i < clean->flags_count; i++) {
        if (str_is(clean->flags[i], flag))
            return true;
    }
    return false;
}

static size_t kept(const struct feed *feed, const char *source)
{
    const struct source_history *found = source_history_find(history_find(feed->history, STR(ASSET)), str_from(source));
    return found ? found->count : 0;
}

static void calm_series_passes_bar_by_bar(void **state)
{
    (void)state;
    struct feed feed;
    feed_open(&feed);
    for (int i = 0; i < 200; i++) {
        const struct clean_bar *clean = day(&feed, "a", i, 100 + 3 * noise(&feed));
        assert_int_equal(clean->verdict, VERDICT_PASS);
        assert_int_equal(clean->raw_partition, 3);
        assert_int_equal(clean->raw_offset, i);
        assert_false(clean->restates_fetched_at_us.set);
        assert_int_equal(feed.last.anomaly_count, 0);
    }
    assert_int_equal(feed.restated, 0);
    assert_int_equal(kept(&feed, "a"), BARS_NEAR);
    feed_close(&feed);
}

static void lone_spike_is_named_once_the_next_days_come(void **state)
{
    (void)state;
    struct feed feed;
    feed_open(&feed);
    for (int i = 0; i < 40; i++)
        day(&feed, "a", i, 100);
    assert_int_equal(day(&feed, "a", 40, 140)->verdict, VERDICT_PASS); /* a real move looks the same on its first day */
    const struct clean_bar *clean = day(&feed, "a", 41, 100);
    assert_int_equal(feed.last.clean_count, 2);
    assert_int_equal(clean[0].verdict, VERDICT_PASS);
    assert_int_equal(clean[1].verdict, VERDICT_SUSPECT);
    assert_true(has_flag(&clean[1], "bar_spike"));
    assert_int_equal(clean[1].raw_offset, 40);
    assert_int_equal(clean[1].date, weekday(40));
    assert_true(clean[1].restates_fetched_at_us.set && clean[1].restates_fetched_at_us.value == clean[1].fetched_at_us);
    assert_true(str_is(clean[1].request_id, "r1"));
    assert_int_equal(feed.last.anomaly_count, 1);
    assert_true(str_is(feed.last.anomalies[0].rule, "bar_spike"));
    assert_int_equal(feed.last.anomalies[0].raw_offset, 40);
    assert_true(feed.last.anomalies[0].measured.set && feed.last.anomalies[0].measured.value > 3000);
    feed_close(&feed);
}

static void move_that_stays_is_left_in_peace(void **state)
{
    (void)state;
    struct feed feed;
    feed_open(&feed);
    for (int i = 0; i < 80; i++)
        assert_int_equal(day(&feed, "a", i, i < 40 ? 100 : 140)->verdict, VERDICT_PASS);
    assert_int_equal(feed.restated, 0);
    feed_close(&feed);
}

static void run_in_another_unit_is_suspect_from_its_first_day_and_not_behind_it(void **state)
{
    (void)state;
    struct feed feed;
    feed_open(&feed);
    for (int i = 0; i < 70; i++)
        day(&feed, "a", i, i >= 40 && i < 50 ? 10000 : 100);
    for (int i = 0; i < 70; i++)
        assert_int_equal(feed.verdicts[i], i >= 40 && i < 50 ? VERDICT_SUSPECT : VERDICT_PASS);
    assert_int_equal(feed.restated, 0);
    feed_close(&feed);
}

static void other_sources_tell_who_is_wrong(void **state)
{
    (void)state;
    struct feed feed;
    feed_open(&feed);
    for (int i = 0; i < 30; i++) {
        assert_int_equal(day(&feed, "a", i, 100)->source_count, 1);
        assert_int_equal(day(&feed, "b", i, 100)->source_count, 2);
        day(&feed, "c", i, i == 29 ? 106 : 100);
    }
    const struct clean_bar *clean = feed.last.clean;
    assert_int_equal(clean->verdict, VERDICT_SUSPECT);
    assert_true(has_flag(clean, "divergent"));
    assert_int_equal(clean->source_count, 3);
    assert_true(clean->reference_close.set && clean->reference_close.value < 102);
    assert_true(clean->deviation_bps.value > 400);
    assert_int_equal(feed.last.anomalies[0].evidence_count, 2);
    assert_true(str_is(feed.last.anomalies[0].evidence[0].source, "a"));
    assert_int_equal(feed.restated, 0);
    feed_close(&feed);
}

static void spike_that_another_source_has_too_is_real(void **state)
{
    (void)state;
    struct feed feed;
    feed_open(&feed);
    for (int i = 0; i < 60; i++) {
        day(&feed, "a", i, i == 40 ? 70 : 100);
        day(&feed, "b", i, i == 40 ? 70 : 100);
    }
    for (int i = 0; i < 120; i++)
        assert_int_equal(feed.verdicts[i], VERDICT_PASS);
    feed_close(&feed);
}

static void history_that_comes_later_is_compared_with_the_one_that_is_there(void **state)
{
    (void)state;
    struct feed feed;
    feed_open(&feed);
    for (int i = 0; i < 140; i++)
        day(&feed, "a", i, 100);
    for (int i = 0; i < 140; i++) {
        const struct clean_bar *clean = day(&feed, "b", i, i == 20 ? 106 : 100);
        assert_int_equal(clean->source_count, 2);
        assert_true(i == 0 || clean->reference_close.set);
    }
    for (int i = 0; i < 280; i++)
        assert_int_equal(feed.verdicts[i], i == 160 ? VERDICT_SUSPECT : VERDICT_PASS);
    assert_true(kept(&feed, "a") <= BARS_KEPT);
    feed_close(&feed);
}

static void closes_are_kept_by_day_and_the_oldest_make_room(void **state)
{
    (void)state;
    struct asset_history asset = {0};
    struct source_history *source = source_history_obtain(&asset, STR("a"));
    for (int32_t i = 0; i < (int32_t)CLOSES_KEPT; i++)
        source_closes_note(source, 2 * (i * 7 % (int32_t)CLOSES_KEPT), i, VERDICT_PASS);
    assert_int_equal(source->close_count, CLOSES_KEPT);
    source_closes_note(source, -1, 1, VERDICT_PASS);
    assert_int_equal(source->closes[0].date, 0);
    source_closes_note(source, 3, 7, VERDICT_PASS);
    assert_int_equal(source->close_count, CLOSES_KEPT);
    assert_int_equal(source->closes[0].date, 2);
    assert_int_equal(source->closes[1].date, 3);
    source_closes_note(source, 3, 7, VERDICT_SUSPECT);
    assert_int_equal(source->closes[1].date, 4);
    for (size_t i = 1; i < source->close_count; i++)
        assert_true(source->closes[i].date > source->closes[i - 1].date);
    asset_history_clear(&asset);
    free(asset.sources);
}

static void later_word_on_a_day_names_the_one_it_corrects(void **state)
{
    (void)state;
    struct feed feed;
    feed_open(&feed);
    for (int i = 0; i < 30; i++)
        day(&feed, "a", i, 100);
    struct bar again = a_bar("a", 29, 100);
    const int64_t first_us = again.fetched_at_us;
    again.fetched_at_us += US_PER_DAY;
    again.request_id = STR("r2");
    assert_false(take(&feed, &again)->restates_fetched_at_us.set); /* it says the same */
    again.fetched_at_us += US_PER_DAY;
    again.request_id = STR("r3");
    again.close += 0.25;
    const struct clean_bar *clean = take(&feed, &again);
    assert_true(clean->restates_fetched_at_us.set && clean->restates_fetched_at_us.value == first_us + US_PER_DAY);
    assert_false(has_flag(clean, "duplicate_day"));
    assert_int_equal(kept(&feed, "a"), 30);
    feed_close(&feed);
}

static void older_word_on_a_day_changes_nothing(void **state)
{
    (void)state;
    struct feed feed;
    feed_open(&feed);
    for (int i = 0; i < 30; i++)
        day(&feed, "a", i, 100);
    struct bar old = a_bar("a", 29, 50);
    old.fetched_at_us -= US_PER_DAY;
    old.request_id = STR("r0");
    assert_true(has_flag(take(&feed, &old), "late"));
    assert_null(feed.last.asset);
    assert_int_equal(feed.last.clean_count, 1);
    assert_int_equal(day(&feed, "a", 30, 100)->verdict, VERDICT_PASS);
    feed_close(&feed);
}

static void two_bars_of_a_day_in_one_response_are_doubles(void **state)
{
    (void)state;
    struct feed feed;
    feed_open(&feed);
    for (int i = 0; i < 30; i++)
        day(&feed, "a", i, 100);
    assert_true(has_flag(day(&feed, "a", 29, 130), "duplicate_day"));
    feed_close(&feed);
}

static void what_cannot_be_leaves_no_trace(void **state)
{
    (void)state;
    struct feed feed;
    feed_open(&feed);
    struct bar bar = a_bar("a", 0, 100);
    bar.date = (int32_t)(bar.fetched_at_us / US_PER_DAY) + 2;
    assert_true(has_flag(take(&feed, &bar), "future_time"));
    assert_int_equal(feed.last.clean->verdict, VERDICT_REJECT);
    bar = a_bar("a", 0, 100);
    bar.currency = STR("GBP");
    assert_true(has_flag(take(&feed, &bar), "currency_mismatch"));
    assert_int_equal(feed.last.anomaly_count, 1);
    bar = a_bar("a", 0, 100);
    bar.asset = STR("T");
    assert_true(has_flag(take(&feed, &bar), "malformed"));
    assert_int_equal(feed.history->asset_count, 0);
    bar = a_bar("a", 0, -5);
    assert_int_equal(take(&feed, &bar)->verdict, VERDICT_REJECT);
    feed_close(&feed);
}

static void newest_days_are_kept_while_old_ones_are_filled_in(void **state)
{
    (void)state;
    struct feed feed;
    feed_open(&feed);
    for (int i = 180; i < 200; i++)
        day(&feed, "a", i, 100);
    for (int i = 0; i < 180; i++)
        assert_int_equal(day(&feed, "a", i, 100)->verdict, VERDICT_PASS);
    assert_int_equal(day(&feed, "a", 200, 10000)->verdict, VERDICT_SUSPECT);
    assert_true(kept(&feed, "a") <= BARS_KEPT);
    feed_close(&feed);
}

/** Writes the memory of the asset down and replaces it by what was written. */
static void write_and_restore(struct feed *feed)
{
    struct error error = {0};
    struct buf text = {0}, again = {0};
    struct arena arena = {0};
    struct bar_state record;
    asset_history_encode(history_find(feed->history, STR(ASSET)), STR("v"), &arena, &text);
    assert_true(bar_state_decode(buf_str(&text), &arena, &record, &error));
    history_free(feed->history);
    feed->history = history_new(3, &feed->book);
    assert_true(asset_history_restore(feed->history, &record, &error));
    asset_history_encode(history_find(feed->history, STR(ASSET)), STR("v"), &arena, &again);
    assert_true(str_equal(buf_str(&text), buf_str(&again)));
    buf_clear(&text);
    buf_clear(&again);
    arena_clear(&arena);
}

/** Appends all that a bar brought about. */
static void append_all(const struct feed *feed, struct buf *out)
{
    for (size_t i = 0; i < feed->last.clean_count; i++)
        clean_bar_encode(&feed->last.clean[i], out);
    for (size_t i = 0; i < feed->last.anomaly_count; i++)
        anomaly_encode(&feed->last.anomalies[i], out);
}

static void memory_that_was_written_and_restored_says_the_same(void **state)
{
    (void)state;
    struct feed one, other;
    struct buf of_one = {0}, of_other = {0};
    feed_open(&one);
    feed_open(&other);
    for (int i = 0; i < 120; i++) {
        struct bar bar = a_bar(i % 2 ? "a" : "b", i < 60 ? 100 + i / 2 : i / 2, i % 17 == 0 ? 160 : 100);
        bar.request_id = i % 3 ? STR("r1") : STR("r2");
        take(&one, &bar);
        append_all(&one, &of_one);
        take(&other, &bar);
        append_all(&other, &of_other);
        write_and_restore(&other);
    }
    assert_true(one.restated > 0);
    assert_true(str_equal(buf_str(&of_one), buf_str(&of_other)));
    buf_clear(&of_one);
    buf_clear(&of_other);
    feed_close(&one);
    feed_close(&other);
}

static void restoring_refuses_what_was_not_written_here(void **state)
{
    (void)state;
    struct error error = {0};
    struct feed feed;
    feed_open(&feed);
    struct known_bar bar = {.response = 1, .date = 1, .close = 1};
    struct bar_series_state series = {.source = STR("a"), .bars = &bar, .bars_count = 1};
    const struct bar_state record = {.asset = STR(ASSET), .series = &series, .series_count = 1};
    assert_false(asset_history_restore(feed.history, &record, &error));
    assert_int_equal(error.code, ERROR_INVALID);
    feed_close(&feed);
}

static void source_unheard_of_for_longest_makes_room(void **state)
{
    (void)state;
    struct feed feed;
    char name[3] = "sa";
    feed_open(&feed);
    for (size_t i = 0; i <= HISTORY_SOURCES_MAX; i++) {
        name[1] = (char)('a' + i);
        day(&feed, name, (int)i, 100);
    }
    assert_int_equal(history_find(feed.history, STR(ASSET))->source_count, HISTORY_SOURCES_MAX);
    assert_int_equal(kept(&feed, "sa"), 0);
    assert_int_equal(kept(&feed, "sb"), 1);
    feed_close(&feed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(calm_series_passes_bar_by_bar),
        cmocka_unit_test(lone_spike_is_named_once_the_next_days_come),
        cmocka_unit_test(move_that_stays_is_left_in_peace),
        cmocka_unit_test(run_in_another_unit_is_suspect_from_its_first_day_and_not_behind_it),
        cmocka_unit_test(other_sources_tell_who_is_wrong),
        cmocka_unit_test(spike_that_another_source_has_too_is_real),
        cmocka_unit_test(history_that_comes_later_is_compared_with_the_one_that_is_there),
        cmocka_unit_test(closes_are_kept_by_day_and_the_oldest_make_room),
        cmocka_unit_test(later_word_on_a_day_names_the_one_it_corrects),
        cmocka_unit_test(older_word_on_a_day_changes_nothing),
        cmocka_unit_test(two_bars_of_a_day_in_one_response_are_doubles),
        cmocka_unit_test(what_cannot_be_leaves_no_trace),
        cmocka_unit_test(newest_days_are_kept_while_old_ones_are_filled_in),
        cmocka_unit_test(memory_that_was_written_and_restored_says_the_same),
        cmocka_unit_test(restoring_refuses_what_was_not_written_here),
        cmocka_unit_test(source_unheard_of_for_longest_makes_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
