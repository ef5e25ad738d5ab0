/*
 * Threads that answer calls of the API from PostgreSQL, each with a read-only connection of its own.
 *
 * A job waits in a bounded queue; a full one is answered at once with 503. A connection is made with the first job and again
 * after it broke: a job that meets a connection which the server has closed meanwhile is tried once more on a new one.
 *
 * Threads: pool_submit from any; `done` is called in a thread of the pool.
 */
#ifndef QUOTEBUS_BOARD_POOL_H
#define QUOTEBUS_BOARD_POOL_H

#include "base/config.h"
#include "board/answer.h"
#include "board/resource.h"

/** Calls that wait at most. */
#define POOL_QUEUE_MAX 512

struct pool;

/** One call; belongs to the pool from pool_submit until `done`. */
struct pool_job {
    const struct resource *resource;
    const char *values[PARAMS_MAX];
    struct answer *answer; /**< filled in before `done` */
    void (*done)(void *ctx);
    void *ctx;
    struct pool_job *next; /**< of the pool */
};

struct pool *pool_start(const struct config *config, struct error *error) MUST_CHECK;
/** Queues a job; false when the queue is full or the pool is stopping: then `done` is not called. */
bool pool_submit(struct pool *pool, struct pool_job *job) MUST_CHECK;
/** Answers what is queued with 503, waits for what is under way. NULL is fine. */
void pool_stop(struct pool *pool);

#endif
