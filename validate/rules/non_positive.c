#include "validate/rules/table.h"

/**
 * Fires when the price, or the rate it is converted by, is not above zero (or so small that it stands for zero). Providers send 0
 * for "no price". The rules behind compare logarithms, so a price that may be negative needs another treatment than this table.
 */
static bool check(const struct rule_input *input, struct finding *finding)
{
    const double price = input->quote->price;
    if (price > PRICE_MIN && input->rate > PRICE_MIN && input->price > PRICE_MIN)
        return false;
    return finding_set(finding, VERDICT_REJECT, SOME_DOUBLE(price), SOME_DOUBLE(0), "",
                       "the price %g (at a rate of %g) is not above zero", price, input->rate);
}

const struct rule non_positive_rule = {.name = "non_positive", .structural = true, .check = check};
