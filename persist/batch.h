/*
 * A batch: records that were read, as rows of COPY per table, as dead letters, and as positions to move to.
 *
 * It is filled without writing anything (only new dimension keys are asked for) and written by writer.h, so that one may be
 * filled while another one is written. It owns the records of Kafka until batch_reset: a dead letter needs them byte for byte.
 *
 * Threads: one at a time.
 */
#ifndef QUOTEBUS_PERSIST_BATCH_H
#define QUOTEBUS_PERSIST_BATCH_H

#include <librdkafka/rdkafka.h>

#include "persist/feed.h"
#include "persist/offsets.h"

/** Bytes of records after which a batch is full whatever its number of rows. */
#define BATCH_BYTES_MAX ((size_t)8 * 1024 * 1024)
/** Partitions of days that one batch may touch: each takes a place in PostgreSQL's table of locks. */
#define BATCH_DAYS_MAX 64

/** One row in the bytes of its table. */
struct batch_row {
    size_t begin; /**< its bytes in batch_table.bytes */
    size_t end;
    int64_t at_us;
    const rd_kafka_message_t *message; /**< NULL: it came by batch_put */
    bool refused;                      /**< became a dead letter */
};

struct batch_table {
    const struct feed *feed;
    struct buf bytes; /**< rows of COPY BINARY without head and tail */
    struct batch_row *rows;
    size_t count;
    size_t cap;
};

/** A record that is no row. */
struct batch_letter {
    const struct feed *feed;
    const rd_kafka_message_t *message; /**< NULL: it came by batch_put */
    const char *connect_stage;         /**< string literal */
    const char *cause;                 /**< string literal */
    const char *text;                  /**< in the batch's arena */
};

/** A day whose partition a batch needs. */
struct batch_day {
    const struct table *table;
    int64_t day;
};

struct batch {
    struct batch_table *tables; /**< one per feed */
    size_t table_count;
    const struct feeds *feeds;
    struct batch_letter *letters;
    size_t letter_count;
    size_t letter_cap;
    rd_kafka_message_t **messages;
    size_t message_count;
    size_t message_cap;
    struct positions positions; /**< where the partitions stand behind this batch */
    struct batch_day days[BATCH_DAYS_MAX];
    size_t day_count;
    size_t bytes; /**< of all records */
    struct arena arena;
};

enum batch_result {
    BATCH_TAKEN,  /**< the record belongs to the batch now */
    BATCH_WAIT,   /**< the registry is needed and away: the same record again later */
    BATCH_FAILED, /**< PostgreSQL could not be asked, or the record is none of ours */
};

/** An empty batch; `feeds` is kept by reference. */
void batch_init(struct batch *batch, const struct feeds *feeds);
void batch_clear(struct batch *batch);
/** Decodes a record and adds its row or its dead letter. The batch owns `message` only after BATCH_TAKEN. */
enum batch_result batch_add(struct batch *batch, struct dimensions *dimensions, rd_kafka_message_t *message,
                            struct error *error) MUST_CHECK;
/**
 * Adds the row, or the dead letter, of a record that comes from no topic: `body` in the schema of the feed's table. False when a
 * dimension key could not be had.
 */
bool batch_put(struct batch *batch, size_t feed, struct dimensions *dimensions, struct origin origin, struct str body,
               struct error *error) MUST_CHECK;
/** Whether it has to be written before the next record; `rows_max` records at most. */
bool batch_full(const struct batch *batch, int64_t rows_max);
/** Makes a row that PostgreSQL refused a dead letter; `why` names cause and message. */
void batch_refuse(struct batch *batch, struct batch_table *table, size_t row, const struct error *why);
/** Frees the records, keeps the memory. */
void batch_reset(struct batch *batch);

#endif
