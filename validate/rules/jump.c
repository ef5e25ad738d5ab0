#include <math.h>

#include "validate/rules/table.h"

/** Polls after which a price that goes on from where it leapt to is believed, though nobody confirms it. */
#define POLLS_TO_BELIEVE 12

/** Whether the price has been going its way at the new level for so long that the leap must have been real. */
static bool has_settled(const struct rule_input *input)
{
    return input->previous->strayed >= POLLS_TO_BELIEVE && steps_on(input);
}

/** Whether two prices of the record's currency are there and at most so far apart. */
static bool within(struct opt_double a, double b, double limit_bps)
{
    return a.set && a.value > PRICE_MIN && a.value < PRICE_MAX && fabs(log_return_bps(b, a.value)) <= limit_bps;
}

/** Whether the record itself shows a gap between sessions: it closed where the source was, and opened about where it is now. */
static bool session_opened_there(const struct rule_input *input)
{
    const struct quote *quote = input->quote;
    const double accepted = input->previous->accepted_price.value / input->rate;
    return within(quote->previous_close, accepted, input->settings->divergence_floor_bps) &&
           within(quote->open, quote->price, input->settings->jump_floor_bps);
}

/**
 * Fires when the log return since the source's last accepted price is beyond max(floor, z times the robust deviation of its
 * recent returns times the square root of the minutes that passed), and no other source confirms the new level. The band widens
 * with the age of the base and a base older than reseed_s is not compared with, so that a real move is never locked out: a fixed
 * band around the last accepted price is known to stay shut after an outage. A price that comes back to where the source has been
 * lately is no jump either: it is the end of one that was taken along. Nor is one that has gone on from its new level for twelve
 * polls: a lone source that opens far from its close would be suspect for hours. Nor
 * is a gap that the record shows itself, by a previous close where the source was and an open where it is.
 *
 * Median and MAD in place of mean and deviation: Brownlees and Gallo, "Financial econometric analysis at ultra-high frequency",
 * 2006; Barndorff-Nielsen et al., "Realized kernels in practice", 2009 (rule T4).
 */
static bool check(const struct rule_input *input, struct finding *finding)
{
    const struct opt_double move = move_bps(input);
    if (!move.set || fabs(move.value) <= input->settings->jump_floor_bps)
        return false;
    const double limit = jump_limit_bps(input);
    if (fabs(move.value) <= limit || confirmed_by_peers(input) || is_known_level(input) || session_opened_there(input) ||
        has_settled(input))
        return false;
    return finding_set(finding, VERDICT_SUSPECT, SOME_DOUBLE(fabs(move.value)), SOME_DOUBLE(limit), "bps",
                       "moved %.0f bps from the accepted %g; %.0f are allowed and no other source confirms it", move.value,
                       input->previous->accepted_price.value, limit);
}

const struct rule jump_rule = {.name = "jump", .check = check};
