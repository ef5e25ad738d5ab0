#include "persist/overlap.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/thread.h"

/** How often a wait is told of. */
#define WAIT_STEP_MS 500

/** What the thread is asked to do, and what it says. */
enum state {
    STATE_IDLE, /* the writer is the owner's */
    STATE_HELD, /* a batch is in hand */
    STATE_DONE, /* it was stored, or not: see `failure` */
    STATE_END,  /* the thread goes home */
};

struct overlap {
    struct writer *writer;
    const struct overlap_events *events;
    struct dimension_source source; /* the connection's own */
    struct dimensions *dimensions;
    struct batch batches[2];
    size_t filling;   /* index; the other one is in hand */
    int64_t given_ms; /* when */
    bool failed;      /* for good, with `failure` */
    struct error failure;
    pthread_t thread;
    pthread_mutex_t lock; /* of the following */
    pthread_cond_t changed;
    enum state state;
    struct error outcome; /* of the last write: code ERROR_NONE when it was stored */
};

/** The thread: writes what it is given. */
static void *work(void *arg)
{
    struct overlap *overlap = arg;
    pthread_mutex_lock(&overlap->lock);
    while (overlap->state != STATE_END) {
        if (overlap->state != STATE_HELD) {
            pthread_cond_wait(&overlap->changed, &overlap->lock);
            continue;
        }
        struct batch *batch = &overlap->batches[1 - overlap->filling];
        pthread_mutex_unlock(&overlap->lock);
        struct error error = {0};
        const bool stored = writer_write(overlap->writer, batch, &error);
        pthread_mutex_lock(&overlap->lock);
        if (stored)
            error_clear(&error);
        overlap->outcome = error;
        if (overlap->state == STATE_HELD)
            overlap->state = STATE_DONE;
        pthread_cond_broadcast(&overlap->changed);
    }
    pthread_mutex_unlock(&overlap->lock);
    return NULL;
}

/** Takes the outcome over, once there is one. */
static bool take_outcome(struct overlap *overlap, struct error *error)
{
    pthread_mutex_lock(&overlap->lock);
    const bool done = overlap->state == STATE_DONE;
    if (done)
        overlap->state = STATE_IDLE;
    const struct error outcome = overlap->outcome;
    pthread_mutex_unlock(&overlap->lock);
    if (done && outcome.code != ERROR_NONE) {
        overlap->failed = true;
        overlap->failure = outcome;
    }
    if (overlap->failed) {
        *error = overlap->failure;
        return false;
    }
    if (done) {
        struct batch *batch = &overlap->batches[1 - overlap->filling];
        overlap->given_ms = 0;
        overlap->events->stored(overlap->events->ctx, batch);
        batch_reset(batch);
    }
    return true;
}

/** The state as the thread left it. */
static enum state look(struct overlap *overlap)
{
    pthread_mutex_lock(&overlap->lock);
    const enum state state = overlap->state;
    pthread_mutex_unlock(&overlap->lock);
    return state;
}

/** Waits for the thread, WAIT_STEP_MS at most. */
static void wait_step(struct overlap *overlap)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += WAIT_STEP_MS * INT64_C(1000000);
    until.tv_sec += until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    pthread_mutex_lock(&overlap->lock);
    if (overlap->state == STATE_HELD)
        pthread_cond_timedwait(&overlap->changed, &overlap->lock, &until);
    pthread_mutex_unlock(&overlap->lock);
}

/** Puts the state and tells the thread. */
static void put_state(struct overlap *overlap, enum state state)
{
    pthread_mutex_lock(&overlap->lock);
    overlap->state = state;
    pthread_cond_broadcast(&overlap->changed);
    pthread_mutex_unlock(&overlap->lock);
}

/** A dimension_source that asks with the writer's connection, once that is free. */
static bool resolve(void *ctx, enum dimension kind, struct str name, int32_t *id, struct error *error)
{
    struct overlap *overlap = ctx;
    if (overlap_settle(overlap, error))
        return overlap->source.resolve(overlap->source.ctx, kind, name, id, error);
    /* The failure of a batch says nothing about this record. */
    if (error->code == ERROR_INVALID)
        error->code = ERROR_RETRY;
    return false;
}

/** Starts the thread. */
static bool start_thread(struct overlap *overlap, struct error *error)
{
    pthread_condattr_t monotonic;
    pthread_mutex_init(&overlap->lock, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&overlap->changed, &monotonic);
    pthread_condattr_destroy(&monotonic);
    return thread_start(&overlap->thread, work, overlap, "the writer's thread", error);
}

/** Frees all but the thread. */
static void free_parts(struct overlap *overlap)
{
    for (size_t i = 0; i < 2; i++)
        batch_clear(&overlap->batches[i]);
    dimensions_free(overlap->dimensions);
    pthread_cond_destroy(&overlap->changed);
    pthread_mutex_destroy(&overlap->lock);
    free(overlap);
}

struct overlap *overlap_new(struct writer *writer, const struct feeds *feeds, const struct overlap_events *events,
                            struct error *error)
{
    struct overlap *overlap = xcalloc(1, sizeof(*overlap));
    const struct dimension_source source = {.ctx = overlap, .resolve = resolve};
    overlap->writer = writer;
    overlap->events = events;
    overlap->source = postgres_dimensions(writer_connection(writer));
    overlap->dimensions = dimensions_new(&source);
    for (size_t i = 0; i < 2; i++)
        batch_init(&overlap->batches[i], feeds);
    if (start_thread(overlap, error))
        return overlap;
    free_parts(overlap);
    return NULL;
}

void overlap_free(struct overlap *overlap)
{
    if (!overlap)
        return;
    if (look(overlap) == STATE_HELD)
        pg_interrupt(writer_connection(overlap->writer));
    put_state(overlap, STATE_END);
    pthread_join(overlap->thread, NULL);
    free_parts(overlap);
}

struct batch *overlap_filling(struct overlap *overlap)
{
    return &overlap->batches[overlap->filling];
}

struct dimensions *overlap_dimensions(struct overlap *overlap)
{
    return overlap->dimensions;
}

int64_t overlap_age_ms(const struct overlap *overlap)
{
    return overlap->given_ms ? clock_mono_ms() - overlap->given_ms : 0;
}

bool overlap_check(struct overlap *overlap, bool *busy, struct error *error)
{
    const bool ok = take_outcome(overlap, error);
    *busy = look(overlap) == STATE_HELD;
    return ok;
}

bool overlap_settle(struct overlap *overlap, struct error *error)
{
    while (look(overlap) == STATE_HELD) {
        overlap->events->waiting(overlap->events->ctx);
        wait_step(overlap);
    }
    return take_outcome(overlap, error);
}

bool overlap_hand_over(struct overlap *overlap, struct error *error)
{
    if (overlap_filling(overlap)->message_count == 0)
        return true;
    if (!overlap_settle(overlap, error))
        return false;
    assert(overlap->batches[1 - overlap->filling].message_count == 0 && "what was stored is emptied");
    overlap->filling = 1 - overlap->filling;
    overlap->given_ms = clock_mono_ms();
    put_state(overlap, STATE_HELD);
    return true;
}
