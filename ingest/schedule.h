/*
 * When a job is due, and how long to wait before a retry.
 *
 * Slots are aligned: slot n of a job begins at offset + n * every, and is served a jitter later (from the seed and a name, at
 * most a tenth of the interval and 10 s), so that providers are not called in step and restarts keep the rhythm. Missed slots are
 * caught up once, not one by one.
 *
 * A slot serves an asset whose market was open at some time since the slot before, or is open now; `settle` stretches that beyond
 * the close, so that the first slot after it has the closing price. While the market is closed only one slot in each
 * `closed_every` serves it. A daily job so runs once after each trading day.
 *
 * Pure: time is an argument. Threads: one.
 */
#ifndef QUOTEBUS_INGEST_SCHEDULE_H
#define QUOTEBUS_INGEST_SCHEDULE_H

#include <stdbool.h>
#include <stdint.h>

#include "market/calendar.h"

/** Interval and shift of a job's slots, in microseconds. */
struct schedule_rule {
    int64_t every_us;        /**< > 0 */
    int64_t offset_us;       /**< of slots from the epoch's multiples, [0, every) */
    int64_t closed_every_us; /**< one slot in so long while the market is closed; 0: none */
    int64_t settle_us;       /**< how long after the close prices may still change at this source */
};

struct schedule {
    struct schedule_rule rule;
    int64_t jitter_us;
    bool ran; /**< last_slot is set */
    int64_t last_slot;
};

/** The slots that began since the last one taken. */
struct schedule_slot {
    int64_t slot;  /**< number of the newest of them */
    bool first;    /**< there was none before: it serves everything */
    int64_t after; /**< number of the last slot that was taken before */
};

/** The first slot that is asked about is due at once. The jitter comes from the hash of `name`. */
void schedule_init(struct schedule *schedule, const struct schedule_rule *rule, int64_t jitter_us);
/** A jitter for slots `every_us` apart: the same for the same name and seed. */
int64_t schedule_jitter_us(const char *name, int64_t every_us, uint64_t seed);
/** True when a slot began since the last one taken; takes it. */
bool schedule_take(struct schedule *schedule, int64_t now_us, struct schedule_slot *taken);
/** Whether the slots taken serve an asset of that market. */
bool schedule_serves(const struct schedule *schedule, const struct schedule_slot *taken, enum market market);
/** Begin of a slot, without jitter. */
int64_t schedule_slot_us(const struct schedule *schedule, int64_t slot);
/** Number of the slot that a time lies in, the jitter left aside. */
int64_t schedule_slot_at(const struct schedule *schedule, int64_t us);
/** Microseconds until the next slot begins; 0 when one is due. */
int64_t schedule_wait_us(const struct schedule *schedule, int64_t now_us);
/** Slots that begin in (from, to], whatever the hours. */
int64_t schedule_count(const struct schedule *schedule, int64_t from_us, int64_t to_us);

/** FNV-1a of a text, mixed with a seed. */
uint64_t name_seed(const char *name, uint64_t seed);
/** The next number of a stream (splitmix64); advances *state. */
uint64_t random_next(uint64_t *state);
/**
 * Wait before retry `attempt` (from 1): uniform in [0, min(max_ms, base_ms * 2^(attempt-1))], the "full jitter" of
 * M. Brooker, Exponential Backoff And Jitter, 2015.
 */
int64_t backoff_ms(int64_t base_ms, int64_t max_ms, int64_t attempt, uint64_t *random_state);

#endif
