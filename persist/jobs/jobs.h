/*
 * Runs the jobs of persist in a thread of its own, beside the storing of records: with a connection of its own that is there
 * while a job runs only.
 *
 * One instance of all works on a job at a time: it holds an advisory lock of PostgreSQL meanwhile. What was done last stands in
 * quotebus.job, so a slot that was missed is made up for at the next start. A failure is logged, counted in
 * quotebus_persist_job_runs_total{outcome="failed"}, noted in the table, and tried again after a minute; it never ends the
 * program.
 *
 * Threads: start and stop from one thread.
 */
#ifndef QUOTEBUS_PERSIST_JOBS_JOBS_H
#define QUOTEBUS_PERSIST_JOBS_JOBS_H

#include "base/config.h"
#include "base/error.h"

struct jobs;

/** Starts the thread; `config` is kept by reference. NULL with `error` when there can be none. */
struct jobs *jobs_start(const struct config *config, struct error *error) MUST_CHECK;
/** Cancels what runs, waits for the thread and frees. NULL is fine. What was cut off is done at the next start. */
void jobs_stop(struct jobs *jobs);

#endif
