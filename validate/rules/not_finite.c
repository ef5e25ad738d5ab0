#include <math.h>

#include "validate/rules/table.h"

/** Whether an optional figure is there and no number. */
static bool bad(struct opt_double figure)
{
    return figure.set && !isfinite(figure.value);
}

/** Fires when a figure of the record is NaN or infinite, or a price is beyond PRICE_MAX: no comparison with it means anything. */
static bool check(const struct rule_input *input, struct finding *finding)
{
    const struct quote *quote = input->quote;
    const struct opt_double none = {0};
    if (!(fabs(quote->price) < PRICE_MAX) || !(fabs(input->rate) < PRICE_MAX) || !(fabs(input->price) < PRICE_MAX))
        return finding_set(finding, VERDICT_REJECT, none, none, "", "the price %g (at a rate of %g) is not a usable number",
                           quote->price, input->rate);
    if (bad(quote->bid) || bad(quote->ask) || bad(quote->open) || bad(quote->high) || bad(quote->low) ||
        bad(quote->previous_close) || bad(quote->volume) || bad(quote->market_cap) || !isfinite(quote->unit_factor))
        return finding_set(finding, VERDICT_REJECT, none, none, "", "a figure beside the price is not a number");
    return false;
}

const struct rule not_finite_rule = {.name = "not_finite", .structural = true, .check = check};
