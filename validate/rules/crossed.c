#include "validate/rules/table.h"

/**
 * Fires when the bid is above the ask by more than the divergence floor. Books of several venues cross by a little for moments,
 * and quotes after hours are what was left standing; nobody leaves that much to others. Celo's oracle asks the same of its
 * sources.
 */
static bool check(const struct rule_input *input, struct finding *finding)
{
    const struct quote *quote = input->quote;
    const double limit = input->settings->divergence_floor_bps;
    if (!quote->bid.set || !quote->ask.set || !(quote->ask.value > PRICE_MIN) || !(quote->bid.value < PRICE_MAX))
        return false;
    const double crossed = distance_bps(quote->bid.value, quote->ask.value);
    if (crossed <= limit)
        return false;
    return finding_set(finding, VERDICT_SUSPECT, SOME_DOUBLE(crossed), SOME_DOUBLE(limit), "bps",
                       "the bid %g is above the ask %g", quote->bid.value, quote->ask.value);
}

const struct rule crossed_rule = {.name = "crossed", .check = check};
