/*
 * When a consensus price is published, and its record: when price or sources changed, and at least every PUBLICATION_INTERVAL_S
 * of stream time (the fetched_at of the asset's records) while the asset's records come. Pure. Threads: any.
 */
#ifndef QUOTEBUS_VALIDATE_PUBLICATION_H
#define QUOTEBUS_VALIDATE_PUBLICATION_H

#include "validate/state.h"

#define PUBLICATION_INTERVAL_S 60

/**
 * Fills everything of `record` but rules_version, raw_partition and raw_offset, and remembers in `asset` what was published.
 * False when there is nothing to publish. `quote` is the record just judged, `currency` what its price is compared in.
 */
bool publication_of(struct asset_memory *asset, const struct quote *quote, struct str currency, struct arena *arena,
                    struct consensus_price *record);

#endif
