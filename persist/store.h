/*
 * Puts the rows of a batch into the tables of one schema, in the caller's transaction.
 *
 * Append is plain COPY: the fastest, and a key that exists already is refused (cause duplicate_row). Upsert copies into a
 * temporary table and merges: of the rows with one key the one of the newest record stays, that is the highest partition and
 * offset in the columns of `table.origin`; a row that is there already, the same in all columns, is not touched. So what upsert
 * leaves does not depend on the order in which records come, nor on how often. The third way is upsert by halves under
 * savepoints, which makes dead letters of the rows that PostgreSQL refuses.
 *
 * The ways are tried in this order: store_next_way says what comes after a failure.
 *
 * Threads: that of its connection.
 */
#ifndef QUOTEBUS_PERSIST_STORE_H
#define QUOTEBUS_PERSIST_STORE_H

#include "persist/batch.h"
#include "pg/pg.h"

/** The schema that people query. */
#define STORE_LIVE_SCHEMA "quotebus"

enum store_way {
    STORE_APPEND, /**< COPY */
    STORE_UPSERT, /**< COPY into a temporary table, INSERT ... ON CONFLICT DO UPDATE */
    STORE_BISECT, /**< the same by halves: refused rows become dead letters of the batch */
};

struct store;

/** `pg` and `schema` (a plain lower case identifier) are kept by reference. Freed with store_free. */
struct store *store_new(struct pg *pg, const char *schema);
/** NULL is fine. */
void store_free(struct store *store);

/** Makes the partitions of days that a batch needs, each in a transaction of its own. Not within a transaction. */
bool store_prepare(struct store *store, const struct batch *batch, struct error *error) MUST_CHECK;
/** Stores all rows, within a transaction, which has to be rolled back after a failure. */
bool store_rows(struct store *store, struct batch *batch, enum store_way way, struct error *error) MUST_CHECK;
/** The way to try after a failure with `error`; false when another one cannot help. */
bool store_next_way(const struct error *error, enum store_way *way) MUST_CHECK;

/** The statement that merges the temporary table of `table` into the table of `schema`, with the NUL. Pure. */
void store_merge_sql(struct buf *sql, const char *schema, const struct table *table);

#endif
