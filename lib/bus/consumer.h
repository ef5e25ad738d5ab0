/*
 * Group consumer: cooperative-sticky, read_committed, no automatic commits.
 *
 * It is written so that the known bugs of librdkafka 2.0.2 cannot bite: one message at a time, never pause; every assignment
 * is made with explicit start offsets; the next offset of each partition is kept here, a delivered offset below it is an error
 * (a gap is fine: control records); close is bounded by the service watchdog.
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
     * which means the beginning); the owner may replace them, e.g. by those kept in a database. False ends the session:
     * consumer_poll returns CONSUMER_FAILED with `error`.
     */
    bool (*assigned)(void *ctx, rd_kafka_topic_partition_list_t *partitions, struct error *error);
    /** Partitions go. `lost`: they already belong to somebody else, commits would be refused. */
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

struct consumer *consumer_new(const struct kafka_settings *settings, const struct consumer_options *options,
                              struct error *error) MUST_CHECK;
/** Leaves the group (events.revoked is called) and closes. NULL is fine. */
void consumer_free(struct consumer *consumer);
/** One record into *message (freed by the caller with rd_kafka_message_destroy), or nothing within `timeout_ms`, or a failure. */
enum consumer_result consumer_poll(struct consumer *consumer, int64_t timeout_ms, rd_kafka_message_t **message,
                                   struct error *error) MUST_CHECK;
/** The next offset of each assigned partition from which something was delivered since the assignment; owned by the caller. */
rd_kafka_topic_partition_list_t *consumer_next_offsets(const struct consumer *consumer);
/** Commits offsets to the group, for lag tools only; failures are logged. */
void consumer_commit_for_display(struct consumer *consumer, const rd_kafka_topic_partition_list_t *next_offsets);
/** Owned by the caller: rd_kafka_consumer_group_metadata_destroy. */
rd_kafka_consumer_group_metadata_t *consumer_group_metadata(struct consumer *consumer);
/** Assigned partitions now. */
size_t consumer_assigned_count(const struct consumer *consumer);
/** The librdkafka handle, borrowed. */
rd_kafka_t *consumer_handle(struct consumer *consumer);

#endif
