/* What the tests of the judge of bars share: calm series to put faults into. */
#ifndef QUOTEBUS_TESTS_BARS_FIXTURE_H
#define QUOTEBUS_TESTS_BARS_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "validate/bars/bar.h"
#include "validate/bars/settings.h"

#define DAYS_MAX 400
/** 2024-01-01, a Monday. */
#define FIRST_DAY 19723

/** One source with its bars, which stay in the order of days. */
struct history {
    struct day_bar bars[DAYS_MAX];
    size_t count;
    uint64_t noise;
};

/** The next pseudo-random number from -1 to 1. */
static inline double noise(struct history *history)
{
    history->noise = history->noise * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (double)(history->noise >> 11) / (double)(UINT64_C(1) << 52) - 1;
}

/** Rounds to cents. */
static inline double cents(double price)
{
    return (double)(int64_t)(price * 100 + 0.5) / 100;
}

/** Appends a day that opens at a price and closes at another. */
static inline struct day_bar *add_day(struct history *history, double open, double close)
{
    struct day_bar *bar = &history->bars[history->count];
    const int64_t week = (int64_t)history->count / 5, day = (int64_t)history->count % 5;
    const double top = open > close ? open : close, bottom = open > close ? close : open;
    *bar = (struct day_bar){.day = FIRST_DAY + 7 * week + day,
                            .row = history->count,
                            .open = SOME_DOUBLE(cents(open)),
                            .high = SOME_DOUBLE(cents(top * 1.004)),
                            .low = SOME_DOUBLE(cents(bottom * 0.996)),
                            .close = SOME_DOUBLE(cents(close)),
                            .volume = SOME_DOUBLE(1000000 + 200000 * noise(history))};
    history->count++;
    return bar;
}

/** Appends days around the last close, or `price` at the begin: moves of up to 2 % a day, half of it over night. */
static inline void add_days(struct history *history, size_t count, double price)
{
    double last = history->count ? history->bars[history->count - 1].close.value : price;
    for (size_t i = 0; i < count; i++) {
        const double open = last * (1 + 0.01 * noise(history)) * (last > price ? 0.999 : 1.001);
        last = open * (1 + 0.01 * noise(history));
        add_day(history, open, last);
    }
}

/** A calm series of weekdays around a price. */
static inline struct history calm(size_t count, double price)
{
    struct history history = {.noise = 1};
    add_days(&history, count, price);
    return history;
}

/** Multiplies the prices of bars first..last. */
static inline void scale(struct history *history, size_t first, size_t last, double factor)
{
    for (size_t i = first; i <= last; i++) {
        struct day_bar *bar = &history->bars[i];
        bar->open.value *= factor;
        bar->high.value *= factor;
        bar->low.value *= factor;
        bar->close.value *= factor;
        bar->adj_close.value *= factor;
    }
}

/** Judges histories as sources of one asset of a class, by the default thresholds or those of crypto. */
static inline void judge_as(const char *asset, struct history *histories, size_t count)
{
    static const char text[] = "bars: { crypto: { every_day: true, spike_floor_bps: 1500, missing_days: 1 } }\n";
    struct error error = {0};
    struct bar_series series[BAR_SOURCES_MAX];
    struct bar_rules *rules_of_bars = bar_rules_parse("rules.yaml", str_from(text), &error);
    if (!rules_of_bars)
        fail_msg("%s", error.message);
    for (size_t i = 0; i < count; i++)
        series[i] = (struct bar_series){.source = STR("s"), .bars = histories[i].bars, .count = histories[i].count};
    bars_judge(series, count, str_from(asset), bar_rules_for(rules_of_bars, str_from(asset)));
    bar_rules_free(rules_of_bars);
}

/** Judges one history alone. */
static inline void judge(struct history *history)
{
    judge_as("equity:T", history, 1);
}

/** Whether a bar has a flag. */
static inline bool flagged(const struct day_bar *bar, const char *flag)
{
    for (size_t bit = 0; bar_flag_name(bit); bit++) {
        if (strcmp(bar_flag_name(bit), flag) == 0)
            return bar->flags >> bit & 1;
    }
    fail_msg("there is no flag %s", flag);
    return false;
}

/** The number of bars that are not PASS. */
static inline size_t count_bad(const struct history *history)
{
    size_t bad = 0;
    for (size_t i = 0; i < history->count; i++)
        bad += bar_verdict(&history->bars[i]) != VERDICT_PASS;
    return bad;
}

/** Asserts that exactly the bars first..last are suspect, with a flag. */
static inline void assert_only(const struct history *history, const char *flag, size_t first, size_t last)
{
    for (size_t i = 0; i < history->count; i++) {
        const bool in = i >= first && i <= last;
        if ((bar_verdict(&history->bars[i]) == VERDICT_SUSPECT) != in || flagged(&history->bars[i], flag) != in)
            fail_msg("bar %zu: %s, flags %x", i, verdict_name(bar_verdict(&history->bars[i])), history->bars[i].flags);
    }
}

#endif
