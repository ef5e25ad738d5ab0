#include "validate/bars/trial.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

#include "base/steady.h"
#include "validate/bars/statistics.h"
#include "validate/bars/table.h"
#include "validate/robust.h"

/** Bars on each side that the local spread is taken from. */
#define LOCAL_SIDE ((size_t)10)
/** Bars on each side of an announced split whose median says whether the price shows it. */
#define SPLIT_SIDE 3
/** Steps of prices that are looked for in one bar. */
#define LARGEST_STEP 10.0
#define SMALLEST_STEP 1e-8
/** How much of a price is rounding of its binary form. */
#define TICK_NOISE 1e-6
/** Least spread: a series that hardly moves still has rounded prices. */
#define SPREAD_MIN 1e-4

void bar_mark(struct day_bar *bar, const struct bar_rule *rule, enum verdict verdict)
{
    const uint32_t bit = UINT32_C(1) << bar_rule_bit(rule);
    bar->flags |= bit;
    bar->suspect |= verdict == VERDICT_SUSPECT ? bit : 0;
    bar->reject |= verdict == VERDICT_REJECT ? bit : 0;
}

bool bar_marked(const struct day_bar *bar, const struct bar_rule *rule)
{
    return bar->flags >> bar_rule_bit(rule) & 1;
}

bool live_doubted(const struct live_bar *live)
{
    return live->proposed || live->bar->suspect;
}

void live_propose(struct live_bar *live, const struct bar_rule *rule)
{
    live->proposed |= UINT32_C(1) << bar_rule_bit(rule);
}

void trial_commit(struct bar_trial *trial)
{
    for (size_t i = 0; i < trial->live_count; i++) {
        trial->live[i].bar->flags |= trial->live[i].proposed;
        trial->live[i].bar->suspect |= trial->live[i].proposed;
    }
}

bool is_price(struct opt_double figure)
{
    return figure.set && isfinite(figure.value) && figure.value > 0;
}

/** Whether a price is a multiple of a step. */
static bool is_multiple(struct opt_double price, double step)
{
    return !price.set || fabs(price.value - step * round(price.value / step)) <= TICK_NOISE * price.value;
}

double bar_tick(const struct day_bar *bar)
{
    double step = LARGEST_STEP;
    while (step > SMALLEST_STEP && !(is_multiple(bar->open, step) && is_multiple(bar->high, step) &&
                                     is_multiple(bar->low, step) && is_multiple(bar->close, step)))
        step /= 10;
    return step;
}

double announced_split(const struct day_bar *bar)
{
    return is_price(bar->split) ? bar->split.value : 1;
}

double trial_return(const struct bar_trial *trial, size_t i)
{
    assert(i > 0 && i < trial->live_count);
    return trial->live[i].level - trial->live[i - 1].level;
}

double move_inside(const struct day_bar *bar)
{
    return is_price(bar->open) ? steady_log(bar->close.value / bar->open.value) : 0;
}

/** The median basis of up to SPLIT_SIDE live bars from `first` on, before the splits are taken out. */
static double median_basis(const struct bar_trial *trial, size_t first, size_t count)
{
    double values[SPLIT_SIDE];
    size_t taken = 0;
    for (; taken < count && first + taken < trial->live_count; taken++)
        values[taken] = steady_log(trial->live[first + taken].bar->close.value);
    return median_of(values, taken);
}

/**
 * Takes announced splits out of the basis where the price shows them. A source that has adjusted its history for the split shows
 * no step there; one that gives prices as traded does.
 */
static void take_out_splits(struct bar_trial *trial)
{
    double shift = 0;
    for (size_t i = trial->live_count; i-- > 0;) {
        struct live_bar *live = &trial->live[i];
        const double split = steady_log(announced_split(live->bar));
        live->basis -= shift;
        if (split == 0 || i == 0)
            continue;
        const size_t before = i < SPLIT_SIDE ? i : SPLIT_SIDE;
        const double step = median_basis(trial, i, SPLIT_SIDE) - median_basis(trial, i - before, before);
        if (fabs(step + split) < fabs(step))
            shift += split;
    }
}

/** Makes a bar live, in the place of another one of its day when that one was flagged as the duplicate. */
static void add_live(struct bar_trial *trial, struct day_bar *bar)
{
    struct live_bar *last = trial->live_count ? &trial->live[trial->live_count - 1] : NULL;
    assert(trial->live);
    const struct live_bar live = {.bar = bar, .basis = steady_log(bar->close.value)};
    if (!last || last->bar->day != bar->day)
        trial->live[trial->live_count++] = live;
    else if (bar_marked(last->bar, &bars_duplicate_day) && !bar_marked(bar, &bars_duplicate_day))
        *last = live;
}

void trial_prepare(struct bar_trial *trial)
{
    const struct bar_series *series = trial->series;
    trial->live = xcalloc(series->count ? series->count : 1, sizeof(*trial->live));
    trial->live_count = 0;
    for (size_t i = 0; i < series->count; i++) {
        if (!series->bars[i].reject && is_price(series->bars[i].close))
            add_live(trial, &series->bars[i]);
    }
    take_out_splits(trial);
    for (size_t i = 0; i < trial->live_count; i++)
        trial->live[i].level = trial->live[i].basis;
    trial_measure(trial);
}

void trial_clear(struct bar_trial *trial)
{
    free(trial->live);
    trial->live = NULL;
    trial->live_count = 0;
}

/** The spread of the returns around live bar i. Its own return and the next one are left out: a spike would hide itself. */
static double local_spread(const struct bar_trial *trial, size_t i)
{
    double moves[2 * LOCAL_SIDE];
    size_t count = 0;
    const size_t first = i > LOCAL_SIDE ? i - LOCAL_SIDE : 1;
    for (size_t k = first; k < trial->live_count && k <= i + 1 + LOCAL_SIDE && count < 2 * LOCAL_SIDE; k++) {
        if (k != i && k != i + 1)
            moves[count++] = fabs(trial_return(trial, k));
    }
    return MAD_TO_SIGMA * median_of(moves, count);
}

void trial_measure(struct bar_trial *trial)
{
    const size_t count = trial->live_count;
    double *moves = xcalloc(count ? count : 1, sizeof(*moves));
    for (size_t i = 1; i < count; i++)
        moves[i - 1] = fabs(trial_return(trial, i));
    trial->spread = fmax(SPREAD_MIN, MAD_TO_SIGMA * median_of(moves, count ? count - 1 : 0));
    free(moves);
    for (size_t i = 0; i < count; i++)
        trial->live[i].local_spread = fmax(trial->spread, local_spread(trial, i));
}

size_t trial_seek(const struct bar_trial *trial, int64_t day)
{
    size_t first = 0, end = trial->live_count;
    while (first < end) {
        const size_t middle = first + (end - first) / 2;
        if (trial->live[middle].bar->day < day)
            first = middle + 1;
        else
            end = middle;
    }
    return first;
}

const struct live_bar *trial_find(const struct bar_trial *trial, int64_t day)
{
    const size_t at = trial_seek(trial, day);
    return at < trial->live_count && trial->live[at].bar->day == day ? &trial->live[at] : NULL;
}
