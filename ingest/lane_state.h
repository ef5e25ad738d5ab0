/*
 * All that must outlive the owner of a lane: what the next owner has to know to go on with the quota, the schedule and the
 * breaker as they were.
 *
 * The planner fills one (planner_export) and takes one over (planner_import); the ledger writes it to Kafka and reads it back.
 * All times are wall clock microseconds, since the next owner has another monotonic clock; 0 means "never" unless said otherwise.
 * What is not exact is on the safe side: a call whose end is not known counts as made at the moment of the import.
 *
 * Ownership: texts and arrays live in `memory` of the state. A zeroed state is that of a lane that never made a call.
 *
 * Pure; threads: one.
 */
#ifndef QUOTEBUS_INGEST_LANE_STATE_H
#define QUOTEBUS_INGEST_LANE_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"

/** Most entries of a log of calls in a state: a longer log is thinned, each entry then stands at its latest call. */
#define LANE_RUNS_MAX 64
/** Most ranges of open assets per job: beyond it neighbouring ranges are joined. */
#define LANE_RANGES_MAX 64
/** Most symbols of a list, and most validators. */
#define LANE_SYMBOLS_MAX 1000
#define LANE_VALIDATORS_MAX 1000

/** Calls that are counted as made at one time. */
struct lane_run {
    int64_t at_us;
    int64_t calls;
};

/** Neighbouring positions in the list of a job's assets. */
struct lane_range {
    int64_t first;
    int64_t count;
};

/** How far one job is. */
struct lane_job {
    struct str job;
    int64_t slot_us;         /**< begin of the newest slot that was begun, without jitter */
    int64_t assets_hash;     /**< of the job's assets in their order: ranges of another list mean nothing */
    struct lane_range *open; /**< assets of that slot whose call has not ended: queued, in flight or waiting for a retry */
    size_t open_count;
};

/** A symbol that the provider does not know or has delisted. */
struct lane_symbol {
    struct str asset;
    struct str symbol;        /**< the provider's: another one in the configuration is asked about anew */
    struct opt_long until_us; /**< unset: for good */
};

/** What a conditional request needs. The planner neither sets nor reads these: they belong to the cache of responses. */
struct lane_validator {
    struct str key; /**< endpoint or hash of the URL */
    struct opt_str etag;
    struct opt_str last_modified;
    struct opt_long fresh_until_us; /**< no call is needed before */
};

struct lane_state {
    struct str lane; /**< `yahoo`, or `yahoo#3` for a shard */
    int64_t saved_at_us;
    struct lane_run *window; /**< the latest calls, as many as calls_per_window, oldest first */
    size_t window_count;
    struct lane_run *period; /**< the calls of the latest reset_period_seconds, oldest first */
    size_t period_count;
    int64_t month; /**< calendar month (UTC) that month_used counts, as year * 12 + month - 1 */
    int64_t month_used;
    int64_t in_flight; /**< calls that were taken and have not ended; in window, period and month they are not counted */
    int64_t last_call_us;
    int64_t paused_until_us; /**< by "too many" or Retry-After */
    struct opt_double pace;  /**< share of the configured rate that is used, (0, 1]; unset: all of it */
    int64_t pace_changed_us;
    int64_t failures_in_row;  /**< of the circuit breaker */
    int64_t breaker_opens;    /**< times it opened since it was last closed; 0: it is closed */
    int64_t breaker_until_us; /**< no call before, then one probe */
    struct lane_job *jobs;
    size_t job_count;
    struct lane_symbol *unknown;
    size_t unknown_count;
    struct lane_symbol *inactive;
    size_t inactive_count;
    struct lane_validator *validators;
    size_t validator_count;
    struct arena memory;
};

/** Frees everything and zeroes the state. */
void lane_state_clear(struct lane_state *state);
/** Room for `count` zeroed structs of `size` bytes in the state's memory; NULL for none. */
void *lane_state_room(struct lane_state *state, size_t count, size_t size);

#endif
