/*
 * How much of a provider's configured rate is used: all of it, until it says "too many".
 *
 * Additive increase, multiplicative decrease (D.-M. Chiu, R. Jain, 1989, as TCP does it): an answer "too many" halves the share,
 * down to a floor; while answers are good it grows by a step each THROTTLE_STEP_MS or window, whichever is longer, up to 1. So it
 * finds what a provider really allows, and never goes above what is configured. Several answers to calls that went out before the
 * cut are one event.
 *
 * Pure; time is an argument (monotonic milliseconds). Threads: one.
 */
#ifndef QUOTEBUS_INGEST_THROTTLE_H
#define QUOTEBUS_INGEST_THROTTLE_H

#include <stdbool.h>
#include <stdint.h>

/** The share grows at most once in so long. */
#define THROTTLE_STEP_MS INT64_C(60000)

struct throttle {
    double floor; /**< least share, (0, 1] */
    double step;  /**< what it grows by */
    double share; /**< (0, 1] */
    int64_t changed_ms;
    int64_t cut_ms; /**< of the last cut */
    bool was_cut;
};

/** Starts with a share of 1. */
void throttle_init(struct throttle *throttle, double floor, double step);
/** "Too many" to a call that went out at `sent_ms`. True when the share was cut. */
bool throttle_limited(struct throttle *throttle, int64_t sent_ms, int64_t now_ms);
/** A good answer; `window_ms` is that of the provider. */
void throttle_good(struct throttle *throttle, int64_t window_ms, int64_t now_ms);

#endif
