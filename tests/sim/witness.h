/*
 * The independent witness of what was called: a count per provider and endpoint, the most calls within one second of the clock,
 * and the time of each call. Called under the simulator's lock.
 */
#ifndef QUOTEBUS_SIM_WITNESS_H
#define QUOTEBUS_SIM_WITNESS_H

#include "tests/sim/provider.h"

/** Times kept per provider, and how many of them witness_write shows. */
#define WITNESS_TIMES_MAX 131072
#define WITNESS_LAST_CALLS 256

struct witness_provider {
    uint64_t calls[SIM_ENDPOINTS_MAX + 1]; /**< the last one counts paths that are no endpoint */
    uint64_t total;
    int64_t second; /**< the one being counted, epoch seconds */
    uint64_t in_second;
    uint64_t per_second_max;
    int64_t *times_us; /**< a ring of WITNESS_TIMES_MAX, made with the first call */
};

struct witness {
    uint64_t connections;                                 /**< made by clients, those for the simulator itself too */
    uint64_t not_modified;                                /**< answers 304 */
    struct witness_provider providers[SIM_PROVIDERS_MAX]; /**< in the order of sim_providers */
};

/** Counts a call; `endpoint` NULL: a path that is none. */
void witness_count(struct witness *witness, const struct sim_provider *provider, const struct sim_endpoint *endpoint,
                   int64_t now_us);

/**
 * Writes `{"yahoo": {"chart": 3, "spark": 10, "other": 0}, ..., "per_second_max": {"yahoo": 4, ...}, "http": {"connections": 2,
 * "not_modified": 0}, "last_calls":
 * {"yahoo": ["2026-01-02T03:04:05.000006Z", ...], ...}}`, oldest call first.
 */
void witness_write(const struct witness *witness, struct buf *body);
/** Writes the times of one provider's calls, `{"total": 3, "times_us": [1767366245000006, ...]}`, oldest first. False: no such.
 */
bool witness_write_times(const struct witness *witness, const char *provider, struct buf *body);
/** Frees the times. */
void witness_clear(struct witness *witness);

#endif
