#include <math.h>

#include "validate/rules/table.h"

/**
 * Fires when the log return since the source's last accepted price is beyond max(floor, z times the robust deviation of its
 * recent returns times the square root of the minutes that passed), and no other source confirms the new level. The band widens
 * with the age of the base and a base older than reseed_s is not compared with, so that a real move is never locked out: a fixed
 * band around the last accepted price is known to stay shut after an outage. A price that comes back to where the source has been
 * lately is no jump either: it is the end of one that was taken along.
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
    if (fabs(move.value) <= limit || confirmed_by_peers(input) || is_known_level(input))
        return false;
    return finding_set(finding, VERDICT_SUSPECT, SOME_DOUBLE(fabs(move.value)), SOME_DOUBLE(limit), "bps",
                       "moved %.0f bps from the accepted %g; %.0f are allowed and no other source confirms it", move.value,
                       input->previous->accepted_price.value, limit);
}

const struct rule jump_rule = {.name = "jump", .check = check};
