/*
 * Producer: idempotent, acks=all, murmur2_random (so that Java clients place the same key in the same partition); transactional
 * when it has a transactional id.
 *
 * librdkafka's transactions speak the old protocol (no KIP-890): a delayed request may land in the next transaction. So after
 * every abort or failed commit the producer is freed and a new one made (its init_transactions fences stragglers and ends what
 * they left open); there is no call that aborts and goes on. A fatal error is routine: free, make a new one, resume from what is
 * committed.
 *
 * Without a transactional id records never time out: while the broker is away they wait in the queue and librdkafka sends them
 * again with the same sequence number, so that none is doubled or dropped. The owner bounds its work by producer_pending. A
 * record that the broker refuses for good (too large, no such topic for an hour) counts in producer_failed.
 *
 * Threads: one at a time.
 */
#ifndef QUOTEBUS_BUS_PRODUCER_H
#define QUOTEBUS_BUS_PRODUCER_H

#include <librdkafka/rdkafka.h>

#include "base/bytes.h"
#include "base/config.h"
#include "base/error.h"

struct producer;

struct producer_options {
    const char *client_id;
    const char *transactional_id;   /**< NULL: idempotent only */
    int64_t transaction_timeout_ms; /**< with a transactional id; a record times out after three quarters of it */
    int64_t linger_ms;
    int64_t max_queued_bytes; /**< bound of the send queue, keys and values of all records in it; at least 1 KiB */
};

/**
 * What became of some records: producer_send counts one up, its answer counts it down. Lives until all are answered for or the
 * producer is freed, after which nothing touches it.
 */
struct delivery {
    size_t waiting; /**< not answered for yet */
    size_t failed;  /**< refused for good */
};

/** A record on its way out. Key and value are copied by producer_send. */
struct outgoing {
    const char *topic;
    int32_t partition; /**< PARTITION_BY_KEY: by murmur2 of the key */
    struct str key;    /**< ptr NULL: no key (a random partition); an empty key has a ptr that is not NULL */
    struct str value;
    bool tombstone; /**< null value; `value` does not count */
    int64_t timestamp_ms;
    rd_kafka_headers_t *headers; /**< taken over on success and on failure; may be NULL */
    struct delivery *delivery;   /**< told what becomes of it; may be NULL, and is with a transactional id: the commit tells */
};
#define PARTITION_BY_KEY (-1)

/** The partition of PARTITION_BY_KEY in a topic of `partitions` (> 0). */
int32_t partition_of_key(struct str key, int32_t partitions);

/**
 * Connects lazily; with a transactional id waits for init_transactions (which fences older holders of the id) up to 30 s, less
 * when the service stops, with service heartbeats. NULL on failure: ERROR_UNREACHABLE, ERROR_FENCED, ERROR_RETRY, ERROR_USAGE.
 */
struct producer *producer_new(const struct kafka_settings *settings, const struct producer_options *options,
                              struct error *error) MUST_CHECK;
/** Frees without waiting for what is queued; an open transaction is ended by the next holder of the id or by its timeout. NULL is
 * fine. */
void producer_free(struct producer *producer);

/**
 * Queues a record; when the queue is full serves callbacks up to `wait_ms`. The first record to a topic waits up to 1 s for its
 * metadata. ERROR_RETRY: still full, or the producer has failed
 * for good (then producer_poll fails as well); ERROR_FENCED: it was fenced; ERROR_LIMIT: too large for any broker;
 * ERROR_NOT_FOUND: no such partition.
 */
bool producer_send(struct producer *producer, const struct outgoing *record, int64_t wait_ms, struct error *error) MUST_CHECK;
/**
 * Serves delivery callbacks without waiting; false when the producer has failed for good (free it and make a new one):
 * ERROR_FENCED by another instance, else ERROR_RETRY. With a transactional id a record that could not be delivered is such a
 * failure, since its transaction cannot commit.
 */
bool producer_poll(struct producer *producer, struct error *error) MUST_CHECK;
/** Waits until all that was sent is acknowledged. ERROR_UNREACHABLE: not within `timeout_ms`; ERROR_RETRY: a record failed
 * meanwhile. */
bool producer_flush(struct producer *producer, int64_t timeout_ms, struct error *error) MUST_CHECK;
/** Records queued or in flight: sent and not yet answered for in a callback. */
size_t producer_pending(const struct producer *producer);
/** Records that could not be delivered since it was made. */
uint64_t producer_failed(const struct producer *producer);

bool producer_begin(struct producer *producer, struct error *error) MUST_CHECK;
/** Adds the next offsets of a consumer's group to the transaction. On failure free the producer. */
bool producer_send_offsets(struct producer *producer, const rd_kafka_topic_partition_list_t *next_offsets,
                           const rd_kafka_consumer_group_metadata_t *group, struct error *error) MUST_CHECK;
/** Flushes and commits the transaction within the transaction timeout. On failure free the producer: whether the transaction
 * took place is then seen by the committed offsets. */
bool producer_commit(struct producer *producer, struct error *error) MUST_CHECK;
/** The librdkafka handle, borrowed. */
rd_kafka_t *producer_handle(struct producer *producer);

#endif
