#include "cli/rebuild_db.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/** A statement may read a whole table; a lock that is not to be had is tried for again. */
static const struct pg_limits limits = {.lock_ms = 10000, .reply_ms = INT64_C(6) * 3600 * 1000};

#define SQL_ONLY_ONE "SELECT pg_catalog.pg_try_advisory_lock(pg_catalog.hashtextextended('quotebus.rebuild', 0))::int"
#define SQL_SCHEMAS                                                                                                              \
    "DO $$ DECLARE owner name := (SELECT pg_catalog.pg_get_userbyid(nspowner) FROM pg_catalog.pg_namespace"                      \
    " WHERE nspname = 'quotebus'); BEGIN"                                                                                        \
    " EXECUTE pg_catalog.format('CREATE SCHEMA " REBUILD_SCHEMA " AUTHORIZATION %I', owner);"                                    \
    " EXECUTE pg_catalog.format('CREATE SCHEMA " REBUILD_BEFORE " AUTHORIZATION %I', owner); END $$"
#define SQL_OFFSETS "SELECT partition, next_offset FROM quotebus.stream_offset WHERE topic = $1 ORDER BY partition"

bool rebuild_connect(struct pg *pg, const char *conninfo, struct error *error)
{
    if (!pg_connect(pg, conninfo, &limits, error))
        return false;
    PGresult *result = pg_query(pg, SQL_ONLY_ONE, 0, NULL, error);
    const bool ok = result && (pg_int(result, 0, 0) == 1 || error_set(error, ERROR_RETRY, "another rebuild is under way"));
    PQclear(result);
    return ok && pg_execute(pg, "SET TimeZone = 'UTC'", error);
}

bool rebuild_clear(struct pg *pg, bool keep_before, struct error *error)
{
    return pg_execute(pg, "DROP SCHEMA IF EXISTS " REBUILD_SCHEMA " CASCADE", error) &&
           (keep_before || pg_execute(pg, "DROP SCHEMA IF EXISTS " REBUILD_BEFORE " CASCADE", error));
}

bool rebuild_prepare(struct pg *pg, const struct table *const *wanted, size_t count, struct error *error)
{
    struct buf names = {0};
    for (size_t i = 0; i < count; i++)
        buf_printf(&names, "%s%s", i ? "," : "{", wanted[i]->name);
    buf_append(&names, "}", 2);
    const char *const params[] = {(const char *)names.data};
    bool ok = rebuild_clear(pg, false, error) && pg_execute(pg, SQL_SCHEMAS, error) && pg_execute(pg, PG_TAKE_OWNER_ROLE, error);
    if (!ok)
        error_prefix(error, "a rebuild needs a login that may do what the owner of schema quotebus may");
    if (ok) {
        PGresult *result = pg_query(pg, "SELECT quotebus.rebuild_prepare($1::text[])", 1, params, error);
        ok = result != NULL;
        PQclear(result);
    }
    buf_clear(&names);
    return ok;
}

bool rebuild_offsets(struct pg *pg, const char *topic, bool locked, struct playback_spans *spans, struct error *error)
{
    const char *const params[] = {topic};
    PGresult *result = pg_query(pg, locked ? SQL_OFFSETS " FOR SHARE" : SQL_OFFSETS, 1, params, error);
    if (!result)
        return false;
    for (size_t i = 0; i < spans->count; i++)
        spans->items[i].end = spans->items[i].begin;
    for (int row = 0; row < PQntuples(result); row++) {
        for (size_t i = 0; i < spans->count; i++) {
            struct playback_span *span = &spans->items[i];
            const int64_t next = pg_int(result, row, 1);
            if (span->partition == pg_int(result, row, 0) && next > span->begin)
                span->end = next;
        }
    }
    PQclear(result);
    return true;
}

/** The spans as three array parameters. */
struct span_arrays {
    struct buf partitions, begins, ends;
};

/** Fills them. */
static void put_spans(struct span_arrays *arrays, const struct playback_spans *spans)
{
    *arrays = (struct span_arrays){0};
    for (size_t i = 0; i < spans->count; i++) {
        const char *begin = i ? "," : "{";
        buf_printf(&arrays->partitions, "%s%" PRId32, begin, spans->items[i].partition);
        buf_printf(&arrays->begins, "%s%" PRId64, begin, spans->items[i].begin);
        buf_printf(&arrays->ends, "%s%" PRId64, begin, spans->items[i].end);
    }
    buf_append(&arrays->partitions, "}", 2);
    buf_append(&arrays->begins, "}", 2);
    buf_append(&arrays->ends, "}", 2);
}

/** Frees them. */
static void clear_spans(struct span_arrays *arrays)
{
    buf_clear(&arrays->partitions);
    buf_clear(&arrays->begins);
    buf_clear(&arrays->ends);
}

/** Names of the columns of a record's partition and offset. */
struct origin_columns {
    char partition[64];
    char offset[64];
};

/** Splits table.origin. */
static struct origin_columns origin_columns(const struct table *table)
{
    struct origin_columns columns;
    const size_t len = strcspn(table->origin, ",");
    const char *second = table->origin + len + strspn(table->origin + len, ", ");
    snprintf(columns.partition, sizeof(columns.partition), "%.*s", (int)len, table->origin);
    snprintf(columns.offset, sizeof(columns.offset), "%s", second);
    return columns;
}

bool rebuild_checksum(struct pg *pg, const char *schema, const struct table *table, const struct playback_spans *spans,
                      struct rebuild_sum *sum, struct error *error)
{
    struct span_arrays arrays;
    const struct origin_columns origin = origin_columns(table);
    put_spans(&arrays, spans);
    const char *const params[] = {schema,
                                  table->name,
                                  table->columns,
                                  origin.partition,
                                  origin.offset,
                                  (const char *)arrays.partitions.data,
                                  (const char *)arrays.begins.data,
                                  (const char *)arrays.ends.data};
    PGresult *result =
        pg_query(pg, "SELECT * FROM quotebus.rebuild_checksum($1, $2, $3, $4, $5, $6::integer[], $7::bigint[], $8::bigint[])", 8,
                 params, error);
    if (result) {
        sum->rows = pg_int(result, 0, 0);
        snprintf(sum->checksum, sizeof(sum->checksum), "%s", PQgetvalue(result, 0, 1));
    }
    PQclear(result);
    clear_spans(&arrays);
    return result != NULL || error_prefix(error, "checksum of %s.%s", schema, table->name);
}

bool rebuild_keep(struct pg *pg, const struct table *table, const struct playback_spans *spans, char first_day[REBUILD_DATE_MAX],
                  struct error *error)
{
    struct span_arrays arrays;
    const struct origin_columns origin = origin_columns(table);
    put_spans(&arrays, spans);
    const char *const params[] = {table->name,
                                  origin.partition,
                                  origin.offset,
                                  (const char *)arrays.partitions.data,
                                  (const char *)arrays.begins.data,
                                  (const char *)arrays.ends.data};
    PGresult *result =
        pg_query(pg, "SELECT quotebus.rebuild_keep($1, $2, $3, $4::integer[], $5::bigint[], $6::bigint[])", 6, params, error);
    if (result)
        snprintf(first_day, REBUILD_DATE_MAX, "%s", PQgetvalue(result, 0, 0));
    PQclear(result);
    clear_spans(&arrays);
    return result != NULL || error_prefix(error, "keeping other rows of %s", table->name);
}

bool rebuild_vouch(struct pg *pg, const struct table *table, struct error *error)
{
    char sql[160];
    const char *const params[] = {table->name};
    PGresult *result = pg_query(pg, "SELECT quotebus.rebuild_vouch($1)", 1, params, error);
    PQclear(result);
    snprintf(sql, sizeof(sql), "ANALYZE " REBUILD_SCHEMA ".%s", table->name);
    return result && pg_execute(pg, sql, error);
}

bool rebuild_swap(struct pg *pg, const struct table *table, const char *first_day, struct error *error)
{
    const char *const params[] = {table->name, *first_day ? first_day : NULL};
    PGresult *result = pg_query(pg, "SELECT quotebus.rebuild_swap($1, $2::date)", 2, params, error);
    PQclear(result);
    return result != NULL || error_prefix(error, "swapping %s", table->name);
}
