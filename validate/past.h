/*
 * What the recent sightings of one source say: the prices that passed, each at its own time.
 *
 * From them come how much the price usually moves (median and MAD of the returns, scaled to a minute), what the source said at
 * another time (a delayed source is compared with what the others said then), and how far it moved since. Pure. Threads: any.
 */
#ifndef QUOTEBUS_VALIDATE_PAST_H
#define QUOTEBUS_VALIDATE_PAST_H

#include <stdbool.h>
#include <stdint.h>

#include "quotebus_records.h"

/** Most sightings of one source that are kept. */
#define RECENT_MAX 12
/** Fewest sightings that make a past to vouch by. */
#define PAST_MIN 4
/** How old a price may be that bears the time of its fetch, or lies in a cache, without anybody knowing. */
#define UNSEEN_MINUTES 1
/** Fewest returns that say how much a price moves. */
#define RETURNS_MIN 5

/** Distance of two times in minutes, at least one second. */
double past_minutes(int64_t a_us, int64_t b_us);
/** Log return from one price to another in basis points. Both above 0. */
double log_return_bps(double from, double to);
/** Robust standard deviation of the returns other than 0, at least a quarter of the largest, in basis points per square root of a
 * minute; 0 while there are too few. */
double past_sigma_bps(const struct source_state *source);
/** The sighting nearest to a time, the earlier of two at the same distance; NULL without any. */
const struct sighting *past_nearest(const struct source_state *source, int64_t at_us);
/**
 * What the source may have said at a time, as near to `price` as can be: it has gone from the sighting before that time to the
 * one after it, so anything between these is possible, and stamps may be late by UNSEEN_MINUTES. `nearest` is past_nearest of
 * that time; when it is the last there is, it is all that is known.
 */
double past_price_at(const struct source_state *source, const struct sighting *nearest, int64_t at_us, double price);
/**
 * Furthest that the price has been, from `since_us` to `until_us`, from where it was at the beginning, in basis points of the log
 * return; 0 if unknown.
 */
double past_moved_bps(const struct source_state *source, int64_t since_us, int64_t until_us);

#endif
