/*
 * The judge of daily bars: unlike a quote, a bar is seen with its whole history, what came after it included, and with what other
 * sources say of the same day. Flags, never rewrites.
 *
 * How it goes, per asset (judge.c): structural rules set aside what cannot be used; rules on the history of each series find what
 * its own past and future contradict; a day on which other sources say the same takes that back, since a real crash is seen by
 * all; the remaining rules look at the rest. A rule is one file and one row in table.c.
 *
 * Statistics are robust (medians of absolute log returns), two-sided, and with a scale of the series itself, so that a volatile
 * asset may move as it does. Ideas were taken from yfinance's price repair (blocks off by 100, splits that part of a history
 * misses, dividends checked by the adjusted close) and from Hampel's filter; what they rewrite is only named here.
 *
 * Pure: no clock, no I/O. Memory: about 200 bytes per bar while an asset is judged. Threads: any, one per asset.
 */
#ifndef QUOTEBUS_VALIDATE_BARS_BAR_H
#define QUOTEBUS_VALIDATE_BARS_BAR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "quotebus_records.h"
#include "validate/bars/settings.h"

/** Most rules in the table: flags are bits. */
#define BAR_RULES_MAX 32
/** Most sources of one asset that are compared; further ones are judged alone. */
#define BAR_SOURCES_MAX 32

/** One day of one source. Unset: the source does not say. */
struct day_bar {
    int64_t day; /**< since the epoch, in the exchange's own calendar */
    size_t row;  /**< the caller's number of it; of two bars of one day the smaller one came first */
    struct opt_double open;
    struct opt_double high;
    struct opt_double low;
    struct opt_double close;
    struct opt_double adj_close;
    struct opt_double volume;
    struct opt_double dividend; /**< unset or 0: none on this day */
    struct opt_double split;    /**< new units per old one; unset, 0 or 1: none on this day */

    /* What the judge found. */
    uint32_t flags;              /**< bits in the order of the rule table */
    uint32_t suspect;            /**< those of them that make the bar suspect */
    uint32_t reject;             /**< those of them that make it unusable */
    struct opt_double reference; /**< what the close should be near: the other sources, else the days around */
};

/** The bars of one source. */
struct bar_series {
    struct str source;
    struct day_bar *bars; /**< any order; sorted by day and row by the judge */
    size_t count;
};

/** Judges all series of one asset (`class:code`: where it is listed tells its trading days). `settings` are those of its class.
 */
void bars_judge(struct bar_series *series, size_t count, struct str asset, const struct bar_settings *settings);
/** The verdict on a judged bar. */
enum verdict bar_verdict(const struct day_bar *bar);
/** 1: nothing speaks against it; each suspect flag leaves half; 0: rejected. */
double bar_score(const struct day_bar *bar);
/** The name of a flag by its bit, or NULL behind the last. */
const char *bar_flag_name(size_t bit);

#endif
