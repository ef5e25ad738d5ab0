#include <math.h>

#include "validate/rules/table.h"
#include "validate/usual.h"

/**
 * Fires when market capitalisation divided by price, the number of shares or coins, is three times more or less than the source's
 * figures usually give: that number does not change so. The capitalisation is not what is judged here, so the flag alone
 * makes nothing suspect; where the price is the wrong one, other rules say so.
 */
static bool check(const struct rule_input *input, struct finding *finding)
{
    const double supply = implied_supply(input->quote), usual = input->previous ? input->previous->supply : 0;
    if (!(supply > 0) || !(usual > 0))
        return false;
    const double times = fmax(supply / usual, usual / supply);
    if (times <= SUPPLY_FACTOR)
        return false;
    return finding_set(finding, VERDICT_PASS, SOME_DOUBLE(times), SOME_DOUBLE(SUPPLY_FACTOR), "ratio",
                       "market capitalisation and price give a supply of %g, %.3g times off the usual", supply, times);
}

const struct rule cap_mismatch_rule = {.name = "cap_mismatch", .check = check};
