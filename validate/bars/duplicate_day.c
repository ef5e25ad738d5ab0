#include <math.h>

#include "base/steady.h"
#include "validate/bars/table.h"

/** Closes of one day that differ by less are copies, whatever their other figures. */
#define SAME_CLOSE 1e-9
/** How much better one of two bars must go with the days around to be taken for the right one. */
#define NEARER 2.0

/** The nearest bar of another day before `first` or behind `last` with a close, or NULL. */
static const struct day_bar *neighbour(const struct bar_series *series, size_t first, size_t last, bool before)
{
    for (size_t i = before ? first : last + 1; before ? i-- > 0 : i < series->count; i += !before) {
        if (!series->bars[i].reject && is_price(series->bars[i].close))
            return &series->bars[i];
    }
    return NULL;
}

/** The log distance between two prices; 0 when one is missing. */
static double gap(struct opt_double a, struct opt_double b)
{
    return is_price(a) && is_price(b) ? fabs(steady_log(a.value / b.value)) : 0;
}

/** How badly a bar goes with the days around: the gaps over the nights; between closes where there are no opens. */
static double strangeness(const struct day_bar *bar, const struct day_bar *before, const struct day_bar *after)
{
    double sum = 0;
    if (before)
        sum += gap(bar->open.set ? bar->open : bar->close, before->close);
    if (after)
        sum += gap(bar->close, after->open.set ? after->open : after->close);
    return sum;
}

/** Whether two figures are the same or both missing. */
static bool same(struct opt_double a, struct opt_double b)
{
    return a.set == b.set && (!a.set || fabs(a.value - b.value) <= SAME_CLOSE * fabs(a.value));
}

/** Whether two usable bars of a day are copies. */
static bool copies(const struct day_bar *a, const struct day_bar *b)
{
    return same(a->open, b->open) && same(a->high, b->high) && same(a->low, b->low) && same(a->close, b->close) &&
           same(a->volume, b->volume);
}

/**
 * The bar among first..last (all of one day) that stands for the day, or NULL when they contradict each other and none clearly
 * goes better with the days around.
 */
static const struct day_bar *keeper_of(const struct bar_series *series, size_t first, size_t last)
{
    const struct day_bar *before = neighbour(series, first, last, true), *after = neighbour(series, first, last, false);
    const struct day_bar *best = NULL;
    bool sure = true;
    for (size_t i = first; i <= last; i++) {
        const struct day_bar *bar = &series->bars[i];
        if (bar->reject || !is_price(bar->close))
            continue;
        if (!best) {
            best = bar;
        } else if (!copies(best, bar)) {
            const double of_best = strangeness(best, before, after), of_bar = strangeness(bar, before, after);
            sure = fmax(of_best, of_bar) > NEARER * fmin(of_best, of_bar) && fabs(of_best - of_bar) > SAME_CLOSE;
            if (of_bar < of_best)
                best = bar;
        }
    }
    return sure ? best : NULL;
}

/** Fires on all bars of a day but the one that stands for it; on all when they contradict each other. */
static void judge(struct bar_trial *trial, const struct bar_rule *rule)
{
    struct bar_series *series = trial->series;
    for (size_t first = 0; first < series->count;) {
        size_t last = first;
        while (last + 1 < series->count && series->bars[last + 1].day == series->bars[first].day)
            last++;
        const struct day_bar *keeper = last > first ? keeper_of(series, first, last) : NULL;
        for (size_t i = first; last > first && i <= last; i++) {
            if (&series->bars[i] != keeper)
                bar_mark(&series->bars[i], rule, VERDICT_SUSPECT);
        }
        first = last + 1;
    }
}

const struct bar_rule bars_duplicate_day = {.name = "duplicate_day", .stage = BAR_STRUCTURAL, .judge = judge};
