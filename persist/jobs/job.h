/*
 * What a job is: one file in persist/jobs and one row in persist/jobs/table.c.
 *
 * A job is worked off slot by slot (schedule.h) by one instance at a time. What it does for a slot must come out the same when it
 * is done once more, since a crash may fall between the work and its record.
 */
#ifndef QUOTEBUS_PERSIST_JOBS_JOB_H
#define QUOTEBUS_PERSIST_JOBS_JOB_H

#include <stdbool.h>
#include <stdint.h>

#include "base/config.h"
#include "base/error.h"
#include "persist/jobs/outbox.h"
#include "pg/pg.h"

/** What a job works with. */
struct job_context {
    const struct config *config;
    struct pg *pg;         /**< a connection of its own, in no transaction */
    struct outbox *outbox; /**< the way to Kafka */
};

/** Whether the work of a slot can begin. */
enum job_readiness {
    JOB_READY,
    JOB_NOT_YET, /**< ask again shortly; after JOB_WAIT_MS it begins all the same */
    JOB_UNKNOWN, /**< PostgreSQL could not be asked */
};

struct job {
    const char *name; /**< key of quotebus.job and label of the metrics */
    /** Length of a slot in seconds. */
    int64_t (*every_s)(const struct persist_settings *settings);
    int64_t catch_up_max; /**< most missed slots that are worked off; at least 1: the newest */
    /** Whether all that the slot needs is there; NULL: always. */
    enum job_readiness (*readiness)(const struct job_context *context, int64_t slot_us, struct error *error);
    /** The work of a slot. */
    bool (*run)(const struct job_context *context, int64_t slot_us, struct error *error);
    /** What has to follow, also where nothing was due: an earlier run may have been cut off in it. NULL: nothing. */
    bool (*finish)(const struct job_context *context, struct error *error);
};

/** Longest wait for readiness, from the first time a slot was due to this instance. */
#define JOB_WAIT_MS (INT64_C(5) * 60 * 1000)

/** All jobs, ended by NULL: the one table of jobs. Those that need partitions come after the one that makes them. */
extern const struct job *const jobs_table[];

/** The length of a slot of jobs that run once a day, at 00:00 UTC. */
int64_t job_daily_s(const struct persist_settings *settings);

#endif
