#include "validate/hindsight.h"

#include <math.h>

/** How far apart in time two prices may be that say something of each other. */
#define APART_MINUTES 5.0

/** The slot of a peer whose latest price is of about the quote's time, or NULL. */
static struct source_slot *slot_of(const struct asset_memory *asset, const struct peer *peer)
{
    for (size_t i = 0; i < asset->slot_count; i++) {
        if (&asset->slots[i]->state == peer->state)
            return peer->gap_minutes <= APART_MINUTES && peer->observed_at_us == peer->state->observed_at_us ? asset->slots[i]
                                                                                                             : NULL;
    }
    return NULL;
}

/** A doubted price is right after all. */
static void clear(struct source_slot *slot)
{
    struct source_state *state = &slot->state;
    state->verdict = VERDICT_PASS;
    state->excluded = false;
    state->doubted = false;
    source_accept(slot, (struct sighting){.observed_at_us = state->observed_at_us, .price = state->price});
}

/** A trusted price was wrong after all. */
static void doubt(struct source_slot *slot)
{
    slot->state.verdict = VERDICT_SUSPECT;
    slot->state.excluded = true;
    slot->state.doubted = true;
    source_take_back(slot);
}

/** Whether no other peer says what this one says. */
static bool stands_alone(const struct rule_input *input, const struct peer *peer, double same_bps)
{
    for (size_t i = 0; i < input->peers->count; i++) {
        const struct peer *other = &input->peers->items[i];
        if (other != peer && fabs(distance_bps(other->price, peer->price)) <= same_bps)
            return false;
    }
    return true;
}

/** Whether a trusted peer that says otherwise is wrong: it leapt from where the quote's source is, or is alone against a
 * majority. */
static bool is_refuted(const struct rule_input *input, const struct peer *peer, double same_bps)
{
    if (!peer->trusted || fabs(distance_bps(input->price, peer->price)) <= agreement_bps(input))
        return false;
    if (input->standing.stand == STAND_VOUCHED)
        return has_leapt(input, peer->state);
    const struct votes votes = votes_of_peers(input, 1);
    return votes.sources_with > 0 && votes.sources_with + 1 > votes.sources_against && stands_alone(input, peer, same_bps);
}

void hindsight_apply(struct asset_memory *asset, const struct rule_input *input)
{
    const double same_bps = agreement_base_bps(input);
    for (size_t i = 0; i < input->peers->count; i++) {
        const struct peer *peer = &input->peers->items[i];
        const bool same = fabs(distance_bps(input->price, peer->price)) <= same_bps;
        if (same != peer->state->doubted) /* the usual case: as it was thought to be */
            continue;
        (void)pace_of(input); /* while the pasts are as they were */
        struct source_slot *slot = slot_of(asset, peer);
        if (slot && same && input->standing.stand == STAND_AGREES)
            clear(slot);
        else if (slot && !same && is_refuted(input, peer, same_bps))
            doubt(slot);
    }
}
