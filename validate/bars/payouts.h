/*
 * The dividends of a series beside what its adjusted close says of them.
 *
 * An adjusted close is the close times a factor that only changes on ex-dates: on the way to older bars it falls by 1 - dividend
 * / close of the day before. So the step of log(adj_close / close) into an ex-date tells the yield that the source has adjusted
 * for.
 */
#ifndef QUOTEBUS_VALIDATE_BARS_PAYOUTS_H
#define QUOTEBUS_VALIDATE_BARS_PAYOUTS_H

#include "validate/bars/trial.h"

/** A dividend whose bar and the bar before it are live and not doubted. */
struct payout {
    size_t at;                /**< live bar of the ex-date, above 0 */
    double yield;             /**< of the close before; above 0 */
    struct opt_double factor; /**< step of the adjustment into the ex-date as log; unset without adjusted closes */
};

struct payouts {
    struct payout *items; /**< by day */
    size_t count;
    bool adjusted; /**< the source adjusts its closes for dividends: it did for most */
};

/** Finds the dividends of a trial. Freed by payouts_clear. */
void payouts_find(const struct bar_trial *trial, struct payouts *payouts);
void payouts_clear(struct payouts *payouts);
/** Step of log(adj_close / close) from live bar `before` to `at`; unset where one is missing or the close is doubted. */
struct opt_double adjustment_step(const struct bar_trial *trial, size_t before, size_t at);
/** How far that step may be off because prices have two decimals. */
double adjustment_tolerance(const struct bar_trial *trial, size_t before, size_t at);

#endif
