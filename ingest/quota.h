/*
 * How many calls a provider may get, and when the next one may go out.
 *
 * Three limits at once: at most `calls_per_window` in any `window_seconds` (a sliding log, so there is no burst at a boundary),
 * at most `max_calls` in each `reset_period_seconds` (counted from the first call of a period), at least `batch_delay_seconds`
 * between two calls. A provider that said "too many" is paused on top of it.
 *
 * Pure: time is an argument (milliseconds of a clock that never goes back). Threads: one.
 */
#ifndef QUOTEBUS_INGEST_QUOTA_H
#define QUOTEBUS_INGEST_QUOTA_H

#include "base/bytes.h"
#include "base/config.h"

struct quota {
    int64_t max_calls;        /**< 0: no such limit */
    int64_t calls_per_window; /**< 0: no such limit */
    int64_t window_ms;
    int64_t reset_period_ms;
    int64_t delay_ms;
    int64_t *log; /**< times of the last calls_per_window calls, a ring */
    size_t log_size;
    size_t log_next;
    bool called; /**< there was a call */
    int64_t last_call_ms;
    int64_t period_start_ms;
    int64_t period_used;
    int64_t paused_until_ms; /**< 0: not paused */
};

/** Takes the five settings; quota_clear frees. */
void quota_init(struct quota *quota, const struct provider_settings *settings);
void quota_clear(struct quota *quota);
/** 0 when a call may go out at `now_ms`, else how long to wait. */
int64_t quota_wait_ms(const struct quota *quota, int64_t now_ms);
/** Counts a call that goes out now. */
void quota_take(struct quota *quota, int64_t now_ms);
/** No call before `until_ms`; never shortens a pause. */
void quota_pause(struct quota *quota, int64_t until_ms);
/** Calls made in the period that `now_ms` lies in. */
int64_t quota_used(const struct quota *quota, int64_t now_ms);

#endif
