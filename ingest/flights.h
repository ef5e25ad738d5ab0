/*
 * The calls that are under way: recorded, on the wire, or answered with records that wait for their acknowledgement.
 *
 * A flight borrows its call from the planner, which gets it back with the result when the flight ends. Threads: one.
 */
#ifndef QUOTEBUS_INGEST_FLIGHTS_H
#define QUOTEBUS_INGEST_FLIGHTS_H

#include "bus/producer.h"
#include "ingest/cache.h"
#include "ingest/planner.h"
#include "ingest/stamp.h"

enum flight_stage {
    FLIGHT_RECORDED,  /**< in the ledger, or about to be; the request has not left */
    FLIGHT_CALLED,    /**< the request is under way */
    FLIGHT_PUBLISHED, /**< `result` is set; its records are on their way to the broker */
};

struct flight {
    struct call *call;
    const struct endpoint *endpoint; /**< that is asked: the call's, or a step of the session it needs */
    char request_id[REQUEST_ID_SIZE];
    enum flight_stage stage;
    struct delivery delivery; /**< of its records */
    struct call_result result;
    size_t bars;                    /**< that it brought */
    char *url;                      /**< kept where responses are captured; else NULL */
    char cache_key[CACHE_KEY_SIZE]; /**< empty: its answer is not for the cache */
    bool conditional;               /**< it went out with validators */
    struct cache_entry answer;      /**< what to keep of its answer once its records are acknowledged */
};

/** Zero-initialised is empty and valid. */
struct flights {
    struct flight **items;
    size_t count;
    size_t cap;
};

/** A new flight of a call, FLIGHT_RECORDED. */
struct flight *flights_add(struct flights *flights, struct call *call, const char *request_id);
/** Keeps a result for later: what it borrows is copied, but for the assets, which are the call's. */
void flight_keep_result(struct flight *flight, const struct call_result *result);
/** Takes a flight out and frees it; its call stays with the caller. */
void flights_end(struct flights *flights, struct flight *flight);
/** How many are at that stage. */
size_t flights_in(const struct flights *flights, enum flight_stage stage);
/** Whether a call of the lane is under way. */
bool flights_any(const struct flights *flights, size_t lane);
/** Frees the memory, with the flights and calls that are left. */
void flights_clear(struct flights *flights);

#endif
