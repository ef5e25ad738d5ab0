/*
 * What a call does with the cache of its lane: asks it before the request leaves, and notes what of the answer is worth keeping.
 *
 * Pure; threads: one.
 */
#ifndef QUOTEBUS_INGEST_FLIGHT_CACHE_H
#define QUOTEBUS_INGEST_FLIGHT_CACHE_H

#include "ingest/flights.h"
#include "ingest/reading.h"

/**
 * True when the last answer to the call is still fresh at `now_us` (wall clock), so that no request is needed. Otherwise appends
 * the headers that make it conditional, where a validator is known. Ranges, sessions and health checks are always asked.
 */
bool flight_ask_cache(struct flight *flight, const struct cache *cache, const char *base_url, int64_t now_us,
                      struct buf *headers);
/** Sets flight->answer from a good answer. */
void flight_note_answer(struct flight *flight, const struct cache *cache, const struct reading *reading,
                        const struct fetch_result *fetched);

#endif
