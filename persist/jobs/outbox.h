/*
 * The way of stored rows to Kafka: what quotebus.market_aggregate holds and the topic market.aggregates has not got.
 *
 * A record is made from the stored row, sent and acknowledged; then the row is marked. A crash in between sends it once more: the
 * same key, the same value.
 *
 * Threads: one.
 */
#ifndef QUOTEBUS_PERSIST_JOBS_OUTBOX_H
#define QUOTEBUS_PERSIST_JOBS_OUTBOX_H

#include "base/config.h"
#include "base/error.h"
#include "pg/pg.h"

struct outbox;

/** Connects at the first record; `config` is kept by reference. NULL on failure. */
struct outbox *outbox_new(const struct config *config, struct error *error) MUST_CHECK;
/** NULL is fine. */
void outbox_free(struct outbox *outbox);
/** Sends all that is not marked, the oldest first, and marks it. */
bool outbox_send_aggregates(struct outbox *outbox, struct pg *pg, struct error *error) MUST_CHECK;

#endif
