#include "validate/rules/table.h"

/** An observation that is known to a resolution only may lag by that many of it: a day's fixing stays through a weekend. */
#define RESOLUTIONS_OF_LAG 4

/**
 * Fires when the observation was older at its fetch than the class allows, or when it is more than lag_s older than a change of
 * the price at another source: the market went on, the source did not. The age counts from the end of the observation's
 * resolution: a price of a day may be that of its close. While nobody's price changes the market is taken to be closed.
 */
static bool check(const struct rule_input *input, struct finding *finding)
{
    const struct quote *quote = input->quote;
    const int64_t end_us = observed_end_us(quote->observed_at_us, quote->observed_resolution_s);
    const double age_s = (double)(quote->fetched_at_us - end_us) / (double)US_PER_S;
    const double limit_s = (double)input->settings->stale_s;
    if (age_s > limit_s)
        return finding_set(finding, VERDICT_SUSPECT, SOME_DOUBLE(age_s), SOME_DOUBLE(limit_s), "s",
                           "the observation was %.0f s old when it was fetched; %.0f are allowed", age_s, limit_s);
    const int64_t resolution_s = quote->observed_resolution_s > 1 ? quote->observed_resolution_s : 0;
    const double behind_s = (double)(input->peers->last_change_us - end_us) / (double)US_PER_S;
    const double lag_s = (double)(input->settings->lag_s + RESOLUTIONS_OF_LAG * resolution_s);
    if (behind_s <= lag_s)
        return false;
    return finding_set(finding, VERDICT_SUSPECT, SOME_DOUBLE(behind_s), SOME_DOUBLE(lag_s), "s",
                       "another source saw the price change %.0f s after this observation; %.0f are allowed", behind_s, lag_s);
}

const struct rule stale_rule = {.name = "stale", .check = check};
