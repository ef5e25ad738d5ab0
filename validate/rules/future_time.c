#include "validate/rules/table.h"

/**
 * Fires when an observation is later than its own fetch by more than clocks differ: its time is wrong, so nothing can be
 * compared at it.
 */
static bool check(const struct rule_input *input, struct finding *finding)
{
    const double ahead_s = ((double)input->quote->observed_at_us - (double)input->quote->fetched_at_us) / (double)US_PER_S;
    const double limit_s = (double)input->settings->future_s;
    if (ahead_s <= limit_s)
        return false;
    return finding_set(finding, VERDICT_REJECT, SOME_DOUBLE(ahead_s), SOME_DOUBLE(limit_s), "s",
                       "observed %.0f s after it was fetched; %.0f are allowed", ahead_s, limit_s);
}

const struct rule future_time_rule = {.name = "future_time", .structural = true, .check = check};
