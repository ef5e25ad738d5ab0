/*
 * When a record is due, so that a replay goes as fast as its records came, or ten times that. Pure. Threads: one.
 */
#ifndef QUOTEBUS_CLI_PACE_H
#define QUOTEBUS_CLI_PACE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

struct pace {
    double factor; /**< 1: as they came; 0: as fast as can be */
    bool begun;
    int64_t first_ms; /**< time stamp of the first record */
    int64_t begun_ms; /**< when it was given out */
};

/** Reads --speed: `max`, or a factor like 1x, 0.5x, 10x; NULL: max. ERROR_USAGE. */
bool pace_parse(const char *text, struct pace *pace, struct error *error) MUST_CHECK;
/** How long a record with that time stamp has to wait; 0: it is due. The first one is. */
int64_t pace_wait_ms(struct pace *pace, int64_t timestamp_ms, int64_t now_ms);

#endif
