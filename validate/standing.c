#include "validate/standing.h"

#include <math.h>

#include "validate/past.h"
#include "validate/rule.h"

/** A source that was left out comes back within this part of the limit. */
#define COME_BACK 0.5
/** Polls with one price after which a source may have stopped. */
#define STUCK_POLLS 3
/** Sources that stand for that much or more outvote one. */
#define MAJORITY 2

/** Whether the source goes on from its own accepted price without a leap, having passed so far. */
static bool goes_on(const struct rule_input *input)
{
    const struct source_state *previous = input->previous;
    const struct opt_double move = move_bps(input);
    if (!move.set || previous->verdict != VERDICT_PASS || previous->excluded || previous->recent_count < PAST_MIN)
        return false;
    return fabs(move.value) <= step_limit_bps(input, input->quote->observed_at_us, previous->accepted_at_us.value);
}

/** Whether the last step of a source was a leap. */
static bool has_leapt(const struct rule_input *input, const struct source_state *source)
{
    if (source->recent_count < PAST_MIN)
        return false;
    const struct sighting *last = &source->recent[source->recent_count - 1], *before = last - 1;
    return fabs(log_return_bps(before->price, last->price)) > step_limit_bps(input, last->observed_at_us, before->observed_at_us);
}

/** Whether a source has said the same for several polls while the quote's own source moved on. */
static bool is_stuck(const struct rule_input *input, const struct source_state *source)
{
    const bool moves = input->price != input->previous->price || input->previous->changed_at_us > source->changed_at_us;
    return source->unchanged >= STUCK_POLLS && moves;
}

/** Whether all peers have stopped while the source goes its way step by step, whatever was thought of it. */
static bool moves_alone(const struct rule_input *input)
{
    const struct source_state *previous = input->previous;
    if (!previous || previous->price == input->price ||
        fabs(log_return_bps(previous->price, input->price)) >
            step_limit_bps(input, input->quote->observed_at_us, previous->observed_at_us))
        return false;
    for (size_t i = 0; i < input->peers->count; i++) {
        if (!is_stuck(input, input->peers->items[i].state))
            return false;
    }
    return previous->recent_count >= PAST_MIN;
}

/** Whether the past speaks for the quote and against all who are trusted. */
static bool past_speaks_for(const struct rule_input *input)
{
    if (!goes_on(input))
        return moves_alone(input);
    for (size_t i = 0; i < input->peers->count; i++) {
        const struct peer *peer = &input->peers->items[i];
        if (peer->trusted && !has_leapt(input, peer->state) && !is_stuck(input, peer->state))
            return false;
    }
    return true;
}

/** Weight of the peers that stand where the median is. */
static double weight_at_median(const struct peers *peers, double limit_bps)
{
    double weight = 0;
    for (size_t i = 0; i < peers->count; i++) {
        if (fabs(distance_bps(peers->items[i].price, peers->median.value)) <= limit_bps)
            weight += peers->items[i].weight;
    }
    return weight;
}

/** What becomes of a quote that is further from the others than `limit_bps`. */
static enum stand judge_distance(const struct rule_input *input, double limit_bps)
{
    const struct peers *peers = input->peers;
    if (peers->trusted && weight_at_median(peers, limit_bps) >= MAJORITY)
        return STAND_OUTVOTED;
    if (past_speaks_for(input))
        return STAND_VOUCHED;
    const bool has_past = input->previous && input->previous->recent_count >= PAST_MIN;
    return peers->trusted && has_past && !goes_on(input) ? STAND_OUTVOTED : STAND_DISPUTED;
}

/** Whether those at the quote's level, itself included with the vote of one of them, outvote the others: they saw a move first.
 */
static bool is_with_majority(const struct rule_input *input, double part)
{
    const struct votes votes = votes_of_peers(input, part);
    return votes.with > 0 && votes.with * (1 + 1 / votes.sources_with) > votes.against;
}

struct standing standing_of(const struct rule_input *input)
{
    const struct peers *peers = input->peers;
    struct standing standing = {.stand = STAND_ALONE};
    if (!peers->median.set)
        return standing;
    const double part = input->previous && input->previous->excluded ? COME_BACK : 1;
    standing.stand = STAND_AGREES;
    standing.measured_bps = fabs(distance_bps(input->price, peers->median.value));
    standing.limit_bps = agreement_base_bps(input) * part;
    if (standing.measured_bps <= standing.limit_bps) /* the usual case, for which the past need not be asked */
        return standing;
    standing.limit_bps = agreement_bps(input) * part;
    if (standing.measured_bps <= standing.limit_bps)
        return standing;
    if (is_with_majority(input, part))
        return standing;
    standing.stand = judge_distance(input, standing.limit_bps);
    return standing;
}
