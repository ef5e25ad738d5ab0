#include <math.h>
#include <stdlib.h>

#include "base/steady.h"
#include "validate/bars/shift.h"
#include "validate/bars/statistics.h"
#include "validate/bars/table.h"

/** Least step that is looked at; 3:2 makes one of 0.405. */
#define STEP_MIN 0.3
/** How far a step may miss the log of its ratio: what the price does in a night, within these bounds. */
#define TOLERANCE_SPREADS 3.0
#define TOLERANCE_MIN 0.02
#define TOLERANCE_MAX 0.10
/** A step up without a way back is only taken for a reverse split from that ratio on: takeovers make smaller ones. */
#define REVERSE_MIN 4.0
/**
 * The day of a crash is wilder than that of a split. Wildness is the range over the usual one times the volume over the usual
 * one: above 3 on a day of twenty, and on nearly every day of a real move of that size.
 */
#define WILDNESS_MAX 3.0
/** That of the day of the step back, whose ratio is known already. */
#define WILDNESS_OTHER_MAX 5.0
/** Bars whose usual range and volume are compared with; the days on each side that a level must stay. */
#define USUAL_BARS 20
#define STAY_BARS 7
/** The fewest of them, at an end of the series; and the share of the ratio by which the levels of both sides may miss it. */
#define STAY_FEWEST 3
#define STAY_SHARE 0.4
/** Logs of one ratio differ by less. */
#define SAME_RATIO 1e-9
/** What may be left of a step after its counterpart; more within so many bars. */
#define COUNTERPART_SHARE 0.3
#define COUNTERPART_SHARE_NEAR 0.5
#define NEAR_BARS 60
/** Days between two bars of a long weekend. */
#define GAP_DAYS 5
/** An announcement may be that many bars from the step. */
#define ANNOUNCED_BARS 3
/** Share of the bars up to which the older side is taken for the unadjusted one; beyond, the newer side, being few, is. */
#define OLDER_SHARE_MAX 0.6

/** Log of the split ratio that a step is, negative for steps down; 0: none. */
static double nearest_ratio(double step, double tolerance)
{
    static const double ratios[] = {1.5, 2, 3, 4, 5, 10, 20};
    for (size_t i = 0; i < sizeof(ratios) / sizeof(ratios[0]); i++) {
        if (fabs(fabs(step) - steady_log(ratios[i])) <= tolerance)
            return copysign(steady_log(ratios[i]), step);
    }
    return 0;
}

/** How far the step into live bar i may miss its ratio. */
static double tolerance_at(const struct live_bar *live)
{
    return fmin(TOLERANCE_MAX, fmax(TOLERANCE_MIN, TOLERANCE_SPREADS * live->local_spread));
}

/** Log of high over low; 0 when one is missing. */
static double range_of(const struct day_bar *bar)
{
    return is_price(bar->high) && is_price(bar->low) ? fabs(steady_log(bar->high.value / bar->low.value)) : 0;
}

/** The volume; 0 when there is none. */
static double volume_of(const struct day_bar *bar)
{
    return is_price(bar->volume) ? bar->volume.value : 0;
}

/** The median of a figure over the USUAL_BARS live bars before i and behind it. */
static double usual(const struct bar_trial *trial, size_t i, double (*figure)(const struct day_bar *))
{
    double values[2 * USUAL_BARS];
    size_t count = 0;
    for (size_t k = i > USUAL_BARS ? i - USUAL_BARS : 0; k < trial->live_count && k < i + USUAL_BARS; k++) {
        if (k != i && figure(trial->live[k].bar) > 0)
            values[count++] = figure(trial->live[k].bar);
    }
    return median_of(values, count);
}

/** The step into live bar i as far as it was made outside of trading hours, where a split is; the whole one without an open. */
static double night_step(const struct bar_trial *trial, size_t i)
{
    return trial_return(trial, i) - move_inside(trial->live[i].bar);
}

/** How wild the day of live bar i was. Without volumes the range stands for both. */
static double wildness(const struct bar_trial *trial, size_t i)
{
    const struct day_bar *bar = trial->live[i].bar;
    const double usual_range = usual(trial, i, range_of), usual_volume = usual(trial, i, volume_of);
    const double range = usual_range > 0 ? range_of(bar) / usual_range : 1;
    const double volume = usual_volume > 0 ? volume_of(bar) / usual_volume : range;
    return fmax(range, 1) * fmax(volume, 1);
}

/** The median level of `count` live bars from `first` on. */
static double median_level(const struct bar_trial *trial, size_t first, size_t count)
{
    double values[STAY_BARS];
    for (size_t k = 0; k < count; k++)
        values[k] = trial->live[first + k].level;
    return median_of(values, count);
}

/** Whether the level of the days behind the step into live bar i is that of the days before, moved by the ratio. */
static bool stays(const struct bar_trial *trial, size_t i, double ratio)
{
    const size_t before = i < STAY_BARS ? i : STAY_BARS;
    const size_t after = trial->live_count - i < STAY_BARS ? trial->live_count - i : STAY_BARS;
    if (before < STAY_FEWEST || after < STAY_FEWEST)
        return false;
    const double moved = median_level(trial, i, after) - median_level(trial, i - before, before);
    return fabs(moved - ratio) < STAY_SHARE * fabs(ratio);
}

/** Whether the adjusted close goes on across the step, which says that it is known; only of use where no splits are announced. */
static bool adjusted_goes_on(const struct bar_trial *trial, size_t i)
{
    const struct day_bar *before = trial->live[i - 1].bar, *bar = trial->live[i].bar;
    if (!is_price(before->adj_close) || !is_price(bar->adj_close))
        return false;
    return fabs(steady_log(bar->adj_close.value / before->adj_close.value)) < STEP_MIN / 2;
}

/** Whether a split is announced near live bar i that is the ratio's. */
static bool is_announced(const struct bar_trial *trial, size_t i, double ratio)
{
    const size_t first = i > ANNOUNCED_BARS ? i - ANNOUNCED_BARS : 0;
    for (size_t k = first; k <= i + ANNOUNCED_BARS && k < trial->live_count; k++) {
        if (fabs(steady_log(announced_split(trial->live[k].bar)) + ratio) < TOLERANCE_MAX)
            return true;
    }
    return false;
}

/** Whether the source has a column of splits at all. */
static bool gives_splits(const struct bar_trial *trial)
{
    for (size_t i = 0; i < trial->live_count; i++) {
        if (trial->live[i].bar->split.set)
            return true;
    }
    return false;
}

/** Log of the ratio of the step into live bar i when it can be that of a split; 0 otherwise. */
static double split_step(const struct bar_trial *trial, size_t i)
{
    if (fabs(trial_return(trial, i)) < STEP_MIN || live_doubted(&trial->live[i - 1]) || live_doubted(&trial->live[i]))
        return 0;
    const double ratio = nearest_ratio(night_step(trial, i), tolerance_at(&trial->live[i]));
    return ratio != 0 && stays(trial, i, ratio) && !is_announced(trial, i, ratio) ? ratio : 0;
}

/** Whether the steps into live bars i and k go opposite ways and are about equally large. */
static bool is_counterpart(const struct bar_trial *trial, size_t i, size_t k)
{
    const double step = trial_return(trial, i), rest = step + trial_return(trial, k);
    const size_t away = i > k ? i - k : k - i;
    return fabs(rest) < (away <= NEAR_BARS ? COUNTERPART_SHARE_NEAR : COUNTERPART_SHARE) * fabs(step);
}

/** The counterpart that is nearest to the step into live bar i; 0: there is none. */
static size_t counterpart(const struct bar_trial *trial, size_t i)
{
    for (size_t away = 1; away < trial->live_count; away++) {
        if (i > away && is_counterpart(trial, i, i - away))
            return i - away;
        if (i + away < trial->live_count && is_counterpart(trial, i, i + away))
            return i + away;
    }
    return 0;
}

/** Whether the days of the step into live bar i follow each other, with nothing left out that could have been a crash. */
static bool is_gapless(const struct bar_trial *trial, size_t i)
{
    const struct live_bar *before = &trial->live[i - 1], *live = &trial->live[i];
    return live->bar == before->bar + 1 && live->bar->day - before->bar->day <= GAP_DAYS;
}

/**
 * Keeps the step into live bar i when it is that of a split rather than a move; `kept` has the ratios. Where a step goes the
 * other way, it must be of the same ratio: then the two bound what lies between. Else the level came back by itself, or which
 * side is wrong is open.
 */
static void keep_credible(const struct bar_trial *trial, size_t i, double ratio, double *kept)
{
    const size_t other = counterpart(trial, i);
    const bool small_upward = ratio > 0 && ratio < steady_log(REVERSE_MIN) - SAME_RATIO;
    if (wildness(trial, i) > WILDNESS_MAX || !is_gapless(trial, i) || (!other && small_upward))
        return;
    if (other) {
        if (fabs(night_step(trial, other) + ratio) > tolerance_at(&trial->live[other]) || !stays(trial, other, -ratio) ||
            wildness(trial, other) > WILDNESS_OTHER_MAX)
            return;
        kept[other] = -ratio;
    }
    kept[i] = ratio;
}

/** Whether the adjusted close explains the step: the history is as it was traded, and the source lists no splits at all. */
static bool is_known(const struct bar_trial *trial, size_t i, bool lists_splits)
{
    return !lists_splits && adjusted_goes_on(trial, i);
}

/** Finds the steps; `steps` gets their ratios, 0 elsewhere. Steps that are known are taken out of the levels. */
static void find_steps(struct bar_trial *trial, double *steps)
{
    const size_t count = trial->live_count;
    const bool lists_splits = gives_splits(trial);
    double known = 0;
    for (size_t i = 1; i < count; i++)
        steps[i] = split_step(trial, i);
    for (size_t i = 1; i < count; i++) {
        if (steps[i] != 0 && is_known(trial, i, lists_splits)) {
            known += steps[i];
            steps[i] = 0;
        }
        trial->live[i].level -= known;
    }
}

/** Which plateau is right: that of the newest bar unless it is one of few, since prices of today need no adjustment. */
static size_t right_plateau(const struct plateaus *plateaus, size_t newest, size_t count)
{
    const size_t largest = plateau_largest(plateaus);
    return (double)plateaus->bars[newest] >= (1 - OLDER_SHARE_MAX) * (double)count ? newest : largest;
}

/** Proposes the flag for all bars that are not on the right plateau, and takes the shift out of their levels. */
static void judge_steps(struct bar_trial *trial, const struct bar_rule *rule, const double *steps)
{
    struct plateaus plateaus = {.count = 1};
    size_t *plateau_of = xcalloc(trial->live_count, sizeof(*plateau_of));
    size_t current = 0;
    for (size_t i = 0; i < trial->live_count; i++) {
        if (steps[i] != 0)
            current = plateau_reach(&plateaus, current, steps[i], TOLERANCE_MAX);
        plateau_of[i] = current;
        plateaus.bars[current]++;
    }
    const size_t right = right_plateau(&plateaus, current, trial->live_count);
    for (size_t i = 0; i < trial->live_count; i++) {
        if (plateau_of[i] == right)
            continue;
        live_propose(&trial->live[i], rule);
        trial->live[i].level -= plateaus.offset[plateau_of[i]] - plateaus.offset[right];
    }
    free(plateau_of);
}

/**
 * Fires on a part of a history that a split has not reached: the level steps by the ratio of a split that is not announced, in a
 * night, on a calm day, and stays. Prices of today are as they are traded, so the older side is the unadjusted one, unless that
 * is most of the series; between a step and its return it is what lies between.
 */
static void judge(struct bar_trial *trial, const struct bar_rule *rule)
{
    const size_t count = trial->live_count;
    if (count == 0)
        return;
    double *steps = xcalloc(count, sizeof(*steps)), *kept = xcalloc(count, sizeof(*kept));
    find_steps(trial, steps);
    for (size_t i = 1; i < count; i++) {
        if (steps[i] != 0)
            keep_credible(trial, i, steps[i], kept);
    }
    judge_steps(trial, rule, kept);
    trial_measure(trial);
    free(steps);
    free(kept);
}

const struct bar_rule bars_missed_split = {.name = "missed_split", .stage = BAR_HISTORY, .judge = judge};
