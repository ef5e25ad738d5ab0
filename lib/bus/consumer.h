/*
 * Group consumer: cooperative-sticky, read_committed, no automatic commits.
 *
 * It is written so that the known bugs of librdkafka 2.0.2 cannot bite: one message at a time, never pause; every assignment
 * is made with explicit start offsets; the next offset of each partition is kept here, a delivered offset below it ends the
 * session (a gap is fine: control records); closing is bounded.
 *
 * A partition starts where the owner says, else at the group's committed offset, else at its beginning. The start is checked
 * against the partition: records that retention removed before they were read are reported (an error line and
 * `quotebus_consumer_records_missed_total`) and skipped; a start behind the end ends the session, since the topic was made anew
 * or lost records. While brokers are away or a topic is not there yet, consumer_poll returns CONSUMER_NOTHING.
 *
 * Metrics: `quotebus_consumer_lag_records{topic,partition}`, 0 when all was delivered.
 *
 * Threads: one.
 */
#ifndef QUOTEBUS_BUS_CONSUMER_H
#define QUOTEBUS_BUS_CONSUMER_H

#include <librdkafka/rdkafka.h>

#include "base/config.h"
#include "base/error.h"

struct consumer;

/** What the owner does at a rebalance. Called from consumer_poll and consumer_free. */
struct consumer_events {
    void *ctx;
    /**
     * New partitions. `partitions` comes with the group's committed offsets (or RD_KAFKA_OFFSET_INVALID where there are none,
     * which means the beginning); the owner may replace them, e.g. by those kept in a database. Pending transactional commits of
     * the group were waited for. False ends the session: consumer_poll returns CONSUMER_FAILED with `error`. May be NULL.
     */
    bool (*assigned)(void *ctx, rd_kafka_topic_partition_list_t *partitions, struct error *error);
    /**
     * Partitions go. `lost`: they already belong to somebody else, commits would be refused. consumer_next_offsets still knows
     * them. False ends the session. Called for partitions after `assigned` returned true for them. May be NULL.
     */
    bool (*revoked)(void *ctx, const rd_kafka_topic_partition_list_t *partitions, bool lost, struct error *error);
};

struct consumer_options {
    const char *client_id;
    const char *group;         /**< full name, with prefix */
    const char *const *topics; /**< full names */
    size_t topic_count;
    int64_t session_timeout_ms;
    const struct consumer_events *events; /**< borrowed for life */
};

enum consumer_result { CONSUMER_RECORD, CONSUMER_NOTHING, CONSUMER_FAILED };

/** Connects and joins lazily. NULL when a setting is refused (ERROR_USAGE). */
struct consumer *consumer_new(const struct kafka_settings *settings, const struct consumer_options *options,
                              struct error *error) MUST_CHECK;
/** Leaves the group (events.revoked is called) and closes, within 5 s or a little more. NULL is fine. */
void consumer_free(struct consumer *consumer);
/**
 * One record into *message (freed by the caller with rd_kafka_message_destroy), or nothing within `timeout_ms`, or a failure,
 * after which only consumer_free is of use. A rebalance may take longer than `timeout_ms`: up to 20 s, with service heartbeats.
 */
enum consumer_result consumer_poll(struct consumer *consumer, int64_t timeout_ms, rd_kafka_message_t **message,
                                   struct error *error) MUST_CHECK;
/** The next offset of each assigned partition from which something was delivered since the assignment; owned by the caller. */
rd_kafka_topic_partition_list_t *consumer_next_offsets(const struct consumer *consumer);
/** The next offset of every assigned partition; owned by the caller. */
rd_kafka_topic_partition_list_t *consumer_positions(const struct consumer *consumer);
/**
 * Commits offsets to the group, for lag tools only: the latest given is sent by consumer_poll every 2 s at the most. Failures are
 * logged.
 */
void consumer_commit_for_display(struct consumer *consumer, const rd_kafka_topic_partition_list_t *next_offsets);
/** Owned by the caller: rd_kafka_consumer_group_metadata_destroy. */
rd_kafka_consumer_group_metadata_t *consumer_group_metadata(struct consumer *consumer);
/**
 * Whether a broker answers, as far as consumer_poll has found out: false once all are away, true again with the first sign of one
 * (looked for every second meanwhile). True at first.
 */
bool consumer_connected(const struct consumer *consumer);
/** Assigned partitions now. */
size_t consumer_assigned_count(const struct consumer *consumer);
/** The librdkafka handle, borrowed. */
rd_kafka_t *consumer_handle(struct consumer *consumer);

#endif
