#include "validate/peers.h"

#include "validate/robust.h"

double independent_weight(const int *groups, size_t count, size_t i)
{
    size_t members = 0;
    for (size_t j = 0; j < count; j++)
        members += groups[j] == groups[i];
    return groups[i] == GROUP_OF_ITS_OWN ? 1 : 1 / (double)members;
}

/** Whether the slot is that of an independent source that was asked lately and answers in the quote's currency. */
static bool is_comparable(const struct source_slot *slot, const struct rule_input *input, int own_group)
{
    return &slot->state != input->previous && (own_group == GROUP_OF_ITS_OWN || slot->group != own_group) &&
           str_equal(slot->state.currency, input->currency) &&
           fetched_close(seen_of_quote(input->quote), seen_of_source(&slot->state), input->settings->fresh_s);
}

/** Fills a peer but for its weight. False when what the source said is too far in time from the quote. */
static bool peer_of(const struct source_state *state, const struct rule_input *input, struct peer *peer)
{
    const struct seen quote = seen_of_quote(input->quote);
    struct seen seen = seen_of_source(state);
    *peer = (struct peer){.state = state, .price = state->price, .trusted = state->verdict == VERDICT_PASS && !state->excluded};
    const struct sighting *nearest = peer->trusted ? past_nearest(state, quote.observed_at_us) : NULL;
    if (nearest) {
        peer->price = past_price_at(state, nearest, quote.observed_at_us, input->price);
        seen = seen_of_sighting(state, nearest);
    }
    peer->observed_at_us = seen.observed_at_us;
    peer->gap_minutes = (double)observed_gap_us(quote, seen) / (60.0 * (double)US_PER_S);
    return observed_close(quote, seen, input->settings->fresh_s);
}

/** Fills the figures from the trusted peers, or from all when none is. What was said a minute away counts half of what is said
 * now. */
static void measure(struct peers *peers)
{
    FILLED_AS_READ struct weighted_value prices[SOURCES_MAX];
    size_t count = 0;
    for (size_t i = 0; i < peers->count; i++) {
        const struct peer *peer = &peers->items[i];
        if (!peer->trusted && peers->trusted)
            continue;
        prices[count++] = (struct weighted_value){.value = peer->price, .weight = peer_vote(peer)};
    }
    if (count == 0)
        return;
    weighted_sort(prices, count);
    peers->median = SOME_DOUBLE(weighted_quantile(prices, count, 0.5));
    peers->spread = count < 2 ? 0 : MAD_TO_SIGMA * weighted_mad(prices, count, peers->median.value);
}

void peers_find(const struct asset_memory *asset, const struct rule_input *input, int own_group, struct peer *items,
                struct peers *peers)
{
    FILLED_AS_READ int groups[SOURCES_MAX] = {0};
    *peers = (struct peers){.items = items};
    size_t count = 0;
    for (size_t i = 0; asset && i < asset->slot_count; i++) {
        const struct source_slot *slot = asset->slots[i];
        struct peer *peer = &items[count];
        if (!is_comparable(slot, input, own_group))
            continue;
        const bool close = peer_of(&slot->state, input, peer);
        if (peer->trusted && (!peers->moving || slot->state.changed_at_us > peers->moving->changed_at_us))
            peers->moving = &slot->state;
        if (!close)
            continue;
        groups[count++] = slot->group;
        peers->trusted = peers->trusted || peer->trusted;
    }
    peers->count = count;
    for (size_t i = 0; i < count; i++) {
        items[i].weight = independent_weight(groups, count, i);
        peers->weight += items[i].weight;
        peers->trusted_weight += items[i].trusted ? items[i].weight : 0;
    }
    measure(peers);
}
