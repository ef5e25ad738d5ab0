#include "validate/standing.h"

#include <math.h>

#include "validate/past.h"
#include "validate/rule.h"

/** A source that was left out comes back within this part of the limit. */
#define COME_BACK 0.5
/** Polls with one price after which a source may have stopped. */
#define STUCK_POLLS 3
/** A step is a leap from that many times the quote's own move, and the divergence floor. */
#define LEAP 2
/** Peers know more when they are nearer to the quote in time than that part of the way to the source's own last price. */
#define NEWS_PART 0.5
/** Sources that stand for that much or more outvote one. */
#define MAJORITY 2

/** Whether the source goes on from its own accepted price without a leap, having passed so far. */
static bool goes_on(const struct rule_input *input)
{
    const struct source_state *previous = input->previous;
    const struct opt_double move = move_bps(input);
    if (!previous || !move.set || previous->verdict != VERDICT_PASS || previous->excluded || previous->recent_count < PAST_MIN)
        return false;
    return fabs(move.value) <= step_limit_bps(input, input->quote->observed_at_us, previous->accepted_at_us.value);
}

bool has_leapt(const struct rule_input *input, const struct source_state *source)
{
    if (source->recent_count < PAST_MIN)
        return false;
    const struct sighting *last = &source->recent[source->recent_count - 1], *before = last - 1;
    const double step = fabs(log_return_bps(before->price, last->price));
    const struct opt_double own = move_bps(input);
    const bool moved = input->previous && input->price != input->previous->price;
    return step > step_limit_bps(input, last->observed_at_us, before->observed_at_us) ||
           (own.set && moved && step > LEAP * fmax(fabs(own.value), input->settings->divergence_floor_bps));
}

/** Whether a source has said the same for several polls while the quote's own source moved on. */
static bool is_stuck(const struct rule_input *input, const struct source_state *source)
{
    const bool moves = input->price != input->previous->price || input->previous->changed_at_us > source->changed_at_us;
    return source->unchanged >= STUCK_POLLS && moves;
}

bool steps_on(const struct rule_input *input)
{
    const struct source_state *previous = input->previous;
    return previous && previous->price > 0 &&
           fabs(log_return_bps(previous->price, input->price)) <=
               step_limit_bps(input, input->quote->observed_at_us, previous->observed_at_us);
}

/** Whether all peers have stopped while the source goes its way step by step, whatever was thought of it. */
static bool moves_alone(const struct rule_input *input)
{
    if (!steps_on(input) || input->previous->price == input->price || input->previous->recent_count < PAST_MIN)
        return false;
    for (size_t i = 0; i < input->peers->count; i++) {
        if (!is_stuck(input, input->peers->items[i].state))
            return false;
    }
    return true;
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

/** Whether the peers' prices are from a time after the source's own accepted one, rather than what that was compared with. */
static bool know_more(const struct rule_input *input)
{
    const double own_minutes = past_minutes(input->quote->observed_at_us, input->previous->accepted_at_us.value);
    return peers_gap_minutes(input->peers) < own_minutes * NEWS_PART;
}

/** What becomes of a quote that is further from the others than `limit_bps`. */
static enum stand judge_distance(const struct rule_input *input, double limit_bps)
{
    const struct peers *peers = input->peers;
    if (goes_on(input) && !know_more(input))
        return STAND_VOUCHED;
    if (peers->trusted && weight_at_median(peers, limit_bps) >= MAJORITY)
        return STAND_OUTVOTED;
    if (past_speaks_for(input))
        return STAND_VOUCHED;
    const bool has_past = input->previous && input->previous->recent_count >= PAST_MIN;
    return peers->trusted && has_past && !goes_on(input) ? STAND_OUTVOTED : STAND_DISPUTED;
}

/**
 * Whether those at the quote's level, itself included, are more than the others and outvote them, the quote with the vote of one
 * of them: they saw a move first. Votes alone would let two who err together outvote three who were asked some minutes before.
 */
static bool is_with_majority(const struct rule_input *input, double part)
{
    const struct votes votes = votes_of_peers(input, part);
    return votes.with > 0 && votes.sources_with + 1 > votes.sources_against &&
           votes.with * (1 + 1 / votes.sources_with) > votes.against;
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
