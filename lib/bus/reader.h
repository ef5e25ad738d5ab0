/*
 * Bounded read of a topic without a group: for state restore, tail, counts and checks.
 *
 * Reads partitions from a start to the end as it stood when the read began, transactions that were open then included. It ends
 * although the last offset is a commit marker or compaction removed the last record, and it waits for open transactions below
 * that end (bounded by `stall_ms`). Records of one partition come in order; partitions are mixed.
 *
 * Threads: one.
 */
#ifndef QUOTEBUS_BUS_READER_H
#define QUOTEBUS_BUS_READER_H

#include <librdkafka/rdkafka.h>

#include "base/config.h"
#include "base/error.h"

struct reader;

enum reader_start {
    READER_BEGINNING,
    READER_END,    /**< nothing, unless it follows */
    READER_OFFSET, /**< moved into what the partition holds */
    READER_TIME,   /**< the first record at or after that time */
    READER_LAST,   /**< the last N offsets of each partition; markers of transactions count, so it may be fewer records */
};

struct reader_options {
    const char *topic;         /**< full name */
    int32_t partition;         /**< READER_ALL_PARTITIONS or one */
    const int32_t *partitions; /**< instead of `partition`: these; NULL: not used */
    size_t partition_count;
    enum reader_start start;
    int64_t start_value; /**< offset; milliseconds since the epoch; or N for the last N per partition */
    bool follow;         /**< go on after the end: READER_DONE and stalls do not happen */
    bool read_uncommitted;
    int64_t stall_ms; /**< ERROR_UNREACHABLE after that long without progress (0: 30 s) */
};
#define READER_ALL_PARTITIONS (-1)

enum reader_result { READER_RECORD, READER_IDLE, READER_DONE, READER_FAILED };

/**
 * Asks for the partitions, their starts and ends, and begins to fetch. NULL on failure: ERROR_NOT_FOUND (no such topic or
 * partition), ERROR_UNREACHABLE (not answered within `stall_ms`), ERROR_USAGE.
 */
struct reader *reader_new(const struct kafka_settings *settings, const struct reader_options *options,
                          struct error *error) MUST_CHECK;
/** Destroy the records it gave first: librdkafka waits for them. NULL is fine. */
void reader_free(struct reader *reader);
/**
 * The next record (freed by the caller with rd_kafka_message_destroy before reader_free), READER_IDLE when none came within
 * `timeout_ms`, READER_DONE at the end. After READER_FAILED or READER_DONE the same comes again.
 */
enum reader_result reader_next(struct reader *reader, int64_t timeout_ms, rd_kafka_message_t **message,
                               struct error *error) MUST_CHECK;

#endif
