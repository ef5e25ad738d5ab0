/*
 * What the stage reads beside quotes.raw: bars.raw, whose partitions have a memory of their own with its own changelog, and the
 * streams without one (stream.h). All of it goes into the same transactions.
 *
 * A partition of one topic and the partition of another with the same number may belong to different instances; so no topic's
 * verdicts depend on another's records.
 *
 * Ownership: config, outputs and rule book are borrowed for life; the book may be exchanged in place between two records.
 * Threads: one.
 */
#ifndef QUOTEBUS_VALIDATE_STREAMS_BESIDE_H
#define QUOTEBUS_VALIDATE_STREAMS_BESIDE_H

#include <librdkafka/rdkafka.h>

#include "bus/registry.h"
#include "validate/counters.h"
#include "validate/history/history.h"
#include "validate/outputs.h"
#include "validate/streams/stream.h"

struct beside;

/** What came of a record. */
enum beside_status {
    BESIDE_DONE,
    BESIDE_BURY,   /**< it is none of its topic, or cannot be true: dead letter */
    BESIDE_WAIT,   /**< the registry is needed and does not answer */
    BESIDE_FAILED, /**< the sink failed, or the partition is not assigned */
};

/** Connects nowhere yet. NULL on failure. */
struct beside *beside_new(const struct config *config, struct registry *registry, struct outputs *outputs,
                          const struct rule_book *book, struct error *error) MUST_CHECK;
/** NULL is fine. */
void beside_free(struct beside *beside);

/** Most topics. */
#define BESIDE_TOPICS_MAX (STREAMS_MAX + 1)
/** The full names of the topics; returns their number. */
size_t beside_topics(const struct beside *beside, const char *topics[BESIDE_TOPICS_MAX]);
/** The full name of the topic for the dead letters of one of them. */
const char *beside_dead_letters(const struct beside *beside, const char *topic);

/** A partition is assigned: brings its memory back, if it has one. `committed_offset` is that of the group, negative without. */
bool beside_assigned(struct beside *beside, const char *topic, int32_t partition, int64_t committed_offset,
                     struct error *error) MUST_CHECK;
/** A partition is gone: forgets it. */
void beside_revoked(struct beside *beside, const char *topic, int32_t partition);
/** All partitions are gone. */
void beside_forget(struct beside *beside);

/** Processes a record. BESIDE_BURY and BESIDE_WAIT leave the reason in `error`. */
enum beside_status beside_record(struct beside *beside, const rd_kafka_message_t *message, const struct output_sink *sink,
                                 struct error *error) MUST_CHECK;
/** Writes the state of each asset whose bars changed since the last call, once. */
bool beside_put_state(struct beside *beside, const struct output_sink *sink, struct error *error) MUST_CHECK;

#endif
