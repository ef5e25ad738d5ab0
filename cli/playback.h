/*
 * The records of a part of a topic, of all its partitions in one order: by time stamp, then by partition.
 *
 * A partition's records keep their order; of the next records of all partitions the oldest comes first. The same part gives the
 * same order each time. The part is fixed before: offsets [begin, end) of each partition, which playback_spans finds.
 *
 * Each partition has a reader of its own, so that one which is far ahead waits instead of being kept in memory. Threads: one.
 */
#ifndef QUOTEBUS_CLI_PLAYBACK_H
#define QUOTEBUS_CLI_PLAYBACK_H

#include "cli/kafka_admin.h"
#include "cli/tail_range.h"

/** Most partitions of a topic: each has a reader with its own connections. */
#define PLAYBACK_PARTITIONS_MAX 128

/** What a partition of a topic gives. */
struct playback_span {
    int32_t partition;
    int64_t begin; /**< first offset */
    int64_t next;  /**< where to go on; `begin` at first */
    int64_t end;   /**< behind the last one */
};

struct playback_spans {
    struct playback_span items[PLAYBACK_PARTITIONS_MAX];
    size_t count;
};

/**
 * The part of `topic` (full name) that `range` names: of a time, each partition from its first record that is not older; so parts
 * that adjoin in time neither overlap nor leave a record out. `partition`: READER_ALL_PARTITIONS or one. ERROR_USAGE for the
 * newest N, which are no part; ERROR_NOT_FOUND.
 */
bool playback_spans(struct kafka_admin *admin, const char *topic, const struct tail_range *range, int32_t partition,
                    struct playback_spans *spans, struct error *error) MUST_CHECK;
/** Offsets in all spans, and those that lie before `next`. */
int64_t playback_total(const struct playback_spans *spans);
int64_t playback_done(const struct playback_spans *spans);

struct playback;

/** Begins to read at each `next`. `spans` is kept by reference; its `next` moves with what is given out. NULL on failure. */
struct playback *playback_new(const struct kafka_settings *settings, const char *topic, struct playback_spans *spans,
                              struct error *error) MUST_CHECK;
/** Destroy the records it gave first. NULL is fine. */
void playback_free(struct playback *playback);
/** The next record (destroyed by the caller), READER_IDLE when none came within `timeout_ms`, READER_DONE at the end. */
enum reader_result playback_next(struct playback *playback, int64_t timeout_ms, rd_kafka_message_t **message,
                                 struct error *error) MUST_CHECK;

#endif
