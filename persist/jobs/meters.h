/*
 * Metrics of the jobs: quotebus_persist_job_runs_total{job,outcome}, quotebus_persist_job_duration_seconds{job},
 * quotebus_persist_job_last_slot_seconds{job}.
 *
 * Threads: any.
 */
#ifndef QUOTEBUS_PERSIST_JOBS_METERS_H
#define QUOTEBUS_PERSIST_JOBS_METERS_H

#include <stdint.h>

/** A slot was worked off in that time. `job` is a literal. */
void job_meter_done(const char *job, int64_t slot_us, int64_t duration_ms);
/** An attempt failed. */
void job_meter_failed(const char *job);

#endif
