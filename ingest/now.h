/*
 * The one place where ingest's code around the planner reads the clocks.
 */
#ifndef QUOTEBUS_INGEST_NOW_H
#define QUOTEBUS_INGEST_NOW_H

#include "base/clock.h"
#include "ingest/planner.h"

/** Both clocks. */
static inline struct moment moment_now(void)
{
    return (struct moment){.wall_us = clock_wall_us(), .mono_ms = clock_mono_ms()};
}

#endif
