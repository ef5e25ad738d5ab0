/*
 * Which sources of an asset a quote is compared with.
 *
 * Prices are compared at their own times: two observations are close when both their fetches and what they observed lie within
 * fresh_s of each other. So a delayed source is not held against one that has seen the opening, and yesterday's close
 * not against today's price. A trusted source is taken at what it said nearest to the quote's time, so a delayed quote is held
 * against what the others said then. An observation that is known to a day only stands for the whole day. Pure. Threads: any.
 */
#ifndef QUOTEBUS_VALIDATE_PEERS_H
#define QUOTEBUS_VALIDATE_PEERS_H

#include "validate/state.h"

/** When something was seen. */
struct seen {
    int64_t fetched_at_us;
    int64_t observed_at_us;
    int64_t observed_end_us;
};

static inline struct seen seen_of_quote(const struct quote *quote)
{
    return (struct seen){.fetched_at_us = quote->fetched_at_us,
                         .observed_at_us = quote->observed_at_us,
                         .observed_end_us = observed_end_us(quote->observed_at_us, quote->observed_resolution_s)};
}

static inline struct seen seen_of_source(const struct source_state *state)
{
    return (struct seen){.fetched_at_us = state->fetched_at_us,
                         .observed_at_us = state->observed_at_us,
                         .observed_end_us = observed_end_us(state->observed_at_us, state->observed_resolution_s)};
}

/** When a sighting of that source was seen; its fetch is the source's last. */
static inline struct seen seen_of_sighting(const struct source_state *state, const struct sighting *sighting)
{
    return (struct seen){.fetched_at_us = state->fetched_at_us,
                         .observed_at_us = sighting->observed_at_us,
                         .observed_end_us = observed_end_us(sighting->observed_at_us, state->observed_resolution_s)};
}

/** How far two observations lie apart, microseconds. One that is known to a day only may be anywhere in it. */
static inline int64_t observed_gap_us(struct seen a, struct seen b)
{
    const int64_t last_start = a.observed_at_us > b.observed_at_us ? a.observed_at_us : b.observed_at_us;
    const int64_t first_end = a.observed_end_us < b.observed_end_us ? a.observed_end_us : b.observed_end_us;
    const int64_t width_a = a.observed_end_us - a.observed_at_us, width_b = b.observed_end_us - b.observed_at_us;
    return (last_start > first_end ? last_start - first_end : 0) + (width_a > width_b ? width_a : width_b);
}

/** Whether two fetches lie within `fresh_s`. */
static inline bool fetched_close(struct seen a, struct seen b, int64_t fresh_s)
{
    const int64_t later = a.fetched_at_us > b.fetched_at_us ? a.fetched_at_us : b.fetched_at_us;
    const int64_t earlier = a.fetched_at_us > b.fetched_at_us ? b.fetched_at_us : a.fetched_at_us;
    return later - earlier <= fresh_s * US_PER_S;
}

/** Whether two observations do. */
static inline bool observed_close(struct seen a, struct seen b, int64_t fresh_s)
{
    const int64_t last_start = a.observed_at_us > b.observed_at_us ? a.observed_at_us : b.observed_at_us;
    const int64_t first_end = a.observed_end_us < b.observed_end_us ? a.observed_end_us : b.observed_end_us;
    return last_start - first_end <= fresh_s * US_PER_S;
}

/** The weight of the i-th of `count` sources with these independence groups: those of one group share the weight of one. */
double independent_weight(const int *groups, size_t count, size_t i);

/**
 * The peers of a quote among the sources of `asset` (NULL: none). `items` has room for SOURCES_MAX; peers->items points to it.
 * The quote's times, rate and currency must be sound.
 */
void peers_find(const struct asset_memory *asset, const struct rule_input *input, int own_group, struct peer *items,
                struct peers *peers);

#endif
