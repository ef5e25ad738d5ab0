/*
 * One attempt at a job: take its lock, see what is due by quotebus.job, work it off, and record it.
 *
 * Threads: one.
 */
#ifndef QUOTEBUS_PERSIST_JOBS_ATTEMPT_H
#define QUOTEBUS_PERSIST_JOBS_ATTEMPT_H

#include "persist/jobs/job.h"

enum attempt_result {
    ATTEMPT_DONE,   /**< nothing is due until the next slot */
    ATTEMPT_LATER,  /**< another instance works on it, or a slot is not ready */
    ATTEMPT_FAILED, /**< see `error` */
};

/**
 * Works off what is due at `now_us`. `waited_ms`: for how long the caller was told ATTEMPT_LATER. The lock goes with the
 * connection or at the end, whichever is first.
 */
enum attempt_result job_attempt(const struct job *job, const struct job_context *context, int64_t now_us, int64_t waited_ms,
                                struct error *error) MUST_CHECK;
/** Notes a failure in quotebus.job, on a connection that works. */
bool job_note_failure(const struct job *job, const struct job_context *context, const char *message,
                      struct error *error) MUST_CHECK;

#endif
