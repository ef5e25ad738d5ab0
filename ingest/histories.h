/*
 * Histories that are wanted, on their way: from the board (lib/backfill) to calls of the planner, and from their results back to
 * the board.
 *
 * Every instance reads the whole board; the one that owns the lane of an asset works its requests off, one call of a lane at a
 * time, beside all jobs. What a call brought is written to ingest.coverage once its bars are acknowledged. A crash in between
 * costs that call, which is made again.
 *
 * An asset whose call failed is left alone for HISTORIES_SOUR_MS, so that others get their turn. Without broker or topics there
 * are no histories, and everything else goes on.
 *
 * Threads: one, the main loop.
 */
#ifndef QUOTEBUS_INGEST_HISTORIES_H
#define QUOTEBUS_INGEST_HISTORIES_H

#include "ingest/planner.h"
#include "ingest/publisher.h"

/** How long an asset is left alone after its call failed for good. */
#define HISTORIES_SOUR_MS INT64_C(600000)

struct histories;

/** A call of a history that ends, kept while planner_done frees it. */
struct history_end {
    bool is; /**< the call was one of a history */
    size_t lane;
    const char *asset; /**< borrowed from the configuration */
    int64_t from_us;
};

/** Does no input or output yet. `config`, `planner` and `publisher` are borrowed. NULL on failure. */
struct histories *histories_new(const struct config *config, struct planner *planner, struct publisher *publisher,
                                struct error *error) MUST_CHECK;
/** NULL is fine. */
void histories_free(struct histories *histories);
/** Goes on with another configuration; the one before must stay until histories_free. */
void histories_reload(struct histories *histories, const struct config *config);
/** Forgets the board, and the calls under way: for the end of a session. */
void histories_disconnect(struct histories *histories);
/** Reads what is new on the board and offers calls to the planner. */
void histories_turn(struct histories *histories, const struct moment *now);

/** What a call was, to be asked before planner_done. */
struct history_end history_end_of(const struct call *call);
/**
 * A call of a history has ended, and what it gave is acknowledged. `again`: the planner makes it again by itself. False when the
 * coverage could not be published: the session is over.
 */
bool histories_ended(struct histories *histories, const struct history_end *end, enum outcome outcome, size_t bars, bool again,
                     const struct moment *now, struct error *error) MUST_CHECK;

#endif
