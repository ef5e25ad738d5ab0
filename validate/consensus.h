/*
 * The price that the sources of an asset agree on: weighted median, with the larger distance to the weighted quartiles as
 * confidence.
 *
 * Taken from Pyth's aggregation (median as price, max(p50 - p25, p75 - p50) as confidence), without its three votes per
 * publisher, since free sources state no confidence of their own. Feeders that average what lies within some sigma of the mean
 * were looked at and left: see robust.h. Pure. Threads: any.
 */
#ifndef QUOTEBUS_VALIDATE_CONSENSUS_H
#define QUOTEBUS_VALIDATE_CONSENSUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "quotebus_records.h"

/** A source with its weight; 0: left out. */
struct consensus_source {
    const struct source_state *state; /**< price finite and above 0 */
    double weight;
};

struct consensus {
    double price;
    double confidence;             /**< half width of the band around price; 0 of a single source */
    size_t used;                   /**< sources with a weight */
    double weight;                 /**< sum of the weights */
    int64_t newest_observed_at_us; /**< of those used */
    int64_t oldest_observed_at_us;
};

/** The consensus of at most SOURCES_MAX sources. False when none has a weight. */
bool consensus_of(const struct consensus_source *sources, size_t count, struct consensus *out);

#endif
