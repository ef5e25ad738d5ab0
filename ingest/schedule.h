/*
 * When a job is due, and how long to wait before a retry.
 *
 * Slots are aligned: slot n of a job begins at n * every + a jitter of its own (from the seed and its name, at most a tenth of
 * the interval and 10 s), so that jobs of the same interval do not fire together and restarts keep the rhythm. Missed slots are
 * caught up once, not one by one.
 *
 * Pure: time is an argument. Threads: one.
 */
#ifndef QUOTEBUS_INGEST_SCHEDULE_H
#define QUOTEBUS_INGEST_SCHEDULE_H

#include <stdbool.h>
#include <stdint.h>

struct schedule {
    int64_t every_us;
    int64_t jitter_us;
    bool ran; /**< last_slot is set */
    int64_t last_slot;
};

/** `every_s` > 0. The first slot that is asked about is due at once. */
void schedule_init(struct schedule *schedule, const char *job, int64_t every_s, uint64_t seed);
/** True when a slot began since the last one taken; takes it. */
bool schedule_take(struct schedule *schedule, int64_t now_us);
/** Microseconds until the next slot begins; 0 when one is due. */
int64_t schedule_wait_us(const struct schedule *schedule, int64_t now_us);

/** The next number of a stream (splitmix64); advances *state. */
uint64_t random_next(uint64_t *state);
/**
 * Wait before retry `attempt` (from 1): uniform in [0, min(max_ms, base_ms * 2^(attempt-1))], the "full jitter" of
 * M. Brooker, Exponential Backoff And Jitter, 2015.
 */
int64_t backoff_ms(int64_t base_ms, int64_t max_ms, int64_t attempt, uint64_t *random_state);

#endif
