/*
 * Time: microseconds since the epoch (UTC) for data, monotonic milliseconds for timers.
 *
 * The pure core never calls these: it takes time as an argument. Only main loops read the clock.
 */
#ifndef QUOTEBUS_BASE_CLOCK_H
#define QUOTEBUS_BASE_CLOCK_H

#include <stdint.h>

#include "base/bytes.h"
#include "base/error.h"

#define US_PER_S INT64_C(1000000)
#define US_PER_MS INT64_C(1000)
#define US_PER_DAY (INT64_C(86400) * US_PER_S)

/** Wall clock, microseconds since 1970-01-01T00:00:00Z. */
int64_t clock_wall_us(void);
/** Monotonic clock, milliseconds. */
int64_t clock_mono_ms(void);

/** Longest text time_format_us writes, with the NUL. */
#define TIME_TEXT_MAX 40
/** RFC 3339 in UTC with microseconds and Z: 2026-01-02T03:04:05.678901Z. Returns `out`. */
char *time_format_us(int64_t us, char out[TIME_TEXT_MAX]);

/**
 * Reads a point in time as people write it: RFC 3339 (`2026-01-02T03:04:05Z`, with fraction or offset), `2026-01-02`,
 * epoch seconds (10 digits) or milliseconds (13 digits), `now`, or `-90s`, `-5m`, `-2h`, `-1d` before `now_us`.
 */
bool time_parse_us(const char *text, int64_t now_us, int64_t *out_us, struct error *error) MUST_CHECK;

/** Days since the epoch to microseconds and back (floor), UTC. */
int64_t time_day_of_us(int64_t us);
/** The civil date of a day number. */
void time_civil(int64_t day, int *year, int *month, int *month_day);
/** The day number of a civil date (proleptic Gregorian). */
int64_t time_day_from_civil(int year, int month, int month_day);

#endif
