#include <math.h>

#include "base/steady.h"
#include "validate/bars/payouts.h"
#include "validate/bars/statistics.h"
#include "validate/bars/table.h"

/** Dividends on each side that one is compared with, and the fewest that say something. */
#define SIDE 4
#define FEWEST 2
/** A ratio within that factor of 100 is an error of the unit. */
#define UNIT 100.0
#define UNIT_SLACK 1.6
/** From that yield on, and from that many spreads of the daily return on, the price must show a dividend on its ex-date. */
#define SHOWING_YIELD 0.10
#define SHOWING_SPREADS 6.0

/** Whether two yields are a unit apart. */
static bool unit_apart(double a, double b)
{
    return fabs(fabs(steady_log(a / b)) - steady_log(UNIT)) < steady_log(UNIT_SLACK);
}

/** The median yield of the dividends around the i-th; unset when they are too few. */
static struct opt_double usual_yield(const struct payouts *payouts, size_t i)
{
    double yields[2 * SIDE];
    size_t count = 0;
    for (size_t k = i > SIDE ? i - SIDE : 0; k < payouts->count && k <= i + SIDE; k++) {
        if (k != i)
            yields[count++] = payouts->items[k].yield;
    }
    return count < FEWEST ? (struct opt_double){0} : SOME_DOUBLE(median_of(yields, count));
}

/** Whether the price went on as if there had been no such dividend, though it is too large not to be seen. */
static bool price_denies(const struct bar_trial *trial, const struct payout *payout)
{
    if (payout->yield >= 1)
        return true;
    const double drop = -steady_log(1 - payout->yield), move = trial_return(trial, payout->at);
    if (payout->yield < SHOWING_YIELD || drop < SHOWING_SPREADS * trial->live[payout->at].local_spread)
        return false;
    return fabs(move) < fabs(move + drop);
}

/** How far the step of the adjustment is from what a dividend of that yield makes. */
static double adjustment_gap(const struct payout *payout, double yield)
{
    return yield < 1 ? fabs(payout->factor.value + steady_log(1 - yield)) : INFINITY;
}

/**
 * Whether the dividend is a unit apart from those around. Where the source adjusts its closes, its adjustment of that day decides
 * whether it is an unusual dividend or a wrong one.
 */
static bool others_deny(const struct payouts *payouts, size_t i)
{
    const struct payout *payout = &payouts->items[i];
    const struct opt_double usual = usual_yield(payouts, i);
    if (!usual.set || !unit_apart(payout->yield, usual.value))
        return false;
    return !payouts->adjusted || !payout->factor.set ||
           adjustment_gap(payout, usual.value) < adjustment_gap(payout, payout->yield);
}

/** Whether the adjusted close was made with a dividend that is a unit apart from the one given. */
static bool adjustment_denies(const struct bar_trial *trial, const struct payout *payout)
{
    if (!payout->factor.set || payout->factor.value <= adjustment_tolerance(trial, payout->at - 1, payout->at))
        return false;
    return unit_apart(payout->yield, 1 - steady_exp(-payout->factor.value));
}

/**
 * Fires on dividends that are some 100 times too large or too small: the others are, the adjusted close says so, or the price
 * does not fall by what it would have to.
 */
static void judge(struct bar_trial *trial, const struct bar_rule *rule)
{
    struct payouts payouts;
    payouts_find(trial, &payouts);
    for (size_t i = 0; i < payouts.count; i++) {
        const struct payout *payout = &payouts.items[i];
        if (price_denies(trial, payout) || adjustment_denies(trial, payout) || others_deny(&payouts, i))
            bar_mark(trial->live[payout->at].bar, rule, VERDICT_SUSPECT);
    }
    payouts_clear(&payouts);
}

const struct bar_rule bars_dividend_error = {.name = "dividend_error", .stage = BAR_FINAL, .judge = judge};
