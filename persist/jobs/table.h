/*
 * The jobs of this folder, for the table of jobs.
 */
#ifndef QUOTEBUS_PERSIST_JOBS_TABLE_H
#define QUOTEBUS_PERSIST_JOBS_TABLE_H

#include "persist/jobs/job.h"

extern const struct job job_partitions;
extern const struct job job_cleanup;
extern const struct job job_sizes;
extern const struct job job_aggregate;

#endif
