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

struct table {
    const char *topic;   /**< without prefix */
    const char *name;    /**< schema-qualified target of COPY */
    const char *columns; /**< comma separated, in the order encode_row writes */
    int16_t column_count;
    const char *schema_json; /**< the reader's schema */
    /** The partitioned parent that needs a partition per day, or NULL. */
    const char *partitioned;
    /**
     * Decodes `body` and appends one row. Looks dimension keys up in `dimensions`; ERROR_INVALID: the record is bad (dead
     * letter). *day gets the day number of the partition the row belongs to.
     */
    bool (*encode_row)(struct str body, const struct origin *origin, struct dimensions *dimensions, struct arena *arena,
                       struct copy_row *row, int64_t *day, struct error *error);
};

/** All tables, ended by NULL: the one table of tables. */
extern const struct table *const tables[];

#endif
