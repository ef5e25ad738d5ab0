#include "persist/jobs/jobs.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "base/log.h"
#include "persist/jobs/assets.h"
#include "persist/jobs/attempt.h"
#include "persist/jobs/meters.h"
#include "persist/jobs/schedule.h"
#include "persist/migrate.h"

/** When an attempt that could not begin, and one that failed, is made again. */
#define LATER_MS 2000
#define FAILED_MS 60000
/** Longest sleep of the thread: a clock that is set forward is noticed that late. */
#define SLEEP_MAX_MS 10000
/** How often a stop asks PostgreSQL to cancel what runs. */
#define CANCEL_EVERY_MS 200
#define CANCEL_TEXT_MAX 256

static const struct pg_limits limits = {
    .statement_ms = 120000, .lock_ms = 5000, .idle_transaction_ms = 30000, .reply_ms = 130000};

/** When a job is looked at next. */
struct plan {
    int64_t due_us;     /* wall clock; 0: at once */
    int64_t waiting_ms; /* monotonic time since when it is told to come later; 0: it is not */
};

struct jobs {
    const struct config *config;
    struct outbox *outbox;
    struct plan *plans; /* one per row of jobs_table */
    size_t count;
    bool assets_known; /* the configuration's assets are in the database */
    pthread_t thread;
    /* Guards what follows. */
    pthread_mutex_t lock;
    pthread_cond_t wake;
    bool stop;
    bool ended;
    PGcancel *cancel; /* of the connection that is open */
};

static bool stopping(struct jobs *jobs)
{
    pthread_mutex_lock(&jobs->lock);
    const bool stop = jobs->stop;
    pthread_mutex_unlock(&jobs->lock);
    return stop;
}

/** Waits on the condition for at most so long; the lock is held. */
static void wait_for_wake(struct jobs *jobs, int64_t timeout_ms)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += timeout_ms / 1000;
    until.tv_nsec += timeout_ms % 1000 * 1000000;
    if (until.tv_nsec >= 1000000000) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000;
    }
    pthread_cond_timedwait(&jobs->wake, &jobs->lock, &until);
}

/** Lets a stop cancel what this connection does from now on; NULL: nothing any more. */
static void set_cancel(struct jobs *jobs, PGconn *conn)
{
    PGcancel *fresh = conn ? PQgetCancel(conn) : NULL;
    pthread_mutex_lock(&jobs->lock);
    PGcancel *before = jobs->cancel;
    jobs->cancel = fresh;
    pthread_mutex_unlock(&jobs->lock);
    PQfreeCancel(before);
}

/** Counts and logs a failure, and notes it in the database where that can be reached. */
static void report_failure(const struct job *job, const struct job_context *context, const struct error *failure)
{
    struct error error = {0};
    job_meter_failed(job->name);
    log_warn("persist.jobs", "a job failed, it is tried again", F_STR("job", job->name), F_ERR(failure),
             F_INT("after_ms", FAILED_MS));
    if (context->pg->conn && PQtransactionStatus(context->pg->conn) == PQTRANS_IDLE &&
        !job_note_failure(job, context, failure->message, &error))
        log_debug("persist.jobs", "the failure was not noted", F_ERR(&error));
}

/** Sets when a job is looked at again. */
static void plan_next(const struct jobs *jobs, size_t number, enum attempt_result result)
{
    struct plan *plan = &jobs->plans[number];
    const int64_t now_us = clock_wall_us(), every_s = jobs_table[number]->every_s(&jobs->config->persist);
    if (result != ATTEMPT_LATER)
        plan->waiting_ms = 0;
    else if (plan->waiting_ms == 0)
        plan->waiting_ms = clock_mono_ms();
    switch (result) {
    case ATTEMPT_DONE:
        plan->due_us = slot_at(now_us, every_s) + every_s * US_PER_S;
        break;
    case ATTEMPT_LATER:
        plan->due_us = now_us + LATER_MS * US_PER_MS;
        break;
    case ATTEMPT_FAILED:
        plan->due_us = now_us + FAILED_MS * US_PER_MS;
        break;
    }
}

/** One attempt on a connection that is made for it. */
static enum attempt_result attempt(struct jobs *jobs, const struct job *job, const struct plan *plan,
                                   const struct job_context *context, struct error *error)
{
    if (!pg_connect(context->pg, jobs->config->postgres.conninfo, &limits, error))
        return ATTEMPT_FAILED;
    set_cancel(jobs, context->pg->conn);
    if (!migrate_check(context->pg, error))
        return ATTEMPT_FAILED;
    if (!jobs->assets_known && !assets_configure(jobs->config, context->pg, error))
        return ATTEMPT_FAILED;
    jobs->assets_known = true;
    const int64_t waited_ms = plan->waiting_ms ? clock_mono_ms() - plan->waiting_ms : 0;
    return job_attempt(job, context, clock_wall_us(), waited_ms, error);
}

/** Looks at a job whose time has come. */
static void visit(struct jobs *jobs, size_t number)
{
    struct pg pg = {0};
    struct error error = {0};
    const struct job *job = jobs_table[number];
    const struct job_context context = {.config = jobs->config, .pg = &pg, .outbox = jobs->outbox};
    const enum attempt_result result = attempt(jobs, job, &jobs->plans[number], &context, &error);
    if (result == ATTEMPT_FAILED && !stopping(jobs))
        report_failure(job, &context, &error);
    set_cancel(jobs, NULL);
    pg_close(&pg);
    plan_next(jobs, number, result);
}

/** Milliseconds until the next job is due, at most SLEEP_MAX_MS. */
static int64_t until_next_ms(const struct jobs *jobs)
{
    const int64_t now_us = clock_wall_us();
    int64_t wait_us = SLEEP_MAX_MS * US_PER_MS;
    for (size_t i = 0; i < jobs->count; i++) {
        if (jobs->plans[i].due_us - now_us < wait_us)
            wait_us = jobs->plans[i].due_us - now_us;
    }
    return wait_us > 0 ? wait_us / US_PER_MS + 1 : 0;
}

/** The thread. */
static void *run(void *ctx)
{
    struct jobs *jobs = ctx;
    while (!stopping(jobs)) {
        for (size_t i = 0; i < jobs->count && !stopping(jobs); i++) {
            if (jobs->plans[i].due_us <= clock_wall_us())
                visit(jobs, i);
        }
        pthread_mutex_lock(&jobs->lock);
        if (!jobs->stop)
            wait_for_wake(jobs, until_next_ms(jobs));
        pthread_mutex_unlock(&jobs->lock);
    }
    pthread_mutex_lock(&jobs->lock);
    jobs->ended = true;
    pthread_cond_broadcast(&jobs->wake);
    pthread_mutex_unlock(&jobs->lock);
    return NULL;
}

/** Frees all but the thread. */
static void clear(struct jobs *jobs)
{
    outbox_free(jobs->outbox);
    PQfreeCancel(jobs->cancel);
    pthread_mutex_destroy(&jobs->lock);
    pthread_cond_destroy(&jobs->wake);
    free(jobs->plans);
    free(jobs);
}

struct jobs *jobs_start(const struct config *config, struct error *error)
{
    struct jobs *jobs = xcalloc(1, sizeof(*jobs));
    pthread_condattr_t attributes;
    jobs->config = config;
    while (jobs_table[jobs->count])
        jobs->count++;
    jobs->plans = xcalloc(jobs->count, sizeof(*jobs->plans));
    pthread_mutex_init(&jobs->lock, NULL);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&jobs->wake, &attributes);
    pthread_condattr_destroy(&attributes);
    jobs->outbox = outbox_new(config, error);
    if (!jobs->outbox)
        goto out;
    if (pthread_create(&jobs->thread, NULL, run, jobs) != 0) {
        error_set(error, ERROR_FATAL, "starting the thread of the jobs: the system has no room for one more");
        goto out;
    }
    return jobs;
out:
    clear(jobs);
    return NULL;
}

void jobs_stop(struct jobs *jobs)
{
    if (!jobs)
        return;
    char ignored[CANCEL_TEXT_MAX];
    pthread_mutex_lock(&jobs->lock);
    jobs->stop = true;
    pthread_cond_broadcast(&jobs->wake);
    while (!jobs->ended) {
        if (jobs->cancel)
            PQcancel(jobs->cancel, ignored, sizeof(ignored));
        wait_for_wake(jobs, CANCEL_EVERY_MS);
    }
    pthread_mutex_unlock(&jobs->lock);
    pthread_join(jobs->thread, NULL);
    clear(jobs);
}
