#include <math.h>

#include "validate/bars/table.h"
#include "validate/rule.h"

/** Bars of which that share has a column make it one that the source gives. */
#define USUAL_SHARE 0.5

/** Columns that the source usually gives. */
struct usual {
    bool open, high, low;
};

/** Whether `have` of `count` bars is usual. */
static bool is_usual(size_t have, size_t count)
{
    return (double)have > USUAL_SHARE * (double)count;
}

/** Finds the columns that the source gives. */
static struct usual usual_columns(const struct bar_series *series)
{
    size_t open = 0, high = 0, low = 0;
    for (size_t i = 0; i < series->count; i++) {
        open += series->bars[i].open.set;
        high += series->bars[i].high.set;
        low += series->bars[i].low.set;
    }
    return (struct usual){
        .open = is_usual(open, series->count), .high = is_usual(high, series->count), .low = is_usual(low, series->count)};
}

/** By how much `low` lies above `high`, in basis points; 0 when it does not or one is missing. */
static double excess_bps(struct opt_double low, struct opt_double high)
{
    return is_price(low) && is_price(high) ? fmax(0, distance_bps(low.value, high.value)) : 0;
}

/** The largest breach of low <= open, close <= high, in basis points. */
static double breach_bps(const struct day_bar *bar)
{
    const double beyond_low = fmax(excess_bps(bar->low, bar->open), excess_bps(bar->low, bar->close));
    const double beyond_high = fmax(excess_bps(bar->open, bar->high), excess_bps(bar->close, bar->high));
    return fmax(excess_bps(bar->low, bar->high), fmax(beyond_low, beyond_high));
}

/** Whether a price is missing that the source usually gives. */
static bool lacks_price(const struct day_bar *bar, struct usual usual)
{
    return (usual.open && !bar->open.set) || (usual.high && !bar->high.set) || (usual.low && !bar->low.set);
}

/** Whether a figure is there and below 0. */
static bool negative(struct opt_double figure)
{
    return figure.set && figure.value < 0;
}

/** What a bar deserves; false: nothing is wrong with it. */
static bool verdict_on(const struct day_bar *bar, struct usual usual, double limit_bps, enum verdict *verdict)
{
    const double breach = breach_bps(bar);
    const bool below_zero = negative(bar->volume) || negative(bar->dividend) || negative(bar->split);
    *verdict = VERDICT_PASS;
    if (!bar->close.set)
        *verdict = VERDICT_REJECT;
    else if (lacks_price(bar, usual) || below_zero || breach > limit_bps)
        *verdict = VERDICT_SUSPECT;
    return *verdict != VERDICT_PASS || breach > 0;
}

/**
 * Fires on bars that cannot be: a close outside of low and high, a price missing where the source gives it for most days, a
 * negative volume, dividend or split. Without a close a bar is of no use. Small breaches come from rounding and from auctions
 * outside of trading hours: they are only flagged.
 */
static void judge(struct bar_trial *trial, const struct bar_rule *rule)
{
    const struct usual usual = usual_columns(trial->series);
    for (size_t i = 0; i < trial->series->count; i++) {
        struct day_bar *bar = &trial->series->bars[i];
        enum verdict verdict;
        if (verdict_on(bar, usual, trial->settings->bad_bar_bps, &verdict))
            bar_mark(bar, rule, verdict);
    }
}

const struct bar_rule bars_bad_bar = {.name = "bad_bar", .stage = BAR_STRUCTURAL, .judge = judge};
