/*
 * Starting a thread beside the main one.
 *
 * Threads: any.
 */
#ifndef QUOTEBUS_BASE_THREAD_H
#define QUOTEBUS_BASE_THREAD_H

#include <pthread.h>

#include "base/error.h"

/**
 * Starts `work` with all signals blocked in it, so that they reach the main thread. `what` names it in the error: `the writer's
 * thread`. The caller joins it. ERROR_FATAL when the system has no more threads to give.
 */
bool thread_start(pthread_t *thread, void *(*work)(void *ctx), void *ctx, const char *what, struct error *error) MUST_CHECK;

#endif
