/*
 * A call that is due at a provider, and the queue of such calls.
 *
 * The queue gives the call that may go out earliest; calls of the same time come in the order in which they were put in. A call
 * belongs to whoever holds it: the queue, or the one that took it out, who puts it back for a retry or frees it.
 *
 * Pure; threads: one.
 */
#ifndef QUOTEBUS_INGEST_CALL_H
#define QUOTEBUS_INGEST_CALL_H

#include <stddef.h>
#include <stdint.h>

#include "ingest/provider.h"
#include "ingest/web_session.h"

struct job;

/** One HTTP request to be, over all its attempts. */
struct call {
    const struct endpoint *endpoint;
    const struct endpoint *fallback; /**< asked once the other one stays refused; NULL: none, or it is asked already */
    struct job *job;                 /**< whose slot it serves; NULL: a question about an asset that was missing from a batch */
    size_t batch;                    /**< number of the batch in the slot */
    size_t lane;                     /**< number of its provider in the planner */
    int64_t attempt;                 /**< from 1 */
    int64_t not_before_ms;           /**< monotonic */
    uint64_t era;                    /**< of its lane when it was taken; set by the planner */
    uint64_t sequence;               /**< order among calls of one time; set by the queue */
    struct opt_long from_us;         /**< range that is asked for, as in request_spec */
    struct opt_long to_us;
    const struct job_param *params; /**< borrowed from the configuration */
    size_t param_count;
    size_t asset_count;
    struct request_asset assets[]; /**< texts are borrowed from the configuration */
};

/** A first attempt with room for `asset_count` assets (to be filled in). Freed with free(). */
struct call *call_new(const struct endpoint *endpoint, size_t lane, size_t asset_count);

/** What an endpoint builds a request of and parses the answer with; borrowed from all three. `api_key`: NULL for none. */
struct request_spec call_spec(const struct call *call, const char *api_key, const struct web_session *session);

/** A binary heap. Zero-initialised is empty and valid. */
struct call_queue {
    struct call **heap;
    size_t count;
    size_t cap;
    uint64_t next_sequence;
};

/** Takes the call over. */
void call_queue_push(struct call_queue *queue, struct call *call);
/** The earliest call, or NULL; it stays in the queue. */
const struct call *call_queue_first(const struct call_queue *queue);
/** Takes the earliest call out; the queue must not be empty. */
struct call *call_queue_pop(struct call_queue *queue);
/** Frees the calls in it, too. */
void call_queue_clear(struct call_queue *queue);

#endif
