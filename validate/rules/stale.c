#include "validate/rules/table.h"

/** An observation that is known to a resolution only may lag by that many of it: a day's fixing stays through a weekend. */
#define RESOLUTIONS_OF_LAG 4

/** Seconds that the market, as another source shows it, has been moving since the end of the observation. */
static double behind_s(const struct rule_input *input, int64_t end_us)
{
    const struct source_state *moving = input->peers->moving;
    if (!moving)
        return 0;
    const int64_t since_us = moving->moving_since_us > end_us ? moving->moving_since_us : end_us;
    return (double)(moving->changed_at_us - since_us) / (double)US_PER_S;
}

/**
 * Fires when the observation was older at its fetch than the class allows, or when the price of another source has been changing
 * for more than lag_s since: the market goes on, the source does not. The age counts from the end of the observation's
 * resolution: a price of a day may be that of its close. While nobody's price changes the market is taken to be closed, and a
 * source that is delayed is behind by no more than its delay at the opening too.
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
    const double behind = behind_s(input, end_us);
    const double lag_s = (double)(input->settings->lag_s + RESOLUTIONS_OF_LAG * resolution_s);
    if (behind <= lag_s)
        return false;
    return finding_set(finding, VERDICT_SUSPECT, SOME_DOUBLE(behind), SOME_DOUBLE(lag_s), "s",
                       "another source has seen the price change for %.0f s since; %.0f are allowed", behind, lag_s);
}

const struct rule stale_rule = {.name = "stale", .check = check};
