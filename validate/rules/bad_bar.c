#include "validate/rules/table.h"

/** Part of a price by which the session's range may miss it: figures of one answer need not be of one moment. */
#define TOLERANCE 0.01

/** Whether a figure is there and more than the tolerance above (or below) what may not be below (above) it. */
static bool exceeds(struct opt_double low, struct opt_double high)
{
    return low.set && high.set && low.value > high.value * (1 + TOLERANCE);
}

/** Whether a figure is there and stands for nothing: some send zeros before the session begins. */
static bool is_empty(struct opt_double figure)
{
    return !figure.set || figure.value == 0;
}

/** What is wrong with open, high and low, or NULL. */
static const char *wrong_bar(const struct quote *quote)
{
    const struct opt_double price = SOME_DOUBLE(quote->price), zero = SOME_DOUBLE(0);
    if (is_empty(quote->open) && is_empty(quote->high) && is_empty(quote->low))
        return NULL;
    if ((quote->open.set && quote->open.value <= zero.value) || (quote->high.set && quote->high.value <= zero.value) ||
        (quote->low.set && quote->low.value <= zero.value))
        return "one of open, high and low is not above zero";
    if (exceeds(quote->low, quote->high))
        return "the low is above the high";
    if (exceeds(quote->open, quote->high) || exceeds(quote->low, quote->open))
        return "the open is outside of low and high";
    if (exceeds(price, quote->high) || exceeds(quote->low, price))
        return "the price is outside of low and high";
    return NULL;
}

/**
 * Fires when price, open, high and low of the session contradict each other by more than one percent: low <= open, price <= high
 * must hold. Figures that all stand at zero are missing, not wrong.
 */
static bool check(const struct rule_input *input, struct finding *finding)
{
    const struct opt_double none = {0};
    const struct quote *quote = input->quote;
    const char *wrong = wrong_bar(quote);
    return wrong && finding_set(finding, VERDICT_SUSPECT, none, none, "", "%s: open %g, high %g, low %g, price %g", wrong,
                                quote->open.value, quote->high.value, quote->low.value, quote->price);
}

const struct rule bad_bar_rule = {.name = "bad_bar", .check = check};
