#include "validate/rules/table.h"

/**
 * Fires when the price is further from the median of the other fresh sources (leave-one-out, so that an outlier cannot widen its
 * own band) than max(floor, k times their robust spread, quoted spread) and what the price may have moved between their time and
 * the quote's. It does not when the sources that are at the quote's level, itself included, outnumber those that are not: those
 * that saw a real move first. Where there is one other source only, the past of both arbitrates (standing.h); the rule `disputed`
 * names what it cannot decide. A source once left out comes back at half of the limit, as in CME CF's real time indices since
 * 2020.
 */
static bool check(const struct rule_input *input, struct finding *finding)
{
    const struct standing *standing = &input->standing;
    if (!standing_is_bad(*standing))
        return false;
    return finding_set(finding, VERDICT_SUSPECT, SOME_DOUBLE(standing->measured_bps), SOME_DOUBLE(standing->limit_bps), "bps",
                       "%.0f bps from %g, the median of %s; %.0f are allowed", standing->measured_bps,
                       input->peers->median.value / input->rate,
                       input->peers->trusted ? "the other sources" : "others that are suspect too", standing->limit_bps);
}

const struct rule divergent_rule = {.name = "divergent", .check = check};
