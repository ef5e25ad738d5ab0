/*
 * A point in time on both clocks: schedules follow the wall clock, waits the monotonic one.
 *
 * Pure; threads: any.
 */
#ifndef QUOTEBUS_INGEST_MOMENT_H
#define QUOTEBUS_INGEST_MOMENT_H

#include <stdint.h>

struct moment {
    int64_t wall_us;
    int64_t mono_ms;
};

/** The wall time of a monotonic time, as both clocks stand at `now`. */
int64_t moment_wall_us(const struct moment *now, int64_t mono_ms);
/** The monotonic time of a wall time: the first millisecond that is not before it. */
int64_t moment_mono_ms(const struct moment *now, int64_t wall_us);

#endif
