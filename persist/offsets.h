/*
 * The next offset of each partition, kept in quotebus.stream_offset: what makes rows exactly once.
 *
 * They are read at every assignment, never remembered over one, and moved by compare and set in the transaction that stores the
 * rows. An instance that was thought dead and wakes up finds other offsets and its transaction fails (ERROR_FENCED).
 *
 * While a partition is assigned its session holds an advisory lock of PostgreSQL. It guards nothing: it tells the next owner
 * which server process to end, when an instance was stopped in the middle of a transaction and would keep its row locks
 * for as long as it sleeps.
 *
 * Threads: one.
 */
#ifndef QUOTEBUS_PERSIST_OFFSETS_H
#define QUOTEBUS_PERSIST_OFFSETS_H

#include <librdkafka/rdkafka.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "pg/pg.h"

/** A partition and the offset of the first record that is not stored. */
struct position {
    char *topic; /**< full name */
    int32_t partition;
    int64_t next;
};

/** A list of positions that owns its topic names. Zero is empty and valid. */
struct positions {
    struct position *items;
    size_t count;
    size_t cap;
};

/** The entry of a partition, or NULL. */
struct position *positions_find(const struct positions *positions, const char *topic, int32_t partition);
/** Sets the offset of a partition; makes the entry when there is none. */
void positions_set(struct positions *positions, const char *topic, int32_t partition, int64_t next);
void positions_remove(struct positions *positions, const char *topic, int32_t partition);
/** Forgets all; keeps the memory of the list. */
void positions_reset(struct positions *positions);
void positions_clear(struct positions *positions);

/**
 * Takes partitions over: ends a server process that still holds them, reads their offsets (a new partition begins at 0) into
 * `known` and into `partitions`.
 */
bool offsets_assign(struct pg *pg, struct positions *known, rd_kafka_topic_partition_list_t *partitions,
                    struct error *error) MUST_CHECK;
/** Lets partitions go. A connection that is closed or broken does no harm: it holds no lock. */
void offsets_release(struct pg *pg, struct positions *known, const rd_kafka_topic_partition_list_t *partitions);
/**
 * In a transaction: moves the offsets of all `moves` from what is known to `next`. ERROR_FENCED when one of them is not there any
 * more. `known` is changed by the caller after the commit.
 */
bool offsets_move(struct pg *pg, const struct positions *known, const struct positions *moves, struct error *error) MUST_CHECK;

#endif
