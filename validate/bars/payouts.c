#include "validate/bars/payouts.h"

#include <math.h>
#include <stdlib.h>

#include "base/steady.h"

/** Least tolerance of an adjustment, and what half a cent (with a margin) is. */
#define TOLERANCE_MIN 0.0005
#define HALF_CENT 0.0051

/** Whether a live bar has an adjusted close, and a close that nothing speaks against. */
static bool has_adjustment(const struct live_bar *live)
{
    return !live->bar->suspect && is_price(live->bar->adj_close);
}

struct opt_double adjustment_step(const struct bar_trial *trial, size_t before, size_t at)
{
    const struct live_bar *old = &trial->live[before], *new = &trial->live[at];
    if (!has_adjustment(old) || !has_adjustment(new))
        return (struct opt_double){0};
    return SOME_DOUBLE(steady_log(new->bar->adj_close.value / old->bar->adj_close.value) - (new->level - old->level));
}

double adjustment_tolerance(const struct bar_trial *trial, size_t before, size_t at)
{
    const struct day_bar *old = trial->live[before].bar, *new = trial->live[at].bar;
    return TOLERANCE_MIN +
           HALF_CENT * (1 / old->close.value + 1 / old->adj_close.value + 1 / new->close.value + 1 / new->adj_close.value);
}

/** Whether the source adjusts for dividends: most of those that show above the rounding have their step. */
static bool is_adjusted(const struct bar_trial *trial, const struct payouts *payouts)
{
    size_t shown = 0, followed = 0;
    for (size_t i = 0; i < payouts->count; i++) {
        const struct payout *payout = &payouts->items[i];
        if (!payout->factor.set || payout->yield >= 1)
            continue;
        const double expected = -steady_log(1 - payout->yield);
        const double tolerance = adjustment_tolerance(trial, payout->at - 1, payout->at);
        if (expected < 2 * tolerance)
            continue;
        shown++;
        followed += fabs(payout->factor.value - expected) < tolerance + expected / 4;
    }
    return 2 * followed > shown;
}

void payouts_find(const struct bar_trial *trial, struct payouts *payouts)
{
    *payouts = (struct payouts){.items = xcalloc(trial->live_count ? trial->live_count : 1, sizeof(*payouts->items))};
    for (size_t i = 1; i < trial->live_count; i++) {
        const struct live_bar *before = &trial->live[i - 1], *live = &trial->live[i];
        if (!is_price(live->bar->dividend) || live->bar->suspect || before->bar->suspect)
            continue;
        payouts->items[payouts->count++] = (struct payout){
            .at = i, .yield = live->bar->dividend.value / before->bar->close.value, .factor = adjustment_step(trial, i - 1, i)};
    }
    payouts->adjusted = is_adjusted(trial, payouts);
}

void payouts_clear(struct payouts *payouts)
{
    free(payouts->items);
    payouts->items = NULL;
    payouts->count = 0;
}
