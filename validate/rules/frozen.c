#include "validate/rules/table.h"

/** Polls with one price after which a source may have stopped, where two others moved; and where one did. */
#define POLLS_OF_TWO 3
#define POLLS_OF_ONE 6

/**
 * Weight of the trusted peers that, by the time of this observation, have been further than the floor from where they were when
 * this price came.
 */
static double moved_weight(const struct rule_input *input)
{
    const struct quote *quote = input->quote;
    const int64_t until_us = observed_end_us(quote->observed_at_us, quote->observed_resolution_s);
    double weight = 0;
    for (size_t i = 0; i < input->peers->count; i++) {
        const struct peer *peer = &input->peers->items[i];
        if (peer->trusted &&
            past_moved_bps(peer->state, input->previous->changed_at_us, until_us) > input->settings->divergence_floor_bps)
            weight += peer->weight;
    }
    return weight;
}

/**
 * Fires when the price has not changed for some polls while two independent sources (or one, over more polls or where the price
 * is too far from it by now) moved by more than the divergence floor. At night, at weekends and in a quiet market the others
 * stand still too, so nothing is said then, and a delayed source is held against what they did up to its own time. Pyth's ranking
 * of publishers counts a price that stays for a hundred slots as stalled; here it is the movement of the others that counts,
 * since polls are minutes apart.
 */
static bool check(const struct rule_input *input, struct finding *finding)
{
    const struct source_state *previous = input->previous;
    if (!previous || previous->price != input->price)
        return false;
    const int64_t polls = previous->unchanged + 1;
    const bool enough_of_one = polls >= POLLS_OF_ONE || standing_is_bad(input->standing);
    if (polls < POLLS_OF_TWO || (input->peers->trusted_weight < 2 && !enough_of_one))
        return false;
    const double moved = moved_weight(input);
    if (moved < (enough_of_one ? 1 : 2))
        return false;
    return finding_set(finding, VERDICT_SUSPECT, SOME_DOUBLE((double)polls), SOME_DOUBLE(POLLS_OF_TWO), "",
                       "unchanged for %lld polls while %.0f other sources moved", (long long)polls, moved);
}

const struct rule frozen_rule = {.name = "frozen", .check = check};
