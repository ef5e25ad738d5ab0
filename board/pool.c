#include "board/pool.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/thread.h"
#include "board/problem.h"
#include "pg/pg.h"

#define COMPONENT "board.pool"
/** A server that says nothing is given up that long after the statement's own bound. */
#define REPLY_EXTRA_MS 2000
#define JSON_TYPE "application/json"

struct pool {
    const char *conninfo;
    struct pg_limits limits;
    pthread_mutex_t lock;
    pthread_cond_t more;
    struct pool_job *first, *last;
    size_t queued;
    bool stopping;
    pthread_t *threads;
    size_t thread_count;
    struct metric *seconds;
};

/** Fills an answer with a problem. */
static void refuse(struct answer *answer, unsigned status, const char *detail)
{
    buf_reset(&answer->body);
    problem_write(&answer->body, status, detail);
    answer->content_type = PROBLEM_TYPE;
    answer->status = status;
}

/** Opens the connection where there is none. */
static bool connect_if_closed(const struct pool *pool, struct pg *pg, struct error *error)
{
    if (pg->conn)
        return true;
    if (!pg_connect(pg, pool->conninfo, &pool->limits, error))
        return false;
    if (pg_execute(pg, "SET default_transaction_read_only = on; SET TimeZone = 'UTC'", error))
        return true;
    pg_close(pg);
    return false;
}

/** Runs the statement of a job; a connection that was open before and turns out to be closed is made anew once. */
static PGresult *run_statement(const struct pool *pool, struct pg *pg, const struct pool_job *job, struct error *error)
{
    PGresult *result = NULL;
    for (bool fresh = false; !fresh && !result;) {
        fresh = pg->conn == NULL;
        if (connect_if_closed(pool, pg, error))
            result = pg_query(pg, job->resource->sql, (int)job->resource->param_count, job->values, error);
        if (result || error->code != ERROR_UNREACHABLE)
            break;
        pg_close(pg);
    }
    return result;
}

/** Answers a job. */
static void answer_job(const struct pool *pool, struct pg *pg, const struct pool_job *job)
{
    struct error error = {0};
    struct answer *answer = job->answer;
    PGresult *result = run_statement(pool, pg, job, &error);
    if (!result) {
        log_warn(COMPONENT, "a call was not answered", F_STR("resource", job->resource->path), F_ERR(&error));
        const bool bad_input = error.code == ERROR_INVALID;
        refuse(answer, problem_status(&error),
               bad_input ? "PostgreSQL refuses a parameter: is a time or a number out of range?"
                         : "the database did not answer in time: is PostgreSQL running, and postgres.conninfo right?");
    } else if (PQntuples(result) == 0 || PQgetisnull(result, 0, 0)) {
        refuse(answer, 404, job->resource->missing ? job->resource->missing : "there is nothing");
    } else {
        buf_append(&answer->body, PQgetvalue(result, 0, 0), (size_t)PQgetlength(result, 0, 0));
        answer->content_type = JSON_TYPE;
        answer->status = 200;
    }
    PQclear(result);
}

/** The next job, or NULL when the pool stops. */
static struct pool_job *take_job(struct pool *pool)
{
    pthread_mutex_lock(&pool->lock);
    while (!pool->first && !pool->stopping)
        pthread_cond_wait(&pool->more, &pool->lock);
    struct pool_job *job = pool->first;
    if (job) {
        pool->first = job->next;
        pool->queued--;
        if (!pool->first)
            pool->last = NULL;
    }
    pthread_mutex_unlock(&pool->lock);
    return job;
}

/** Whether a stop was asked for. */
static bool is_stopping(struct pool *pool)
{
    pthread_mutex_lock(&pool->lock);
    const bool stopping = pool->stopping;
    pthread_mutex_unlock(&pool->lock);
    return stopping;
}

/** One thread: answers jobs until none is left and the pool stops. */
static void *work(void *ctx)
{
    struct pool *pool = ctx;
    struct pg pg = {0};
    for (struct pool_job *job; (job = take_job(pool));) {
        const int64_t began_ms = clock_mono_ms();
        if (is_stopping(pool))
            refuse(job->answer, 503, "the board is stopping");
        else
            answer_job(pool, &pg, job);
        metric_observe(pool->seconds, (double)(clock_mono_ms() - began_ms) / 1000);
        job->done(job->ctx);
    }
    pg_close(&pg);
    return NULL;
}

struct pool *pool_start(const struct config *config, struct error *error)
{
    const struct board_settings *settings = &config->board;
    struct pool *pool = xcalloc(1, sizeof(*pool));
    pool->conninfo = config->postgres.conninfo;
    pool->limits = (struct pg_limits){.statement_ms = settings->query_timeout_ms,
                                      .lock_ms = settings->query_timeout_ms,
                                      .idle_transaction_ms = settings->query_timeout_ms,
                                      .reply_ms = settings->query_timeout_ms + REPLY_EXTRA_MS};
    pool->seconds = metric_histogram("quotebus_board_query_seconds", "Time that a call of the API took in the database.", NULL,
                                     metric_latency_bounds, metric_latency_bound_count);
    pthread_mutex_init(&pool->lock, NULL);
    pthread_cond_init(&pool->more, NULL);
    pool->threads = xcalloc((size_t)settings->db_connections, sizeof(pool->threads[0]));
    bool started = true;
    for (int64_t i = 0; i < settings->db_connections && started; i++) {
        started = thread_start(&pool->threads[pool->thread_count], work, pool, "the threads of the API", error);
        pool->thread_count += started;
    }
    if (started)
        return pool;
    pool_stop(pool);
    return NULL;
}

bool pool_submit(struct pool *pool, struct pool_job *job)
{
    pthread_mutex_lock(&pool->lock);
    const bool taken = !pool->stopping && pool->queued < POOL_QUEUE_MAX;
    if (taken) {
        job->next = NULL;
        if (pool->last)
            pool->last->next = job;
        else
            pool->first = job;
        pool->last = job;
        pool->queued++;
        pthread_cond_signal(&pool->more);
    }
    pthread_mutex_unlock(&pool->lock);
    return taken;
}

void pool_stop(struct pool *pool)
{
    if (!pool)
        return;
    pthread_mutex_lock(&pool->lock);
    pool->stopping = true;
    pthread_cond_broadcast(&pool->more);
    pthread_mutex_unlock(&pool->lock);
    for (size_t i = 0; i < pool->thread_count; i++)
        pthread_join(pool->threads[i], NULL);
    pthread_cond_destroy(&pool->more);
    pthread_mutex_destroy(&pool->lock);
    free(pool->threads);
    free(pool);
}
