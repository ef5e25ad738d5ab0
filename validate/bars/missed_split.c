#include <math.h>
#include <stdlib.h>

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
 * one: above 3 on a day of twenty, and on nearly every day of a real move of that size. With a step back beside it less is asked.
 */
#define WILDNESS_ALONE 3.0
#define WILDNESS_RETURNED 5.0
/** Bars whose usual range and volume are compared with; the days on each side that a level must stay. */
#define USUAL_BARS 20
#define STAY_BARS 3
/** Logs of one ratio differ by less. */
#define SAME_RATIO 1e-9
/** What may be left of a step after its counterpart. */
#define COUNTERPART_SHARE 0.3
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
        if (fabs(fabs(step) - log(ratios[i])) <= tolerance)
            return copysign(log(ratios[i]), step);
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
    return is_price(bar->high) && is_price(bar->low) ? fabs(log(bar->high.value / bar->low.value)) : 0;
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

/** Whether the step into live bar i was made outside of trading hours, as that of a split is. */
static bool is_nightly(const struct bar_trial *trial, size_t i, double ratio)
{
    const struct live_bar *live = &trial->live[i];
    if (!is_price(live->bar->open))
        return true;
    const double inside = log(live->bar->close.value / live->bar->open.value);
    return fabs(trial_return(trial, i) - inside - ratio) <= 2 * tolerance_at(live);
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

/** Whether the level stays on both sides of the step into live bar i. */
static bool stays(const struct bar_trial *trial, size_t i, double ratio)
{
    if (i < STAY_BARS || i + STAY_BARS > trial->live_count)
        return false;
    for (size_t k = 1; k < STAY_BARS; k++) {
        if (fabs(trial_return(trial, i - k)) > fabs(ratio) / 2 || fabs(trial_return(trial, i + k)) > fabs(ratio) / 2)
            return false;
    }
    return true;
}

/** Whether the adjusted close goes on across the step, which says that it is known; only of use where no splits are announced. */
static bool adjusted_goes_on(const struct bar_trial *trial, size_t i)
{
    const struct day_bar *before = trial->live[i - 1].bar, *bar = trial->live[i].bar;
    if (!is_price(before->adj_close) || !is_price(bar->adj_close))
        return false;
    return fabs(log(bar->adj_close.value / before->adj_close.value)) < STEP_MIN / 2;
}

/** Whether a split is announced near live bar i that is the ratio's. */
static bool is_announced(const struct bar_trial *trial, size_t i, double ratio)
{
    const size_t first = i > ANNOUNCED_BARS ? i - ANNOUNCED_BARS : 0;
    for (size_t k = first; k <= i + ANNOUNCED_BARS && k < trial->live_count; k++) {
        if (fabs(log(announced_split(trial->live[k].bar)) + ratio) < TOLERANCE_MAX)
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
    const double step = trial_return(trial, i);
    const double ratio = fabs(step) < STEP_MIN ? 0 : nearest_ratio(step, tolerance_at(&trial->live[i]));
    return ratio != 0 && is_nightly(trial, i, ratio) && stays(trial, i, ratio) && !is_announced(trial, i, ratio) ? ratio : 0;
}

/** Whether another calm step makes up for the one into live bar i exactly: the two bound what lies between. */
static bool has_return(const double *steps, size_t count, size_t i)
{
    for (size_t k = 0; k < count; k++) {
        if (steps[k] != 0 && fabs(steps[k] + steps[i]) < SAME_RATIO)
            return true;
    }
    return false;
}

/** Whether any step the other way is about as large: then the level may have come back, and which side is wrong is open. */
static bool has_counterpart(const struct bar_trial *trial, size_t i)
{
    const double step = trial_return(trial, i);
    for (size_t k = 1; k < trial->live_count; k++) {
        if (fabs(trial_return(trial, k) + step) < COUNTERPART_SHARE * fabs(step))
            return true;
    }
    return false;
}

/** Whether the days of the step into live bar i follow each other, with nothing left out that could have been a crash. */
static bool is_gapless(const struct bar_trial *trial, size_t i)
{
    const struct live_bar *before = &trial->live[i - 1], *live = &trial->live[i];
    return live->bar == before->bar + 1 && live->bar->day - before->bar->day <= GAP_DAYS && !before->proposed && !live->proposed;
}

/** Whether the step into live bar i, which none makes up for, is that of a split rather than a move. */
static bool stands_alone(const struct bar_trial *trial, const double *steps, size_t i)
{
    const bool small_upward = steps[i] > 0 && steps[i] < log(REVERSE_MIN) - SAME_RATIO;
    return !small_upward && wildness(trial, i) <= WILDNESS_ALONE && !has_counterpart(trial, i);
}

/** Keeps of the steps those that are credible. Returns how many are left. */
static size_t keep_credible(const struct bar_trial *trial, double *steps)
{
    const size_t count = trial->live_count;
    size_t left = 0;
    bool *kept = xcalloc(count, sizeof(*kept));
    for (size_t i = 1; i < count; i++) {
        if (steps[i] != 0 && (wildness(trial, i) > WILDNESS_RETURNED || !is_gapless(trial, i)))
            steps[i] = 0;
    }
    for (size_t i = 1; i < count; i++)
        kept[i] = steps[i] != 0 && (has_return(steps, count, i) || stands_alone(trial, steps, i));
    for (size_t i = 1; i < count; i++) {
        steps[i] = kept[i] ? steps[i] : 0;
        left += kept[i];
    }
    free(kept);
    return left;
}

/**
 * Finds the steps; `steps` gets their ratios, 0 elsewhere. Those that the adjusted close explains are taken out of the levels:
 * the history is as it was traded. Returns how many are left.
 */
static size_t find_steps(struct bar_trial *trial, double *steps)
{
    const bool explains = !gives_splits(trial);
    double known = 0;
    for (size_t i = 1; i < trial->live_count; i++) {
        steps[i] = split_step(trial, i);
        trial->live[i - 1].level -= known;
        if (steps[i] != 0 && explains && adjusted_goes_on(trial, i)) {
            known += steps[i];
            steps[i] = 0;
        }
    }
    trial->live[trial->live_count - 1].level -= known;
    return keep_credible(trial, steps);
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
    if (trial->live_count == 0)
        return;
    double *steps = xcalloc(trial->live_count, sizeof(*steps));
    if (find_steps(trial, steps))
        judge_steps(trial, rule, steps);
    trial_measure(trial);
    free(steps);
}

const struct bar_rule bars_missed_split = {.name = "missed_split", .stage = BAR_HISTORY, .judge = judge};
