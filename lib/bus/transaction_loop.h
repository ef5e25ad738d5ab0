/*
 * Consume, process, produce, commit: exactly once, by Kafka transactions.
 *
 * One call is one session: it makes a consumer and a transactional producer, and runs until a stop is asked for or anything
 * fails. A transaction begins with the first record, holds what the stage's callbacks produce and the input offsets, and is
 * committed after `max_records` records, after `interval_ms` once no more records are at hand (after twenty times that in any
 * case), before partitions go to somebody else, and at a stop. After a failure nothing is mended here: the caller throws its
 * state away and begins a new session from what is committed (session_run). Making the producer anew aborts what the failed
 * session left open.
 *
 * What keeps a zombie out: its producer is fenced by the next holder of the transactional id, and its offsets by the group's
 * generation. An instance that has been thrown out of the group has no member id any more, and the broker takes offsets that
 * name no member from anybody; so nothing is committed then.
 *
 * A record that cannot be processed yet (TRANSACTION_WAIT, e.g. the schema registry is away) holds its partition: what was done
 * before it is committed, then it is tried again, at most for WAIT_MAX_MS, during which the group is not served (that is well
 * within max.poll.interval.ms). Then the session fails, and the next one comes back to the same record. Order is kept.
 *
 * Failpoints, with the option `name` in front: NAME.after_begin, NAME.after_produce (each record), NAME.after_offsets,
 * NAME.before_commit, NAME.after_commit. Threads: one.
 */
#ifndef QUOTEBUS_BUS_TRANSACTION_LOOP_H
#define QUOTEBUS_BUS_TRANSACTION_LOOP_H

#include <librdkafka/rdkafka.h>

#include "bus/consumer.h"
#include "bus/producer.h"

enum transaction_status {
    TRANSACTION_DONE,   /**< the record is processed */
    TRANSACTION_WAIT,   /**< not now: try the same record again; nothing was produced for it */
    TRANSACTION_FAILED, /**< the session is over */
};

/** What a stage does. All are called from transaction_loop_run's thread. */
struct transaction_stage {
    void *ctx;
    /** New partitions with the group's committed offsets (RD_KAFKA_OFFSET_INVALID: none): restore their state. */
    bool (*assigned)(void *ctx, const rd_kafka_topic_partition_list_t *committed, struct error *error);
    /** Partitions are gone: forget their state. */
    void (*revoked)(void *ctx, const rd_kafka_topic_partition_list_t *partitions);
    /** Processes a record: all it makes goes to `producer` within the open transaction. */
    enum transaction_status (*record)(void *ctx, const rd_kafka_message_t *message, struct producer *producer,
                                      struct error *error);
    /** Called between two records, at least every 100 ms or so while the group is served. May be NULL. */
    void (*between)(void *ctx);
    /** Produces what belongs to the transaction as a whole, e.g. changed state. */
    bool (*before_commit)(void *ctx, struct producer *producer, struct error *error);
};

struct transaction_loop_options {
    const char *name;                 /**< of the stage: log component, metric label, prefix of failpoints */
    struct consumer_options consumer; /**< `events` is filled in here */
    struct producer_options producer; /**< with transactional_id */
    int64_t max_records;
    int64_t interval_ms; /**< while it catches up a transaction may take twenty times that, at most half of its timeout */
};

/** Runs one session. True after a stop was asked for and all was committed; false with `error` otherwise. */
bool transaction_loop_run(const struct kafka_settings *settings, const struct transaction_loop_options *options,
                          const struct transaction_stage *stage, struct error *error) MUST_CHECK;

#endif
