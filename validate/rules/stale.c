#include "validate/rules/table.h"

/**
 * Fires when the observation was older at its fetch than the class allows. The age counts from the end of the observation's
 * resolution: a price of a day may be that of its close.
 */
static bool check(const struct rule_input *input, struct finding *finding)
{
    const struct quote *quote = input->quote;
    const int64_t end_us = observed_end_us(quote->observed_at_us, quote->observed_resolution_s);
    const double age_s = (double)(quote->fetched_at_us - end_us) / (double)US_PER_S;
    const double limit_s = (double)input->settings->stale_s;
    if (age_s <= limit_s)
        return false;
    return finding_set(finding, VERDICT_SUSPECT, SOME_DOUBLE(age_s), SOME_DOUBLE(limit_s), "s",
                       "the observation was %.0f s old when it was fetched; %.0f are allowed", age_s, limit_s);
}

const struct rule stale_rule = {.name = "stale", .check = check};
