/*
 * Wall clocks of exchanges: from local time to UTC and back, by the rules in force since 2007 (New York) and 1996
 * (Europe). Earlier local times are read by the same rules, so they can be an hour wrong.
 *
 * The rules stand in the code since a system's zone files may be missing or stale, and since the same bytes must give the same
 * record everywhere. Pure; any thread.
 */
#ifndef QUOTEBUS_BASE_ZONE_H
#define QUOTEBUS_BASE_ZONE_H

#include <stdint.h>

enum zone {
    ZONE_NEW_YORK,       /**< daylight time from the second Sunday of March to the first of November, each at 02:00 local time */
    ZONE_CENTRAL_EUROPE, /**< from the last Sunday of March to the last of October, each at 01:00 UTC */
    ZONE_LONDON,         /**< the same two changes, an hour further west */
};

/**
 * Microseconds since the epoch in UTC of a local time given as if it were UTC. An hour that occurs twice in autumn is taken as
 * the first, the one that spring leaves out as the hour after it.
 */
int64_t zone_to_utc_us(enum zone zone, int64_t local_us);
/** Seconds east of UTC at a point in time (microseconds since the epoch, UTC). */
int64_t zone_offset_s(enum zone zone, int64_t utc_us);

#endif
