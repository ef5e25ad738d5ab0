#include "validate/rules/table.h"

/**
 * Fires when the observation is older than the one before of the same source: answers that overtook each other, or a server of
 * the provider that lags behind another. The flag alone makes nothing suspect; the quote is judged but not remembered, so that no
 * price goes back in time.
 */
static bool check(const struct rule_input *input, struct finding *finding)
{
    const struct quote *quote = input->quote;
    const int64_t end_us = observed_end_us(quote->observed_at_us, quote->observed_resolution_s);
    if (!input->previous || end_us >= input->previous->observed_at_us)
        return false;
    const double behind_s = (double)(input->previous->observed_at_us - end_us) / (double)US_PER_S;
    return finding_set(finding, VERDICT_PASS, SOME_DOUBLE(behind_s), SOME_DOUBLE(0), "s",
                       "observed %.0f s before what the source said last", behind_s);
}

const struct rule late_rule = {.name = "late", .check = check};
