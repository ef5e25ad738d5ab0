/*
 * The newest dead letters of all topics, in memory: who refused which record and why.
 *
 * Threads: any.
 */
#ifndef QUOTEBUS_BOARD_REFUSALS_H
#define QUOTEBUS_BOARD_REFUSALS_H

#include <librdkafka/rdkafka.h>

#include "base/bytes.h"

/** How many are kept. */
#define REFUSALS_KEPT 200

struct refusals;

struct refusals *refusals_new(void);
/** NULL is fine. */
void refusals_free(struct refusals *refusals);
/** Takes down what the headers of a dead letter say (bus/dead_letter.h). The message is not kept. */
void refusals_add(struct refusals *refusals, const rd_kafka_message_t *message);
/** Forgets all: the feed reads them again from the tail of their topics. */
void refusals_reset(struct refusals *refusals);
/** Appends the kept ones as a JSON array, the newest first. */
void refusals_write(struct refusals *refusals, struct buf *out);

#endif
