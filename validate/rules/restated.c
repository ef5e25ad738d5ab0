#include <math.h>

#include "validate/rules/table.h"

/** Distance in basis points from which another price for the same time is a correction. */
#define RESTATED_BPS 10.0

/**
 * Fires when a source gives another price for a time that it had spoken of before. The clean record names the raw one that it
 * corrects, which stays as it was judged: nothing is rewritten. The flag alone makes nothing suspect. Only prices that are known
 * to the second are compared, since one that is known to a day may have moved within it, and only such without a conversion,
 * since the rate may have moved.
 *
 * Threshold: CF Benchmarks, amendment of the restatement policy of the CME CF reference rates, 11 June 2024: a rate is published
 * anew when it is off by more than 0.10% (0.20% before).
 */
static bool check(const struct rule_input *input, struct finding *finding)
{
    const struct source_state *previous = input->previous;
    const struct quote *quote = input->quote;
    if (!previous || quote->usd_rate.set || quote->observed_resolution_s > 1 || previous->observed_resolution_s > 1 ||
        quote->observed_at_us != previous->observed_at_us || !str_equal(previous->currency, input->currency))
        return false;
    const double off_bps = fabs(distance_bps(input->price, previous->price));
    if (!(off_bps > RESTATED_BPS))
        return false;
    return finding_set(finding, VERDICT_PASS, SOME_DOUBLE(off_bps), SOME_DOUBLE(RESTATED_BPS), "bps",
                       "%g in place of %g for the same time", input->price, previous->price);
}

const struct rule restated_rule = {.name = "restated", .check = check};
