#include <math.h>

#include "validate/bars/statistics.h"
#include "validate/bars/table.h"

/** Bars on each side from which the step of prices is taken, and how much of a price is rounding of its binary form. */
#define TICK_SIDE 20
#define NOISE 1e-6
/** A range of that many steps of the price makes one identical bar a copy, and two or more with fewer. */
#define TICKS_SURE 20.0
#define TICKS_SOME 3.0
/** A usual daily move of that many steps makes an unchanged close remarkable. */
#define TICKS_MOVE 20.0
#define SATURDAY 2
#define SUNDAY 3

/** The smallest step between closes around live bar i: what one digit of the price is worth. 0: they never change. */
static double tick_near(const struct bar_trial *trial, size_t i)
{
    double tick = 0;
    const double noise = NOISE * trial->live[i].bar->close.value;
    for (size_t k = i > TICK_SIDE ? i - TICK_SIDE : 1; k < trial->live_count && k <= i + TICK_SIDE; k++) {
        const double step = fabs(trial->live[k].bar->close.value - trial->live[k - 1].bar->close.value);
        if (step > noise && (tick == 0 || step < tick))
            tick = step;
    }
    return tick;
}

/** Whether two optional figures are the same. */
static bool same(struct opt_double a, struct opt_double b)
{
    return a.set == b.set && (!a.set || fabs(a.value - b.value) <= NOISE * fabs(a.value));
}

/** Whether a bar has the prices of the one before. */
static bool repeats(const struct day_bar *bar, const struct day_bar *before)
{
    return same(bar->open, before->open) && same(bar->high, before->high) && same(bar->low, before->low) &&
           same(bar->close, before->close);
}

/** How often in a row the prices must repeat to be a copy, given what they would do by chance. */
static size_t repeats_needed(const struct bar_trial *trial, size_t i, bool same_volume)
{
    const struct day_bar *bar = trial->live[i].bar;
    const double tick = fmax(tick_near(trial, i), bar_tick(bar));
    const double range = is_price(bar->high) && is_price(bar->low) ? bar->high.value - bar->low.value : 0;
    const double usual_move = trial->spread * bar->close.value;
    if (range > 0 && (same_volume || range >= TICKS_SURE * tick))
        return 1;
    if (range >= TICKS_SOME * tick)
        return 2;
    const size_t asked = (size_t)trial->settings->frozen_bars - 1;
    return range > 0 || usual_move >= TICKS_MOVE * tick ? asked : SIZE_MAX;
}

/** Whether the source gives volumes: indices and currencies have a column of zeros. */
static bool gives_volumes(const struct bar_trial *trial)
{
    size_t have = 0;
    for (size_t i = 0; i < trial->live_count; i++)
        have += is_price(trial->live[i].bar->volume);
    return 2 * have > trial->live_count;
}

/** Whether nothing was traded, so that an unchanged price is right: no volume, or a weekend. */
static bool is_quiet(const struct bar_trial *trial, const struct day_bar *bar, bool volumes)
{
    const int64_t week_day = ((bar->day % 7) + 7) % 7; /* 1970-01-01 was a Thursday */
    const bool weekend = week_day == SATURDAY || week_day == SUNDAY;
    return (volumes && bar->volume.set && bar->volume.value == 0) || (weekend && !trial->settings->every_day);
}

/** Flags the bars that repeat live bar `first` up to `last`. */
static void judge_run(struct bar_trial *trial, const struct bar_rule *rule, size_t first, size_t last, bool volumes)
{
    const struct day_bar *begin = trial->live[first].bar;
    bool same_volume = begin->volume.set && begin->volume.value > 0;
    size_t counted = 0;
    for (size_t i = first + 1; i <= last; i++) {
        same_volume = same_volume && same(trial->live[i].bar->volume, begin->volume);
        counted += !is_quiet(trial, trial->live[i].bar, volumes);
    }
    if (counted < repeats_needed(trial, first, same_volume))
        return;
    for (size_t i = first + 1; i <= last; i++) {
        if (!is_quiet(trial, trial->live[i].bar, volumes))
            bar_mark(trial->live[i].bar, rule, VERDICT_SUSPECT);
    }
}

/**
 * Fires on bars that repeat the one before them while something was traded. How many it takes depends on how likely that is by
 * chance: four prices over a wide range never come again; a price of few digits may well stay.
 */
static void judge(struct bar_trial *trial, const struct bar_rule *rule)
{
    const bool volumes = gives_volumes(trial);
    for (size_t first = 0; first < trial->live_count;) {
        size_t last = first;
        while (last + 1 < trial->live_count && repeats(trial->live[last + 1].bar, trial->live[last].bar))
            last++;
        if (last > first)
            judge_run(trial, rule, first, last, volumes);
        first = last + 1;
    }
}

const struct bar_rule bars_frozen = {.name = "frozen", .stage = BAR_HISTORY, .judge = judge};
