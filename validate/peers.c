#include "validate/peers.h"

#include "validate/robust.h"

struct seen seen_of_quote(const struct quote *quote)
{
    return (struct seen){.fetched_at_us = quote->fetched_at_us,
                         .observed_at_us = quote->observed_at_us,
                         .observed_end_us = observed_end_us(quote->observed_at_us, quote->observed_resolution_s)};
}

struct seen seen_of_source(const struct source_state *state)
{
    return (struct seen){.fetched_at_us = state->fetched_at_us,
                         .observed_at_us = state->observed_at_us,
                         .observed_end_us = observed_end_us(state->observed_at_us, state->observed_resolution_s)};
}

bool fetched_close(struct seen a, struct seen b, int64_t fresh_s)
{
    const int64_t later = a.fetched_at_us > b.fetched_at_us ? a.fetched_at_us : b.fetched_at_us;
    const int64_t earlier = a.fetched_at_us > b.fetched_at_us ? b.fetched_at_us : a.fetched_at_us;
    return later - earlier <= fresh_s * US_PER_S;
}

bool observed_close(struct seen a, struct seen b, int64_t fresh_s)
{
    const int64_t last_start = a.observed_at_us > b.observed_at_us ? a.observed_at_us : b.observed_at_us;
    const int64_t first_end = a.observed_end_us < b.observed_end_us ? a.observed_end_us : b.observed_end_us;
    return last_start - first_end <= fresh_s * US_PER_S;
}

double independent_weight(const int *groups, size_t count, size_t i)
{
    size_t members = 0;
    for (size_t j = 0; j < count; j++)
        members += groups[j] == groups[i];
    return groups[i] == GROUP_OF_ITS_OWN ? 1 : 1 / (double)members;
}

/** Whether the quote can be compared with that source. */
static bool is_peer(const struct source_slot *slot, const struct rule_input *input, int own_group)
{
    const struct seen quote = seen_of_quote(input->quote), source = seen_of_source(&slot->state);
    const int64_t fresh_s = input->settings->fresh_s;
    if (own_group != GROUP_OF_ITS_OWN && slot->group == own_group)
        return false;
    return &slot->state != input->previous && str_equal(slot->state.currency, input->currency) &&
           fetched_close(quote, source, fresh_s) && observed_close(quote, source, fresh_s);
}

/** Fills median and spread from the trusted peers, or from all when none is. */
static void measure(struct peers *peers)
{
    struct weighted_value values[SOURCES_MAX];
    size_t count = 0;
    for (size_t i = 0; i < peers->count; i++) {
        if (peers->items[i].trusted || !peers->trusted)
            values[count++] = (struct weighted_value){.value = peers->items[i].state->price, .weight = peers->items[i].weight};
    }
    if (count == 0)
        return;
    weighted_sort(values, count);
    peers->median = SOME_DOUBLE(weighted_quantile(values, count, 0.5));
    peers->spread = count < 2 ? 0 : MAD_TO_SIGMA * weighted_mad(values, count, peers->median.value);
}

void peers_find(const struct asset_memory *asset, const struct rule_input *input, int own_group, struct peer *items,
                struct peers *peers)
{
    int groups[SOURCES_MAX] = {0};
    *peers = (struct peers){.items = items};
    for (size_t i = 0; asset && i < asset->slot_count; i++) {
        const struct source_slot *slot = asset->slots[i];
        if (!is_peer(slot, input, own_group))
            continue;
        const bool trusted = slot->state.verdict == VERDICT_PASS && !slot->state.excluded;
        groups[peers->count] = slot->group;
        items[peers->count++] = (struct peer){.state = &slot->state, .trusted = trusted};
        peers->trusted = peers->trusted || trusted;
    }
    for (size_t i = 0; i < peers->count; i++) {
        items[i].weight = independent_weight(groups, peers->count, i);
        peers->weight += items[i].weight;
    }
    measure(peers);
}
