/*
 * Slots of a job: the multiples of its interval since 1970-01-01T00:00:00Z, so that a daily one is at 00:00 UTC and all instances
 * mean the same moments.
 *
 * Pure. Threads: any.
 */
#ifndef QUOTEBUS_PERSIST_JOBS_SCHEDULE_H
#define QUOTEBUS_PERSIST_JOBS_SCHEDULE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"

/** The newest slot that has begun at `now_us`; `every_s` is positive. */
int64_t slot_at(int64_t now_us, int64_t every_s);

/** Slots from first_us to last_us, both included, each every_s after the one before. */
struct slots {
    int64_t first_us;
    int64_t last_us;
    bool any; /**< false: there is none, the others do not count */
};

/**
 * The slots that are to be worked off at `now_us`: those after `done_us`, at most the newest `most` ones. A job that never ran
 * has the newest one only. None when the clock stands before `done_us`. An interval that was changed since is no matter.
 */
struct slots slots_due(struct opt_long done_us, int64_t now_us, int64_t every_s, int64_t most);

#endif
