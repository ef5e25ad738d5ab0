/*
 * What a table is: one file in persist/tables and one row in persist/tables/table.c.
 *
 * It names the topic it is fed from and turns a decoded record into a row of COPY BINARY.
 */
#ifndef QUOTEBUS_PERSIST_TABLE_H
#define QUOTEBUS_PERSIST_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/error.h"
#include "persist/copy.h"
#include "persist/dimensions.h"

/** Where a row came from. */
struct origin {
    int32_t partition;
    int64_t offset;
};

/** What an encoder is given besides the record. */
struct encode_context {
    struct origin origin;
    struct dimensions *dimensions; /**< keys of assets and sources */
    struct arena *arena;           /**< of the batch */
};

struct table {
    const char *topic;   /**< without prefix */
    const char *name;    /**< target of COPY in schema quotebus */
    const char *columns; /**< comma separated, in the order encode_row writes */
    int16_t column_count;
    const char *key;         /**< columns of its unique key, comma separated: what upsert finds an existing row by */
    const char *origin;      /**< columns of the record's partition and offset: of two rows with one key the higher one stays */
    const char *schema_json; /**< the reader's schema */
    bool by_day;             /**< has a partition per UTC day of the row's time */
    bool latency;            /**< time to commit is measured from the row's time */
    /**
     * Decodes `body` and writes all columns of one row. *at_us gets the row's time (fetched_at and the like), the key of the
     * partition. Pure but for `dimensions`. ERROR_INVALID with a cause: the record can be no row (dead letter); other codes: a
     * dimension key could not be had.
     */
    bool (*encode_row)(struct str body, const struct encode_context *context, struct copy_row *row, int64_t *at_us,
                       struct error *error);
};

/** All tables, ended by NULL: the one table of tables. */
extern const struct table *const tables[];

/** First and last day number of the partitions that the schema allows: 1990-01-01 and 2099-12-31. */
#define TABLE_DAY_FIRST INT64_C(7305)
#define TABLE_DAY_LAST INT64_C(47481)

/**
 * Appends the row of a record to `out`: encode_row between copy_begin and copy_end, and a check that a partition can exist.
 * On failure `out` is as it was before.
 */
bool table_encode(const struct table *table, struct str body, const struct encode_context *context, struct buf *out,
                  int64_t *at_us, struct error *error) MUST_CHECK;

#endif
