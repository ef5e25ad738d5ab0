/*
 * Two batches: one is filled by the owner while the other one is written by a thread.
 *
 *     batch_add(overlap_filling(overlap), overlap_dimensions(overlap), message, &error);
 *     if (...it is full or due...) ok = overlap_hand_over(overlap, &error);
 *
 * The writer with its connection belongs to the thread while a batch is in hand, and to the owner otherwise: overlap_settle gets
 * it back. Waits have no bound of their own, since each wait for PostgreSQL within the writer has one. So at most two batches are
 * in memory, and an owner with two full ones stands still.
 *
 * A failed write is told by the next call and by every one after it: free it and begin anew. Freeing does not wait for
 * PostgreSQL: what is in hand is broken off, as by a lost connection.
 *
 * Threads: the functions belong to the owner's.
 */
#ifndef QUOTEBUS_PERSIST_OVERLAP_H
#define QUOTEBUS_PERSIST_OVERLAP_H

#include "persist/batch.h"
#include "persist/writer.h"

struct overlap;

/** What the owner is told, from within the functions below, in his own thread. */
struct overlap_events {
    void *ctx;
    void (*stored)(void *ctx, const struct batch *batch); /**< it was committed; it is emptied afterwards */
    void (*waiting)(void *ctx);                           /**< a call waits for PostgreSQL: now and every half second */
};

/** Starts the thread. All arguments are kept by reference. */
struct overlap *overlap_new(struct writer *writer, const struct feeds *feeds, const struct overlap_events *events,
                            struct error *error) MUST_CHECK;
/** Breaks off what is in hand, ends the thread, frees both batches with their records; the writer is of no use then. NULL is
 * fine. */
void overlap_free(struct overlap *overlap);

/** The batch to fill. */
struct batch *overlap_filling(struct overlap *overlap);
/** Keys for encoding rows. A name that is not known yet waits for the batch in hand, since it needs the connection. */
struct dimensions *overlap_dimensions(struct overlap *overlap);
/** Whether a batch is in hand. Looks whether it was stored meanwhile, without waiting; false with `error` when that failed. */
bool overlap_check(struct overlap *overlap, bool *busy, struct error *error) MUST_CHECK;
/** How long the batch in hand has been there, ms; 0 when there is none. */
int64_t overlap_age_ms(const struct overlap *overlap);
/** Gives the filled batch to the thread, as soon as the one before is stored. An empty one is not given. */
bool overlap_hand_over(struct overlap *overlap, struct error *error) MUST_CHECK;
/** Waits until nothing is in hand. */
bool overlap_settle(struct overlap *overlap, struct error *error) MUST_CHECK;

#endif
