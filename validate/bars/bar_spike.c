#include <math.h>

#include "validate/bars/statistics.h"
#include "validate/bars/table.h"
#include "validate/robust.h"

/** Longest run of days that is taken for a spike. */
#define RUN_MAX 5
/** Days on each side whose median is the level that a spike leaves and comes back to. */
#define SIDE ((size_t)3)
/** The levels on both sides may differ by that share of the spike. */
#define BACK_SHARE 0.5
/** Last digits of a price by which it must move at least. */
#define TICKS_MIN 3.0
/** Share of the spike that must lie outside of trading hours for it to be measured by the nights. */
#define NIGHT_PART 0.8
/** Nights on each side that their spread is taken from. */
#define NIGHTS_SIDE 10
/** At an end of a series one side is missing: only what no real move is counts, as log and as multiple of the limit. */
#define EDGE_MIN 1.1
#define EDGE_FACTOR 3.0

/** A run of live bars, `first` to `last`. */
struct run {
    size_t first;
    size_t last;
};

/** The deviation that counts at live bar i, as log. */
static double limit_at(const struct bar_trial *trial, size_t i)
{
    return fmax(trial->settings->spike_floor_bps / 1e4, trial->settings->spike_k * trial->live[i].local_spread);
}

/** The median level of up to SIDE live bars before a run, or behind it. */
static double side_level(const struct bar_trial *trial, struct run run, bool before)
{
    double values[SIDE];
    size_t count = 0;
    for (size_t k = 1; k <= SIDE; k++) {
        if (before ? run.first >= k : run.last + k < trial->live_count)
            values[count++] = trial->live[before ? run.first - k : run.last + k].level;
    }
    return median_of(values, count);
}

/** The part of the step into live bar i that was made between the close before and the open; the whole step without an open. */
static double night_step(const struct bar_trial *trial, size_t i)
{
    return trial_return(trial, i) - move_inside(trial->live[i].bar);
}

/** Whether the step into live bar i was made over one night, and with an open behind it. */
static bool has_night(const struct bar_trial *trial, size_t i)
{
    return is_price(trial->live[i].bar->open) && trial->live[i].bar == trial->live[i - 1].bar + 1;
}

/** The robust standard deviation of the steps over the nights around a run, its own two left out. */
static double night_spread(const struct bar_trial *trial, struct run run)
{
    double steps[2 * NIGHTS_SIDE];
    size_t count = 0;
    for (size_t k = 1; k <= NIGHTS_SIDE; k++) {
        if (run.first > k)
            steps[count++] = fabs(night_step(trial, run.first - k));
        if (run.last + 1 + k < trial->live_count)
            steps[count++] = fabs(night_step(trial, run.last + 1 + k));
    }
    return MAD_TO_SIGMA * median_of(steps, count);
}

/**
 * The deviation that makes the run a spike. A whole bar that is off shows in the two nights around it, in which prices move less
 * than over a day: so that is what it is measured by.
 */
static double run_limit(const struct bar_trial *trial, struct run run, double deviation, double sign)
{
    const double by_days = fmax(limit_at(trial, run.first), limit_at(trial, run.last));
    if (!has_night(trial, run.first) || !has_night(trial, run.last + 1) ||
        sign * night_step(trial, run.first) < NIGHT_PART * deviation ||
        -sign * night_step(trial, run.last + 1) < NIGHT_PART * deviation)
        return by_days;
    const double by_nights = trial->settings->spike_k * night_spread(trial, run);
    return fmin(by_days, fmax(by_nights, trial->settings->spike_floor_bps / 1e4));
}

/** What a few last digits of the prices around a run are, as log: a price of few digits moves by no less. */
static double tick_limit(const struct bar_trial *trial, struct run run)
{
    const struct day_bar *before = trial->live[run.first - 1].bar, *bar = trial->live[run.first].bar,
                         *after = trial->live[run.last + 1].bar;
    const double tick = fmin(bar_tick(bar), fmin(bar_tick(before), bar_tick(after)));
    return TICKS_MIN * tick / fmin(bar->close.value, fmin(before->close.value, after->close.value));
}

/** Whether the run leaves its surroundings by more than the limit and comes back to them. */
static bool is_spike(const struct bar_trial *trial, struct run run)
{
    const double there = trial_return(trial, run.first), back = -trial_return(trial, run.last + 1);
    const double before = side_level(trial, run, true), after = side_level(trial, run, false);
    const double first = trial->live[run.first].level, last = trial->live[run.last].level;
    const double sign = copysign(1, there);
    /* The least of all distances, so that a day of a real move, which one side agrees with, is none. */
    const double deviation = fmin(fmin(sign * there, sign * back), fmin(sign * (first - before), sign * (last - after)));
    return deviation > run_limit(trial, run, deviation, sign) && deviation > tick_limit(trial, run) &&
           fabs(after - before) < BACK_SHARE * deviation;
}

/** The longest step that begins a spike is looked for from live bar `first` on: its end, or 0. */
static size_t spike_end(const struct bar_trial *trial, size_t first)
{
    const double there = trial_return(trial, first);
    if (fabs(there) < trial->settings->spike_floor_bps / 1e4)
        return 0;
    for (size_t last = first; last < first + RUN_MAX && last + 1 < trial->live_count; last++) {
        if (is_spike(trial, (struct run){first, last}))
            return last;
    }
    return 0;
}

/** Proposes the flag for the first or last live bar when it is where no move goes to. */
static void judge_edge(struct bar_trial *trial, const struct bar_rule *rule, size_t edge, size_t step)
{
    const double move = fabs(trial_return(trial, step));
    if (move > EDGE_MIN && move > EDGE_FACTOR * limit_at(trial, edge))
        live_propose(&trial->live[edge], rule);
}

/** Proposes the flag for the bars of a run, and puts their levels where those before are: the next rule is not to see the steps.
 */
static void take_out(struct bar_trial *trial, const struct bar_rule *rule, struct run run)
{
    const double level = side_level(trial, run, true);
    for (size_t i = run.first; i <= run.last; i++) {
        live_propose(&trial->live[i], rule);
        trial->live[i].level = level;
    }
}

/** Fires on one to five days that leave the level of the days around and come back to it, and on such a first or last day. */
static void judge(struct bar_trial *trial, const struct bar_rule *rule)
{
    const size_t count = trial->live_count;
    if (count < 2 * SIDE)
        return;
    for (size_t first = 1; first + 1 < count; first++) {
        const size_t last = spike_end(trial, first);
        if (last == 0)
            continue;
        take_out(trial, rule, (struct run){first, last});
        first = last;
    }
    judge_edge(trial, rule, 0, 1);
    judge_edge(trial, rule, count - 1, count - 1);
    trial_measure(trial);
}

const struct bar_rule bars_bar_spike = {.name = "bar_spike", .stage = BAR_HISTORY, .judge = judge};
