/*
 * The newest N records of a stream that comes in any order. Threads: one.
 */
#ifndef QUOTEBUS_CLI_NEWEST_H
#define QUOTEBUS_CLI_NEWEST_H

#include <librdkafka/rdkafka.h>
#include <stddef.h>

struct newest_record {
    rd_kafka_message_t *message;
    int64_t timestamp_ms;
};

/** Zero-initialised but for `wanted` is empty and valid. */
struct newest {
    size_t wanted; /**< N, at least 1 */
    struct newest_record *records;
    size_t count;
    size_t cap;
};

/** Takes a record over; destroys those that are not among the newest. */
void newest_add(struct newest *newest, rd_kafka_message_t *message);
/** Leaves the newest `wanted` records, oldest first: by time stamp, then partition and offset. */
void newest_sort(struct newest *newest);
/** Destroys all records. */
void newest_clear(struct newest *newest);

#endif
