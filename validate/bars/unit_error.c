#include <math.h>
#include <stdlib.h>

#include "base/steady.h"
#include "validate/bars/shift.h"
#include "validate/bars/table.h"

/** No price moves by that factor in a day: what does is on another level. */
#define STEP_FACTOR 8.0
/** Levels within that factor are one: what the price did on the days of the steps does not count. */
#define SAME_FACTOR 3.0
/** A figure of a bar that is that factor from its close is none of the same day. */
#define COLUMN_FACTOR 8.0
/** The factors of units: 100 (pence, cents), 1000 (fils, lots), 10000; each is taken from these bounds on. */
#define UNIT_SLACK 2.5

/** Whether a log factor is near that of a unit. */
static bool is_unit(double shift)
{
    static const double factors[] = {100, 1000, 10000};
    for (size_t i = 0; i < sizeof(factors) / sizeof(factors[0]); i++) {
        if (fabs(fabs(shift) - steady_log(factors[i])) <= steady_log(UNIT_SLACK))
            return true;
    }
    return false;
}

/** Assigns live bars to plateaus of the level; `plateau_of` gets one for each. */
static void find_plateaus(const struct bar_trial *trial, struct plateaus *plateaus, size_t *plateau_of)
{
    size_t current = 0;
    *plateaus = (struct plateaus){.count = 1};
    for (size_t i = 0; i < trial->live_count; i++) {
        const double step = i ? trial_return(trial, i) : 0;
        if (fabs(step) > steady_log(STEP_FACTOR))
            current = plateau_reach(plateaus, current, step, steady_log(SAME_FACTOR));
        plateau_of[i] = current;
        plateaus->bars[current]++;
    }
}

/** Flags bars whose close is on another level than that of most, and takes the shift out of the levels. */
static void judge_levels(struct bar_trial *trial, const struct bar_rule *rule)
{
    struct plateaus plateaus;
    size_t *plateau_of = xcalloc(trial->live_count ? trial->live_count : 1, sizeof(*plateau_of));
    find_plateaus(trial, &plateaus, plateau_of);
    const size_t right = plateau_largest(&plateaus);
    for (size_t i = 0; i < trial->live_count; i++) {
        const double shift = plateaus.offset[plateau_of[i]] - plateaus.offset[right];
        if (plateau_of[i] == right || !is_unit(shift))
            continue;
        live_propose(&trial->live[i], rule);
        trial->live[i].level -= shift;
    }
    free(plateau_of);
    if (plateaus.count > 1)
        trial_measure(trial);
}

/** Whether one figure is a unit away from the close while the close is where it should be. */
static bool column_off(struct opt_double figure, double close)
{
    return is_price(figure) && fabs(steady_log(figure.value / close)) > steady_log(COLUMN_FACTOR);
}

/**
 * Fires on closes that are some 100, 1000 or 10000 times off the level of the series, single, in runs or up to a half of it, and
 * on bars of which open, high or low is on another level than the close.
 */
static void judge(struct bar_trial *trial, const struct bar_rule *rule)
{
    judge_levels(trial, rule);
    for (size_t i = 0; i < trial->live_count; i++) {
        struct day_bar *bar = trial->live[i].bar;
        const double close = bar->close.value;
        if (column_off(bar->open, close) || column_off(bar->high, close) || column_off(bar->low, close))
            bar_mark(bar, rule, VERDICT_SUSPECT);
    }
}

const struct bar_rule bars_unit_error = {.name = "unit_error", .stage = BAR_HISTORY, .judge = judge};
