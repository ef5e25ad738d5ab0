/*
 * What makes a fetch unique: its time and its id.
 *
 * PostgreSQL's key of a quote is (asset, source, fetched_at), so two responses of one process never get the same time, even
 * within a microsecond or when the wall clock steps back.
 *
 * Threads: one.
 */
#ifndef QUOTEBUS_INGEST_STAMP_H
#define QUOTEBUS_INGEST_STAMP_H

#include <stdint.h>

/** 128 bits in hex, with the NUL. */
#define REQUEST_ID_SIZE 33

struct stamp {
    int64_t last_us;
    uint64_t random_state; /**< 0: ids come from the kernel's random numbers */
};

/** `seed` 0: ids from the kernel; else the same seed gives the same ids. */
void stamp_init(struct stamp *stamp, uint64_t seed);
/** `wall_us`, or the microsecond after the last one given when that is later. */
int64_t stamp_time_us(struct stamp *stamp, int64_t wall_us);
/** A new id, 32 hex digits. Returns `out`. */
const char *stamp_request_id(struct stamp *stamp, char out[REQUEST_ID_SIZE]);
/** 64 bits from the kernel's random numbers. */
uint64_t random_seed(void);

#endif
