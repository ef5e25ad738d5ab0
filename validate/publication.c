#include "validate/publication.h"

#include <math.h>
#include <stdlib.h>

#include "validate/consensus.h"
#include "validate/peers.h"
#include "validate/robust.h"

/** Weights within that of a whole number are that number. */
#define WEIGHT_TOLERANCE 1e-9

/** The fresh sources of an asset in one currency, by slot. */
struct candidates {
    const struct source_slot *slots[SOURCES_MAX];
    struct consensus_source sources[SOURCES_MAX];
    size_t count;
};

/** Whether a source was heard of lately enough, in that currency. */
static bool is_fresh(const struct asset_memory *asset, const struct source_slot *slot, const struct quote *quote,
                     struct str currency)
{
    return str_equal(slot->state.currency, currency) &&
           fetched_close(seen_of_quote(quote), seen_of_source(&slot->state), asset->settings->fresh_s);
}

/** The currency of the consensus: what the rule file expects where a fresh source that passed has it, else the quote's. */
static struct str consensus_currency(const struct asset_memory *asset, const struct quote *quote, struct str currency)
{
    const struct str expected = class_settings_currency(asset->settings, asset->asset);
    for (size_t i = 0; expected.len && i < asset->slot_count; i++) {
        const struct source_slot *slot = asset->slots[i];
        if (slot->state.verdict == VERDICT_PASS && is_fresh(asset, slot, quote, expected))
            return expected;
    }
    return currency;
}

/** The newest observation of those that passed, or NULL. */
static const struct source_slot *newest_passed(const struct candidates *candidates)
{
    const struct source_slot *newest = NULL;
    for (size_t i = 0; i < candidates->count; i++) {
        const struct source_slot *slot = candidates->slots[i];
        if (slot->state.verdict == VERDICT_PASS &&
            (!newest || seen_of_source(&slot->state).observed_end_us > seen_of_source(&newest->state).observed_end_us))
            newest = slot;
    }
    return newest;
}

/** Collects the fresh sources; those that passed and are not older than the newest by more than fresh_s get their weights. */
static void collect(const struct asset_memory *asset, const struct quote *quote, struct str currency,
                    struct candidates *candidates)
{
    FILLED_AS_READ int groups[SOURCES_MAX] = {0};
    FILLED_AS_READ size_t used[SOURCES_MAX];
    size_t used_count = 0;
    candidates->count = 0;
    for (size_t i = 0; i < asset->slot_count; i++) {
        const struct source_slot *slot = asset->slots[i];
        if (!is_fresh(asset, slot, quote, currency))
            continue;
        candidates->slots[candidates->count] = slot;
        candidates->sources[candidates->count++] = (struct consensus_source){.state = &slot->state};
    }
    const struct source_slot *newest = newest_passed(candidates);
    for (size_t i = 0; newest && i < candidates->count; i++) {
        const struct source_state *state = candidates->sources[i].state;
        if (state->verdict != VERDICT_PASS ||
            !observed_close(seen_of_source(&newest->state), seen_of_source(state), asset->settings->fresh_s))
            continue;
        groups[used_count] = candidates->slots[i]->group;
        used[used_count++] = i;
    }
    for (size_t i = 0; i < used_count; i++)
        candidates->sources[used[i]].weight = independent_weight(groups, used_count, i);
}

/** Whether a source has a weight among the candidates. */
static bool is_used(const struct candidates *candidates, const struct source_slot *slot)
{
    for (size_t i = 0; i < candidates->count; i++) {
        if (candidates->slots[i] == slot)
            return candidates->sources[i].weight > 0;
    }
    return false;
}

/** Whether the consensus is news against what was published last. */
static bool is_due(const struct asset_memory *asset, const struct candidates *candidates, const struct consensus *consensus,
                   int64_t now_us)
{
    if (!asset->consensus_price.set || !asset->consensus_at_us.set || consensus->price != asset->consensus_price.value ||
        llabs(now_us - asset->consensus_at_us.value) >= PUBLICATION_INTERVAL_S * US_PER_S)
        return true;
    for (size_t i = 0; i < asset->slot_count; i++) {
        if (asset->slots[i]->state.in_consensus != is_used(candidates, asset->slots[i]))
            return true;
    }
    return false;
}

/** Notes in the memory what is published now. */
static void remember(struct asset_memory *asset, const struct candidates *candidates, const struct consensus *consensus,
                     int64_t now_us)
{
    asset->consensus_price = SOME_DOUBLE(consensus->price);
    asset->consensus_confidence = SOME_DOUBLE(consensus->confidence);
    asset->consensus_at_us = SOME_LONG(now_us);
    for (size_t i = 0; i < asset->slot_count; i++)
        asset->slots[i]->state.in_consensus = is_used(candidates, asset->slots[i]);
}

/** The candidates as they stand in the record. */
static struct source_price *source_prices(const struct candidates *candidates, struct arena *arena)
{
    struct source_price *prices = arena_alloc(arena, candidates->count * sizeof(*prices));
    for (size_t i = 0; i < candidates->count; i++) {
        const struct source_state *state = candidates->sources[i].state;
        prices[i] = (struct source_price){.source = state->source,
                                          .price = state->price,
                                          .observed_at_us = state->observed_at_us,
                                          .weight = candidates->sources[i].weight};
    }
    return prices;
}

bool publication_of(struct asset_memory *asset, const struct quote *quote, struct str currency, struct arena *arena,
                    struct consensus_price *record)
{
    FILLED_AS_READ struct candidates candidates;
    struct consensus consensus;
    const struct str in = arena_str(arena, consensus_currency(asset, quote, currency));
    collect(asset, quote, in, &candidates);
    if (!consensus_of(candidates.sources, candidates.count, &consensus) ||
        consensus.weight + WEIGHT_TOLERANCE < (double)asset->settings->min_sources ||
        !is_due(asset, &candidates, &consensus, quote->fetched_at_us))
        return false;
    remember(asset, &candidates, &consensus, quote->fetched_at_us);
    *record = (struct consensus_price){.asset = asset->asset,
                                       .currency = in,
                                       .price = consensus.price,
                                       .confidence = consensus.confidence,
                                       .source_count = (int32_t)consensus.used,
                                       .sources = source_prices(&candidates, arena),
                                       .sources_count = candidates.count,
                                       .observed_at_us = consensus.newest_observed_at_us,
                                       .oldest_observed_at_us = consensus.oldest_observed_at_us,
                                       .as_of_us = quote->fetched_at_us};
    return true;
}
