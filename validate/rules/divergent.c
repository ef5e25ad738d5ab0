#include <math.h>

#include "validate/rules/table.h"

/** A source that was left out comes back within this part of the limit. */
#define COME_BACK 0.5

/**
 * Whether the source's own past arbitrates where nobody else is trusted: it was trusted so far and goes on without a jump.
 */
static bool vouched_by_history(const struct rule_input *input)
{
    const struct source_state *previous = input->previous;
    const struct opt_double move = move_bps(input);
    return previous && move.set && previous->verdict == VERDICT_PASS && !previous->excluded &&
           previous->returns_count >= RETURNS_MIN && fabs(move.value) <= jump_limit_bps(input);
}

/**
 * Fires when the price is further from the median of the other fresh sources (leave-one-out, so that an outlier cannot widen its
 * own band) than max(floor, k times their robust spread, quoted spread). It does not when the sources that are at the quote's
 * level, itself included, outnumber those that are not: those that saw a real move first. A source once left out comes back at
 * half of the limit, as in CME CF's real time indices since 2020. Two sources that disagree with no past to arbitrate are both
 * suspect.
 */
static bool check(const struct rule_input *input, struct finding *finding)
{
    const struct peers *peers = input->peers;
    if (!peers->median.set)
        return false;
    const double measured = fabs(distance_bps(input->price, peers->median.value));
    const double limit = agreement_bps(input);
    const bool left_out = input->previous && input->previous->excluded;
    const double threshold = left_out ? limit * COME_BACK : limit;
    if (measured <= threshold)
        return false;
    const double agree = agreeing_weight(input, threshold);
    if (agree > 0 && agree + 1 > peers->weight - agree)
        return false;
    if (!peers->trusted && vouched_by_history(input))
        return false;
    return finding_set(finding, VERDICT_SUSPECT, SOME_DOUBLE(measured), SOME_DOUBLE(threshold), "bps",
                       "%.0f bps from %g, the median of %s; %.0f are allowed", measured, peers->median.value / input->rate,
                       peers->trusted ? "the other sources" : "others that are suspect too", threshold);
}

const struct rule divergent_rule = {.name = "divergent", .check = check};
