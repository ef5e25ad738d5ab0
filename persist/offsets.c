#include "persist/offsets.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/log.h"

/** Key of the advisory lock of a partition. */
#define LOCK_KEY "pg_catalog.hashtextextended('quotebus.stream.' || $1, $2::integer)"

/** Ends those who still hold a partition (they lost it, or they would have let it go) and waits until they are gone. */
#define SQL_END_HOLDERS                                                                                                          \
    "SELECT pg_catalog.pg_terminate_backend(l.pid, 5000) FROM pg_catalog.pg_locks l, " LOCK_KEY " k"                             \
    " WHERE l.locktype = 'advisory' AND l.objsubid = 1 AND l.granted AND l.pid <> pg_catalog.pg_backend_pid()"                   \
    " AND l.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database())"                              \
    " AND l.classid::bigint = (k >> 32) & 4294967295 AND l.objid::bigint = k & 4294967295"
#define SQL_LOCK "SELECT pg_catalog.pg_try_advisory_lock(" LOCK_KEY ")::int"
#define SQL_UNLOCK "SELECT pg_catalog.pg_advisory_unlock(" LOCK_KEY ")"
#define SQL_CREATE                                                                                                               \
    "INSERT INTO quotebus.stream_offset (topic, partition, next_offset) VALUES ($1, $2::integer, 0) ON CONFLICT DO NOTHING"      \
    " RETURNING next_offset"
#define SQL_READ "SELECT next_offset FROM quotebus.stream_offset WHERE topic = $1 AND partition = $2::integer"

/** Compare and set. The rows are locked in one order everywhere, so that two instances cannot deadlock. */
#define SQL_MOVE                                                                                                                 \
    "WITH wanted AS (SELECT o.topic, o.partition, m.next FROM quotebus.stream_offset o"                                          \
    " JOIN unnest($1::text[], $2::integer[], $3::bigint[], $4::bigint[]) AS m (topic, partition, known, next)"                   \
    " ON o.topic = m.topic AND o.partition = m.partition AND o.next_offset = m.known"                                            \
    " ORDER BY o.topic, o.partition FOR UPDATE OF o)"                                                                            \
    " UPDATE quotebus.stream_offset o SET next_offset = wanted.next, updated_at = now() FROM wanted"                             \
    " WHERE o.topic = wanted.topic AND o.partition = wanted.partition RETURNING 1"

struct position *positions_find(const struct positions *positions, const char *topic, int32_t partition)
{
    for (size_t i = 0; i < positions->count; i++) {
        struct position *item = &positions->items[i];
        if (item->partition == partition && strcmp(item->topic, topic) == 0)
            return item;
    }
    return NULL;
}

void positions_set(struct positions *positions, const char *topic, int32_t partition, int64_t next)
{
    struct position *item = positions_find(positions, topic, partition);
    if (!item) {
        if (positions->count == positions->cap) {
            positions->cap = positions->cap ? positions->cap * 2 : 16;
            positions->items = xrealloc(positions->items, positions->cap * sizeof(*positions->items));
        }
        item = &positions->items[positions->count++];
        *item = (struct position){.topic = xstrdup(topic), .partition = partition};
    }
    item->next = next;
}

void positions_remove(struct positions *positions, const char *topic, int32_t partition)
{
    struct position *item = positions_find(positions, topic, partition);
    if (!item)
        return;
    free(item->topic);
    *item = positions->items[--positions->count];
}

void positions_reset(struct positions *positions)
{
    for (size_t i = 0; i < positions->count; i++)
        free(positions->items[i].topic);
    positions->count = 0;
}

void positions_clear(struct positions *positions)
{
    positions_reset(positions);
    free(positions->items);
    *positions = (struct positions){0};
}

/** Runs a statement about one partition; *value gets the first column of the first row, *rows how many there are. */
static bool ask(struct pg *pg, const char *sql, const rd_kafka_topic_partition_t *at, int *rows, int64_t *value,
                struct error *error)
{
    char partition[16];
    snprintf(partition, sizeof(partition), "%d", (int)at->partition);
    const char *const params[] = {at->topic, partition};
    PGresult *result = pg_query(pg, sql, 2, params, error);
    if (!result)
        return error_prefix(error, "offset of %s, partition %s", at->topic, partition);
    *rows = PQntuples(result);
    if (*rows)
        *value = pg_int(result, 0, 0);
    PQclear(result);
    return true;
}

/** Takes the advisory lock of a partition. */
static bool take_lock(struct pg *pg, const rd_kafka_topic_partition_t *at, struct error *error)
{
    int holders = 0, rows = 0;
    int64_t value = 0;
    if (!ask(pg, SQL_END_HOLDERS, at, &holders, &value, error))
        return false;
    if (holders)
        log_warn("persist.offsets", "ended the server process of an instance that lost this partition and still held it",
                 F_STR("topic", at->topic), F_INT("partition", at->partition));
    if (!ask(pg, SQL_LOCK, at, &rows, &value, error))
        return false;
    return value == 1 ||
           error_set(error, ERROR_RETRY, "%s, partition %d is still held by another instance", at->topic, (int)at->partition);
}

/** Takes one partition over and reads its offset. */
static bool assign_one(struct pg *pg, struct positions *known, rd_kafka_topic_partition_t *at, struct error *error)
{
    int rows = 0;
    int64_t next = 0;
    if (!take_lock(pg, at, error) || !ask(pg, SQL_CREATE, at, &rows, &next, error) || !ask(pg, SQL_READ, at, &rows, &next, error))
        return false;
    if (rows != 1)
        return error_set(error, ERROR_RETRY, "quotebus.stream_offset has no row for %s, partition %d", at->topic,
                         (int)at->partition);
    positions_set(known, at->topic, at->partition, next);
    at->offset = next;
    log_debug("persist.offsets", "partition assigned", F_STR("topic", at->topic), F_INT("partition", at->partition),
              F_INT("next_offset", next));
    return true;
}

bool offsets_assign(struct pg *pg, struct positions *known, rd_kafka_topic_partition_list_t *partitions, struct error *error)
{
    for (int i = 0; i < partitions->cnt; i++) {
        if (!assign_one(pg, known, &partitions->elems[i], error))
            return false;
    }
    return true;
}

void offsets_release(struct pg *pg, struct positions *known, const rd_kafka_topic_partition_list_t *partitions)
{
    for (int i = 0; i < partitions->cnt; i++) {
        const rd_kafka_topic_partition_t *at = &partitions->elems[i];
        int rows = 0;
        int64_t value = 0;
        struct error error = {0};
        positions_remove(known, at->topic, at->partition);
        if (pg->conn && PQstatus(pg->conn) == CONNECTION_OK && !ask(pg, SQL_UNLOCK, at, &rows, &value, &error))
            log_debug("persist.offsets", "letting a partition go", F_ERR(&error));
    }
}

/** The four array parameters of SQL_MOVE. Topic names hold letters, digits, dot, dash and underscore only, as Kafka demands. */
static bool build_arrays(const struct positions *known, const struct positions *moves, struct buf arrays[4], struct error *error)
{
    for (size_t i = 0; i < moves->count; i++) {
        const struct position *move = &moves->items[i];
        const struct position *from = positions_find(known, move->topic, move->partition);
        if (!from)
            return error_set(error, ERROR_FENCED, "%s, partition %d does not belong to this instance any more", move->topic,
                             (int)move->partition);
        const char *begin = i ? "," : "{";
        buf_printf(&arrays[0], "%s%s", begin, move->topic);
        buf_printf(&arrays[1], "%s%d", begin, (int)move->partition);
        buf_printf(&arrays[2], "%s%lld", begin, (long long)from->next);
        buf_printf(&arrays[3], "%s%lld", begin, (long long)move->next);
    }
    for (size_t i = 0; i < 4; i++)
        buf_append(&arrays[i], "}", 2);
    return true;
}

bool offsets_move(struct pg *pg, const struct positions *known, const struct positions *moves, struct error *error)
{
    struct buf arrays[4] = {0};
    PGresult *result = NULL;
    bool ok = false;
    if (moves->count == 0)
        return true;
    if (!build_arrays(known, moves, arrays, error))
        goto out;
    const char *params[4];
    for (size_t i = 0; i < 4; i++)
        params[i] = (const char *)arrays[i].data;
    result = pg_query(pg, SQL_MOVE, 4, params, error);
    if (!result)
        goto out;
    ok = (size_t)PQntuples(result) == moves->count ||
         error_set(error, ERROR_FENCED,
                   "another instance has stored records of %zu of the %zu partitions of this batch: it is dropped here",
                   moves->count - (size_t)PQntuples(result), moves->count);
out:
    PQclear(result);
    for (size_t i = 0; i < 4; i++)
        buf_clear(&arrays[i]);
    return ok;
}
