#include "persist/jobs/attempt.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/service.h"
#include "persist/jobs/meters.h"
#include "persist/jobs/schedule.h"

#define SQL_LOCK "SELECT pg_catalog.pg_try_advisory_lock(pg_catalog.hashtextextended('quotebus.job.' || $1, 0))::integer"
#define SQL_UNLOCK "SELECT pg_catalog.pg_advisory_unlock(pg_catalog.hashtextextended('quotebus.job.' || $1, 0))"
#define SQL_LAST                                                                                                                 \
    "SELECT (extract(epoch FROM last_slot) * 1000000)::bigint FROM quotebus.job WHERE name = $1 AND last_slot IS NOT NULL"
#define SQL_DONE                                                                                                                 \
    "INSERT INTO quotebus.job AS j (name, instance, last_slot, last_started_at, last_finished_at, runs)"                         \
    " VALUES ($1, $2, $3, $4, clock_timestamp(), 1)"                                                                             \
    " ON CONFLICT (name) DO UPDATE SET instance = excluded.instance, last_slot = excluded.last_slot, last_error = NULL,"         \
    " last_started_at = excluded.last_started_at, last_finished_at = excluded.last_finished_at, runs = j.runs + 1"               \
    " RETURNING runs"
#define SQL_FAILED                                                                                                               \
    "INSERT INTO quotebus.job AS j (name, instance, last_error, last_finished_at, failures)"                                     \
    " VALUES ($1, $2, $3, clock_timestamp(), 1)"                                                                                 \
    " ON CONFLICT (name) DO UPDATE SET instance = excluded.instance, last_error = excluded.last_error,"                          \
    " last_finished_at = excluded.last_finished_at, failures = j.failures + 1 RETURNING failures"

/** Takes the lock of a job if nobody has it. */
static bool try_lock(const struct job *job, const struct job_context *context, bool *locked, struct error *error)
{
    PGresult *result = pg_query(context->pg, SQL_LOCK, 1, &job->name, error);
    *locked = result && pg_int(result, 0, 0) == 1;
    PQclear(result);
    return result != NULL;
}

/** Lets it go. A connection that fails here has lost it as well. */
static void unlock(const struct job *job, const struct job_context *context)
{
    struct error ignored = {0};
    PQclear(pg_query(context->pg, SQL_UNLOCK, 1, &job->name, &ignored));
}

/** The slot that was worked off last; not set when there is none. */
static bool read_last_slot(const struct job *job, const struct job_context *context, struct opt_long *last_us,
                           struct error *error)
{
    PGresult *result = pg_query(context->pg, SQL_LAST, 1, &job->name, error);
    if (!result)
        return false;
    *last_us = (struct opt_long){0};
    if (PQntuples(result) == 1)
        *last_us = SOME_LONG(pg_int(result, 0, 0));
    PQclear(result);
    return true;
}

/** Records a slot as worked off. */
static bool note_done(const struct job *job, const struct job_context *context, int64_t slot_us, int64_t started_us,
                      struct error *error)
{
    char slot[TIME_TEXT_MAX], started[TIME_TEXT_MAX];
    const char *const params[] = {job->name, context->config->persist.instance, time_format_us(slot_us, slot),
                                  time_format_us(started_us, started)};
    PGresult *result = pg_query(context->pg, SQL_DONE, 4, params, error);
    PQclear(result);
    return result != NULL || error_prefix(error, "recording the slot");
}

bool job_note_failure(const struct job *job, const struct job_context *context, const char *message, struct error *error)
{
    const char *const params[] = {job->name, context->config->persist.instance, message};
    PGresult *result = pg_query(context->pg, SQL_FAILED, 3, params, error);
    PQclear(result);
    return result != NULL;
}

/** Works off one slot and records it. */
static bool run_slot(const struct job *job, const struct job_context *context, int64_t slot_us, struct error *error)
{
    char text[TIME_TEXT_MAX];
    const int64_t started_us = clock_wall_us(), begun_ms = clock_mono_ms();
    if (!job->run(context, slot_us, error))
        return error_prefix(error, "slot %s", time_format_us(slot_us, text));
    failpoint("persist.job.after_run");
    if (!note_done(job, context, slot_us, started_us, error))
        return false;
    job_meter_done(job->name, slot_us, clock_mono_ms() - begun_ms);
    log_info("persist.jobs", "slot worked off", F_STR("job", job->name), F_STR("slot", time_format_us(slot_us, text)),
             F_INT("ms", clock_mono_ms() - begun_ms));
    return true;
}

/** Works off the slots that are due, the oldest first. */
static enum attempt_result run_slots(const struct job *job, const struct job_context *context, int64_t now_us, int64_t waited_ms,
                                     struct error *error)
{
    const int64_t every_s = job->every_s(&context->config->persist);
    struct opt_long last_us;
    if (!read_last_slot(job, context, &last_us, error))
        return ATTEMPT_FAILED;
    const struct slots due = slots_due(last_us, now_us, every_s, job->catch_up_max);
    for (int64_t slot_us = due.first_us; due.any && slot_us <= due.last_us; slot_us += every_s * US_PER_S) {
        const enum job_readiness readiness =
            job->readiness && waited_ms < JOB_WAIT_MS ? job->readiness(context, slot_us, error) : JOB_READY;
        if (readiness != JOB_READY)
            return readiness == JOB_NOT_YET ? ATTEMPT_LATER : ATTEMPT_FAILED;
        if (!run_slot(job, context, slot_us, error))
            return ATTEMPT_FAILED;
    }
    return ATTEMPT_DONE;
}

enum attempt_result job_attempt(const struct job *job, const struct job_context *context, int64_t now_us, int64_t waited_ms,
                                struct error *error)
{
    bool locked;
    if (!try_lock(job, context, &locked, error))
        return ATTEMPT_FAILED;
    if (!locked)
        return ATTEMPT_LATER;
    enum attempt_result result = run_slots(job, context, now_us, waited_ms, error);
    if (result != ATTEMPT_FAILED && job->finish && !job->finish(context, error))
        result = ATTEMPT_FAILED;
    unlock(job, context);
    return result;
}
