/*
 * The one way a stage recovers: a session (its clients and its state in memory) runs until something fails; then it is thrown
 * away whole, and after a backoff a new one begins from what is committed. A stage never exits for an outage.
 *
 * Threads: one, the main loop.
 */
#ifndef QUOTEBUS_BUS_SESSION_H
#define QUOTEBUS_BUS_SESSION_H

#include <stdbool.h>

#include "base/error.h"

/** Runs one session until a stop is asked for (true) or something fails (false with `error`). It frees all it made. */
typedef bool (*session_fn)(void *ctx, struct error *error);

/**
 * Runs sessions until service_stopping(). Between two: not ready with the error as reason, a log line, a wait of 100 ms
 * doubling up to 5 s with jitter (back to the start once a session lived for 30 s), heartbeats meanwhile. Returns the exit status
 * of the stage: 0, or 1 when a session failed with ERROR_FATAL or ERROR_USAGE, which no waiting mends.
 */
int session_run(const char *component, session_fn run, void *ctx);

#endif
