/*
 * What the group consumer and the bounded reader share: small local queues, and a poll that keeps a small queue fast.
 *
 * Once the local queue was full, the thread of librdkafka 2.0.2 that fetches sleeps for up to a second, whatever is consumed
 * meanwhile, unless a request to the same broker comes up. So fetch_poll makes one when a burst has emptied the queue: without it
 * the size of the queue would be the bound of records per second.
 *
 * Threads: one.
 */
#ifndef QUOTEBUS_BUS_FETCH_H
#define QUOTEBUS_BUS_FETCH_H

#include <stddef.h>
#include <stdint.h>

#include <librdkafka/rdkafka.h>

/** Fetching rests once the local queue holds that many messages or bytes; the texts are the same numbers. */
#define FETCH_QUEUE_MESSAGES 10000
#define FETCH_QUEUE_KBYTES 4096

/** Entries of a kafka_property table: bounded memory (some 10 MB), short waits at the broker. */
#define FETCH_PROPERTIES                                                                                                         \
    {"enable.auto.commit", "false"},                                                                                             \
        {"enable.auto.offset.store", "false"}, /* Every start is explicit; jumping by itself would lose or repeat records. */    \
        {"auto.offset.reset", "error"}, {"enable.partition.eof", "true"}, {"fetch.wait.max.ms", "50"},                           \
        {"fetch.error.backoff.ms", "200"}, {"fetch.message.max.bytes", "262144"}, {"fetch.max.bytes", "1048576"},                \
        {"queued.min.messages", "10000"},                                                                                        \
    {                                                                                                                            \
        "queued.max.messages.kbytes", "4096"                                                                                     \
    }

/** What was polled without a pause; starts as zero. */
struct fetch_burst {
    size_t messages;
    size_t bytes;
};

/** The next message or event of a consumer, or NULL when none comes within `timeout_ms`. */
rd_kafka_message_t *fetch_poll(rd_kafka_t *rk, struct fetch_burst *burst, int64_t timeout_ms);

#endif
