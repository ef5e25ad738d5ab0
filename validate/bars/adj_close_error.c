#include <math.h>
#include <stdlib.h>

#include "base/steady.h"
#include "validate/bars/payouts.h"
#include "validate/bars/statistics.h"
#include "validate/bars/table.h"

/** Longest run of bars with another adjustment than those on both sides. */
#define RUN_MAX 400
/** Points whose median is where the adjustment stands before a run and behind it. */
#define SIDE 5
/** What may be left of a step for it to have gone back. */
#define BACK_SHARE 0.5
/** A first or last bar has one side only: its step must be larger than any dividend. */
#define EDGE_STEP 0.3

/** A live bar with an adjustment. */
struct point {
    size_t at;        /* live bar */
    double rest;      /* log adjustment, relative to the first point's, with the dividends taken out */
    double tolerance; /* of the step from the point before */
};

struct points {
    struct point *items;
    size_t count;
};

/** What the dividends behind live bar `before` and up to `at` change the adjustment by. */
static double expected_step(const struct bar_trial *trial, const struct payouts *payouts, size_t *next, size_t at)
{
    double sum = 0;
    for (; *next < payouts->count && payouts->items[*next].at <= at; ++*next) {
        const struct payout *payout = &payouts->items[*next];
        /* A dividend that is wrong itself says nothing of the adjustment: then what the source did is believed. */
        if (bar_marked(trial->live[payout->at].bar, &bars_dividend_error))
            sum += payout->factor.set ? payout->factor.value : 0;
        else if (payouts->adjusted)
            sum -= steady_log(1 - payout->yield);
    }
    return sum;
}

/** Makes the points of a trial. */
static struct points points_of(const struct bar_trial *trial, const struct payouts *payouts)
{
    struct points points = {.items = xcalloc(trial->live_count ? trial->live_count : 1, sizeof(*points.items))};
    size_t next = 0;
    for (size_t i = 0; i < trial->live_count; i++) {
        const struct point *last = points.count ? &points.items[points.count - 1] : NULL;
        const struct opt_double step = adjustment_step(trial, last ? last->at : i, i);
        if (!step.set)
            continue;
        struct point point = {.at = i};
        const double expected = expected_step(trial, payouts, &next, i);
        if (last) {
            point.rest = last->rest + step.value - expected;
            point.tolerance = adjustment_tolerance(trial, last->at, i);
        }
        points.items[points.count++] = point;
    }
    return points;
}

/** The median adjustment of up to SIDE points from `first` on. */
static double median_rest(const struct points *points, size_t first, size_t count)
{
    double values[SIDE];
    size_t taken = 0;
    for (; taken < count && first + taken < points->count; taken++)
        values[taken] = points->items[first + taken].rest;
    return median_of(values, taken);
}

/**
 * The point from which on the adjustment is nearly back where it was before point i; 0: it is not within RUN_MAX, or it was in
 * between, so that no single error explains it.
 */
static size_t way_back(const struct points *points, size_t i)
{
    const size_t side = i < SIDE ? i : SIDE;
    const double before = median_rest(points, i - side, side), step = fabs(points->items[i].rest - before);
    for (size_t k = i + 1; k < points->count && k <= i + RUN_MAX; k++) {
        const double limit = fmin(BACK_SHARE * step, points->items[i].tolerance + points->items[k].tolerance);
        if (fabs(points->items[k].rest - before) <= limit)
            return fabs(median_rest(points, k, SIDE) - before) <= limit ? k : 0;
    }
    return 0;
}

/** What the step into point i is when it does not go back. */
static void judge_step(struct bar_trial *trial, const struct bar_rule *rule, const struct points *points, size_t i, bool listed)
{
    const double step = points->items[i].rest - points->items[i - 1].rest;
    const bool edge = i == 1 || i + 1 == points->count;
    struct day_bar *bar = trial->live[points->items[i == 1 ? 0 : i].at].bar;
    if (edge && fabs(step) > EDGE_STEP)
        bar_mark(bar, rule, VERDICT_SUSPECT);
    else if (step < 0)
        bar_mark(trial->live[points->items[i].at].bar, rule, VERDICT_SUSPECT);
    else if (listed)
        bar_mark(trial->live[points->items[i].at].bar, rule, VERDICT_PASS);
}

/** Goes through the points and flags runs and steps. */
static void judge_points(struct bar_trial *trial, const struct bar_rule *rule, const struct points *points, bool listed)
{
    for (size_t i = 1; i < points->count; i++) {
        if (fabs(points->items[i].rest - points->items[i - 1].rest) <= points->items[i].tolerance)
            continue;
        const size_t back = way_back(points, i);
        if (back == 0)
            judge_step(trial, rule, points, i, listed);
        for (; i < back; i++)
            bar_mark(trial->live[points->items[i].at].bar, rule, VERDICT_SUSPECT);
    }
}

/**
 * Fires on bars whose adjusted close does not go with close and dividends: a run with another adjustment than the bars on both
 * sides, and a step down on the way to newer bars, which no dividend makes (also: a dividend that was not adjusted for, where
 * others were). A step up that no listed dividend explains is only flagged.
 */
static void judge(struct bar_trial *trial, const struct bar_rule *rule)
{
    struct payouts payouts;
    payouts_find(trial, &payouts);
    struct points points = points_of(trial, &payouts);
    judge_points(trial, rule, &points, payouts.count > 0 && payouts.adjusted);
    free(points.items);
    payouts_clear(&payouts);
}

const struct bar_rule bars_adj_close_error = {.name = "adj_close_error", .stage = BAR_FINAL, .judge = judge};
