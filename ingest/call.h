/*
 * A call that is due at a provider, and the queue of such calls.
 *
 * The queue first lets calls ripen until their time comes, then gives the ripe one of the highest priority; calls of the same
 * priority come in the order in which they were put in. A call belongs to whoever holds it: the queue, or the one that took it
 * out, who puts it back for a retry or frees it.
 *
 * Pure; threads: one.
 */
#ifndef QUOTEBUS_INGEST_CALL_H
#define QUOTEBUS_INGEST_CALL_H

#include <stddef.h>
#include <stdint.h>

#include "ingest/provider.h"
#include "ingest/quota.h"
#include "ingest/web_session.h"

struct job;

/** Whose slot an asset of a call serves: the job and the asset's position in its list. Without a job: nobody's. */
struct call_part {
    struct job *job;
    size_t position;
};

/** One HTTP request to be, over all its attempts. */
struct call {
    const struct endpoint *endpoint;
    const struct endpoint *fallback; /**< asked once the other one stays refused; NULL: none, or it is asked already */
    size_t lane;                     /**< number of its provider's lane in the planner */
    bool question;                   /**< about an asset that was missing from a batch */
    bool orphan;                     /**< a reload removed what it is about: it is not made again */
    int64_t priority;                /**< the higher the sooner */
    int64_t attempt;                 /**< from 1 */
    int64_t not_before_ms;           /**< monotonic */
    int64_t splits;                  /**< times it was halved since the provider did not know a symbol */
    uint64_t sequence;               /**< order among calls of one priority; set by the queue */
    uint64_t era;                    /**< of its lane when it was queued; set by the planner */
    bool probe;                      /**< of the circuit breaker */
    struct quota_ticket ticket;      /**< set when it is taken out */
    struct call *out_next;           /**< in the lane's list of calls that are out */
    struct opt_long from_us;         /**< range that is asked for, as in request_spec */
    struct opt_long to_us;
    const struct job_param *params; /**< borrowed from the configuration */
    size_t param_count;
    size_t part_count;       /**< asset_count; 1 of a call that is about no asset in particular */
    struct call_part *parts; /**< per asset */
    size_t asset_count;
    struct request_asset assets[]; /**< texts are borrowed from the configuration */
};

/** A first attempt with room for `asset_count` assets (to be filled in). Freed with call_free. */
struct call *call_new(const struct endpoint *endpoint, size_t lane, size_t asset_count);
/** A first attempt for `count` assets of another, from number `first` on. */
struct call *call_part_of(const struct call *call, size_t first, size_t count);
void call_free(struct call *call);

/** What an endpoint builds a request of and parses the answer with; borrowed from all three. `api_key`: NULL for none. */
struct request_spec call_spec(const struct call *call, const char *api_key, const struct web_session *session);

/** Zero-initialised is empty and valid. */
struct call_queue {
    struct call_heap {
        struct call **items;
        size_t count;
        size_t cap;
    } unripe, ripe; /**< by time; by priority */
    uint64_t next_sequence;
};

/** Takes the call over. */
void call_queue_push(struct call_queue *queue, struct call *call);
/** The best call whose time has come, or NULL; it stays in the queue. */
struct call *call_queue_first(struct call_queue *queue, int64_t now_ms);
/** The call that call_queue_first would give, or, while none is ripe, the one that is ripe first; NULL in an empty queue. */
const struct call *call_queue_peek(const struct call_queue *queue);
/** Takes that call out; there must be one. */
struct call *call_queue_pop(struct call_queue *queue, int64_t now_ms);
/** Milliseconds until a call is ripe: 0 when one is; -1 in an empty queue. */
int64_t call_queue_wait_ms(const struct call_queue *queue, int64_t now_ms);
/** Takes any call out; NULL when it is empty. */
struct call *call_queue_take(struct call_queue *queue);
size_t call_queue_count(const struct call_queue *queue);
/** Frees the calls in it, too. */
void call_queue_clear(struct call_queue *queue);

#endif
