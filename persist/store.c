#include "persist/store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

/** Days known to have a partition; then the list begins anew. */
#define DAYS_KNOWN_MAX 512

struct store {
    struct pg *pg;
    const char *schema;
    struct batch_day days[DAYS_KNOWN_MAX];
    size_t day_count;
};

struct store *store_new(struct pg *pg, const char *schema)
{
    struct store *store = xcalloc(1, sizeof(*store));
    store->pg = pg;
    store->schema = schema;
    return store;
}

void store_free(struct store *store)
{
    free(store);
}

bool store_next_way(const struct error *error, enum store_way *way)
{
    if (error->code != ERROR_INVALID || *way == STORE_BISECT)
        return false;
    const bool duplicate = error->cause && strcmp(error->cause, "duplicate_row") == 0;
    *way = *way == STORE_APPEND && duplicate ? STORE_UPSERT : STORE_BISECT;
    return true;
}

/** Whether the partition of a day is known to be there. */
static bool day_known(const struct store *store, const struct batch_day *wanted)
{
    for (size_t i = store->day_count; i > 0; i--) {
        if (store->days[i - 1].day == wanted->day && store->days[i - 1].table == wanted->table)
            return true;
    }
    return false;
}

/** Makes the partition of one day, in a transaction of its own. */
static bool ensure_day(struct store *store, const struct batch_day *wanted, struct error *error)
{
    char date[32], sql[120];
    int year, month, day;
    time_civil(wanted->day, &year, &month, &day);
    snprintf(date, sizeof(date), "%04d-%02d-%02d", year, month, day);
    snprintf(sql, sizeof(sql), "SELECT %s.ensure_day($1, $2::date)", store->schema);
    const char *const params[] = {wanted->table->name, date};
    PGresult *result = pg_query(store->pg, sql, 2, params, error);
    PQclear(result);
    if (!result)
        return error_prefix(error, "partition of table %s for %s", wanted->table->name, date);
    if (store->day_count == DAYS_KNOWN_MAX)
        store->day_count = 0;
    store->days[store->day_count++] = *wanted;
    return true;
}

bool store_prepare(struct store *store, const struct batch *batch, struct error *error)
{
    for (size_t i = 0; i < batch->day_count; i++) {
        if (!day_known(store, &batch->days[i]) && !ensure_day(store, &batch->days[i], error))
            return false;
    }
    return true;
}

/** COPY of some rows into a table with the columns of theirs. */
static bool copy_rows(struct store *store, const char *schema, const char *prefix, const struct batch_table *rows, size_t first,
                      size_t count, struct error *error)
{
    const struct table *table = rows->feed->table;
    const size_t begin = rows->rows[first].begin;
    const size_t end = rows->rows[first + count - 1].end;
    const struct str pieces[] = {copy_head, {.ptr = (const char *)rows->bytes.data + begin, .len = end - begin}, copy_tail};
    struct buf sql = {0};
    buf_printf(&sql, "COPY %s.%s%s (%s) FROM STDIN (FORMAT binary)", schema, prefix, table->name, table->columns);
    buf_append(&sql, "", 1);
    const bool ok = pg_copy_in(store->pg, (const char *)sql.data, pieces, 3, error);
    buf_clear(&sql);
    return ok;
}

/** Appends the names of a comma separated list, each between `before` and `after`. */
static void put_columns(struct buf *sql, const char *columns, const char *before, const char *after)
{
    const char *at = columns;
    for (;;) {
        const size_t len = strcspn(at, ",");
        buf_printf(sql, "%s%.*s%s", before, (int)len, at, after);
        if (at[len] == '\0')
            break;
        at += len + 1 + strspn(at + len + 1, " ");
        buf_append_str(sql, STR(", "));
    }
}

void store_merge_sql(struct buf *sql, const char *schema, const struct table *table)
{
    buf_printf(sql, "INSERT INTO %s.%s AS old (%s) SELECT DISTINCT ON (%s) %s FROM pg_temp.staging_%s ORDER BY %s, ", schema,
               table->name, table->columns, table->key, table->columns, table->name, table->key);
    put_columns(sql, table->origin, "", " DESC");
    buf_printf(sql, " ON CONFLICT (%s) DO UPDATE SET (%s) = ROW(", table->key, table->columns);
    put_columns(sql, table->columns, "excluded.", "");
    buf_append_str(sql, STR(") WHERE ROW("));
    put_columns(sql, table->origin, "excluded.", "");
    buf_append_str(sql, STR(") >= ROW("));
    put_columns(sql, table->origin, "old.", "");
    buf_append_str(sql, STR(") AND ROW("));
    put_columns(sql, table->columns, "old.", "");
    buf_append_str(sql, STR(") IS DISTINCT FROM ROW("));
    put_columns(sql, table->columns, "excluded.", "");
    buf_append(sql, ")", 2);
}

/** Empties the temporary table of a table, and makes it in the session's first upsert. */
static bool clear_staging(struct store *store, const struct table *table, struct error *error)
{
    char sql[240];
    snprintf(sql, sizeof(sql), "CREATE TEMP TABLE IF NOT EXISTS staging_%s (LIKE %s.%s); TRUNCATE pg_temp.staging_%s",
             table->name, store->schema, table->name, table->name);
    return pg_execute(store->pg, sql, error);
}

/** Upsert of some rows of a table. */
static bool upsert_rows(struct store *store, const struct batch_table *rows, size_t first, size_t count, struct error *error)
{
    struct buf sql = {0};
    store_merge_sql(&sql, store->schema, rows->feed->table);
    const bool ok = clear_staging(store, rows->feed->table, error) &&
                    copy_rows(store, "pg_temp", "staging_", rows, first, count, error) &&
                    pg_execute(store->pg, (const char *)sql.data, error);
    buf_clear(&sql);
    return ok;
}

/** Stores rows, and makes dead letters of those that PostgreSQL refuses: all together, else each half by itself. */
static bool upsert_bisecting(struct store *store, struct batch *batch, struct batch_table *rows, size_t first, size_t count,
                             struct error *error)
{
    if (!pg_execute(store->pg, "SAVEPOINT part", error))
        return false;
    if (upsert_rows(store, rows, first, count, error))
        return pg_execute(store->pg, "RELEASE SAVEPOINT part", error);
    if (error->code != ERROR_INVALID)
        return false;
    const struct error refusal = *error;
    if (!pg_execute(store->pg, "ROLLBACK TO SAVEPOINT part; RELEASE SAVEPOINT part", error))
        return false;
    if (count == 1) {
        batch_refuse(batch, rows, first, &refusal);
        return true;
    }
    const size_t half = count / 2;
    return upsert_bisecting(store, batch, rows, first, half, error) &&
           upsert_bisecting(store, batch, rows, first + half, count - half, error);
}

/** All rows of one table. */
static bool store_table(struct store *store, struct batch *batch, struct batch_table *rows, enum store_way way,
                        struct error *error)
{
    switch (way) {
    case STORE_APPEND:
        return copy_rows(store, store->schema, "", rows, 0, rows->count, error);
    case STORE_UPSERT:
        return upsert_rows(store, rows, 0, rows->count, error);
    case STORE_BISECT:
        return upsert_bisecting(store, batch, rows, 0, rows->count, error);
    }
    return false;
}

bool store_rows(struct store *store, struct batch *batch, enum store_way way, struct error *error)
{
    for (size_t i = 0; i < batch->table_count; i++) {
        struct batch_table *rows = &batch->tables[i];
        if (rows->count && !store_table(store, batch, rows, way, error))
            return error_prefix(error, "table %s", rows->feed->table->name);
    }
    return true;
}
