/*
 * A row of quotebus.market_aggregate as the record of its topic.
 *
 * Pure. Threads: any.
 */
#ifndef QUOTEBUS_PERSIST_JOBS_AGGREGATE_ROW_H
#define QUOTEBUS_PERSIST_JOBS_AGGREGATE_ROW_H

#include <libpq-fe.h>

#include "base/bytes.h"
#include "base/error.h"
#include "quotebus_records.h"

/** What to select, as text, in this order. */
#define AGGREGATE_COLUMNS                                                                                                        \
    "class, sector, window_end, (extract(epoch FROM window_end) * 1000000)::bigint, "                                            \
    "(extract(epoch FROM window_start) * 1000000)::bigint, assets, up, down, unchanged, change_pct, change_cap_weighted_pct, "   \
    "change_24h_pct, volume_usd, market_cap_usd, movers"

/** Places of the key among them. */
enum aggregate_column { AGGREGATE_CLASS, AGGREGATE_SECTOR, AGGREGATE_WINDOW_END };

/** Reads a row. Texts are borrowed from `rows`, arrays and texts of movers are in the arena. ERROR_FATAL: movers are no list of
 * them. */
bool aggregate_of_row(const PGresult *rows, int row, struct arena *arena, struct market_aggregate *aggregate,
                      struct error *error) MUST_CHECK;

#endif
