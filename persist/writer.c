#include "persist/writer.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/service.h"
#include "persist/letters.h"
#include "persist/migrate.h"

/** Days known to have a partition; then the list begins anew. */
#define DAYS_KNOWN_MAX 512

/** idle_transaction_ms is longer than dead letters may take to be acknowledged. */
static const struct pg_limits limits = {
    .statement_ms = 30000, .lock_ms = 10000, .idle_transaction_ms = 2 * LETTERS_TIMEOUT_MS, .reply_ms = 40000};

struct writer {
    struct pg pg;
    struct positions known; /* as committed */
    struct dimensions *dimensions;
    struct letters *letters;
    struct batch_day days[DAYS_KNOWN_MAX];
    size_t day_count;
    struct metric *batches;
    struct metric *duration_s;
    struct metric *latency_s;
};

struct writer *writer_new(const struct config *config, struct error *error)
{
    struct writer *writer = xcalloc(1, sizeof(*writer));
    if (!pg_connect(&writer->pg, config->postgres.conninfo, &limits, error) || !migrate_check(&writer->pg, error)) {
        writer_free(writer);
        return NULL;
    }
    const struct dimension_source source = postgres_dimensions(&writer->pg);
    writer->dimensions = dimensions_new(&source);
    writer->letters = letters_new(config);
    writer->batches = metric_counter("quotebus_persist_batches_total", "Transactions that were committed.", NULL);
    writer->duration_s = metric_histogram("quotebus_persist_batch_duration_seconds", "Time to write and commit a batch.", NULL,
                                          metric_latency_bounds, metric_latency_bound_count);
    writer->latency_s = metric_histogram("quotebus_persist_latency_seconds", "From fetched_at of a quote to its committed row.",
                                         NULL, metric_latency_bounds, metric_latency_bound_count);
    return writer;
}

void writer_disconnect(struct writer *writer)
{
    pg_close(&writer->pg);
}

void writer_free(struct writer *writer)
{
    if (!writer)
        return;
    pg_close(&writer->pg);
    positions_clear(&writer->known);
    dimensions_free(writer->dimensions);
    letters_free(writer->letters);
    free(writer);
}

bool writer_assign(struct writer *writer, rd_kafka_topic_partition_list_t *partitions, struct error *error)
{
    return offsets_assign(&writer->pg, &writer->known, partitions, error);
}

void writer_release(struct writer *writer, const rd_kafka_topic_partition_list_t *partitions)
{
    offsets_release(&writer->pg, &writer->known, partitions);
}

size_t writer_partitions(const struct writer *writer)
{
    return writer->known.count;
}

struct dimensions *writer_dimensions(struct writer *writer)
{
    return writer->dimensions;
}

bool writer_check(struct writer *writer, struct error *error)
{
    return pg_check(&writer->pg, error);
}

/** Whether the partition of a day is known to be there. */
static bool day_known(const struct writer *writer, const struct batch_day *wanted)
{
    for (size_t i = writer->day_count; i > 0; i--) {
        if (writer->days[i - 1].day == wanted->day && writer->days[i - 1].table == wanted->table)
            return true;
    }
    return false;
}

/** Makes the partition of one day, in a transaction of its own. */
static bool ensure_day(struct writer *writer, const struct batch_day *wanted, struct error *error)
{
    char date[32];
    int year, month, day;
    time_civil(wanted->day, &year, &month, &day);
    snprintf(date, sizeof(date), "%04d-%02d-%02d", year, month, day);
    const char *const params[] = {wanted->table->name, date};
    PGresult *result = pg_query(&writer->pg, "SELECT quotebus.ensure_day($1, $2::date)", 2, params, error);
    PQclear(result);
    if (!result)
        return error_prefix(error, "partition of table %s for %s", wanted->table->name, date);
    if (writer->day_count == DAYS_KNOWN_MAX)
        writer->day_count = 0;
    writer->days[writer->day_count++] = *wanted;
    return true;
}

/** Makes all partitions a batch needs. */
static bool ensure_days(struct writer *writer, const struct batch *batch, struct error *error)
{
    for (size_t i = 0; i < batch->day_count; i++) {
        if (!day_known(writer, &batch->days[i]) && !ensure_day(writer, &batch->days[i], error))
            return false;
    }
    return true;
}

/** COPY of some rows of a table. */
static bool copy_rows(struct writer *writer, const struct batch_table *table, size_t first, size_t count, struct error *error)
{
    const size_t begin = table->rows[first].begin;
    const size_t end = table->rows[first + count - 1].end;
    const struct str pieces[] = {copy_head, {.ptr = (const char *)table->bytes.data + begin, .len = end - begin}, copy_tail};
    struct buf sql = {0};
    buf_printf(&sql, "COPY quotebus.%s (%s) FROM STDIN (FORMAT binary)", table->feed->table->name, table->feed->table->columns);
    buf_append(&sql, "", 1);
    const bool ok = pg_copy_in(&writer->pg, (const char *)sql.data, pieces, 3, error);
    buf_clear(&sql);
    return ok;
}

/** Stores rows, and makes dead letters of those that PostgreSQL refuses: all together, else each half by itself. */
static bool copy_bisecting(struct writer *writer, struct batch *batch, struct batch_table *table, size_t first, size_t count,
                           struct error *error)
{
    if (!pg_execute(&writer->pg, "SAVEPOINT part", error))
        return false;
    if (copy_rows(writer, table, first, count, error))
        return pg_execute(&writer->pg, "RELEASE SAVEPOINT part", error);
    if (error->code != ERROR_INVALID)
        return false;
    const struct error refusal = *error;
    if (!pg_execute(&writer->pg, "ROLLBACK TO SAVEPOINT part; RELEASE SAVEPOINT part", error))
        return false;
    if (count == 1) {
        batch_refuse(batch, table, first, &refusal);
        return true;
    }
    const size_t half = count / 2;
    return copy_bisecting(writer, batch, table, first, half, error) &&
           copy_bisecting(writer, batch, table, first + half, count - half, error);
}

/** All tables of a batch. */
static bool store_rows(struct writer *writer, struct batch *batch, bool bisect, struct error *error)
{
    for (size_t i = 0; i < batch->table_count; i++) {
        struct batch_table *table = &batch->tables[i];
        if (table->count == 0)
            continue;
        const bool ok = bisect ? copy_bisecting(writer, batch, table, 0, table->count, error)
                               : copy_rows(writer, table, 0, table->count, error);
        if (!ok)
            return error_prefix(error, "table %s", table->feed->table->name);
    }
    return true;
}

/** One attempt at the transaction of a batch. `bisect`: a row was refused before. */
static bool write_once(struct writer *writer, struct batch *batch, bool bisect, struct error *error)
{
    if (!pg_execute(&writer->pg, "BEGIN", error))
        return false;
    failpoint("persist.after_begin");
    if (!offsets_move(&writer->pg, &writer->known, &batch->positions, error))
        return false;
    failpoint("persist.after_offsets");
    if (!store_rows(writer, batch, bisect, error))
        return false;
    failpoint("persist.after_copy");
    if (batch->letter_count) {
        if (!letters_send(writer->letters, batch->letters, batch->letter_count, error))
            return false;
        failpoint("persist.after_dead_letter");
    }
    failpoint("persist.before_commit");
    /* COMMIT of a failed transaction would be a silent rollback. */
    if (PQtransactionStatus(writer->pg.conn) != PQTRANS_INTRANS)
        return error_set(error, ERROR_RETRY, "the transaction is not open any more");
    if (!pg_execute(&writer->pg, "COMMIT", error))
        return error_prefix(error, "commit");
    failpoint("persist.after_commit");
    return true;
}

/** What a committed batch changes: known offsets and metrics. */
static void account(struct writer *writer, const struct batch *batch, int64_t begun_ms)
{
    const int64_t now_us = clock_wall_us();
    for (size_t i = 0; i < batch->positions.count; i++) {
        const struct position *at = &batch->positions.items[i];
        positions_set(&writer->known, at->topic, at->partition, at->next);
    }
    for (size_t i = 0; i < batch->table_count; i++) {
        const struct batch_table *table = &batch->tables[i];
        size_t stored = 0;
        for (size_t k = 0; k < table->count; k++) {
            stored += !table->rows[k].refused;
            const int64_t latency_us = now_us - table->rows[k].at_us;
            if (table->feed->table->latency && !table->rows[k].refused)
                metric_observe(writer->latency_s, latency_us > 0 ? (double)latency_us / (double)US_PER_S : 0);
        }
        metric_add(table->feed->rows, (double)stored);
    }
    metric_add(writer->batches, 1);
    metric_observe(writer->duration_s, (double)(clock_mono_ms() - begun_ms) / 1000.0);
}

bool writer_write(struct writer *writer, struct batch *batch, struct error *error)
{
    const int64_t begun_ms = clock_mono_ms();
    if (batch->message_count == 0)
        return true;
    if (!ensure_days(writer, batch, error))
        return false;
    if (!write_once(writer, batch, false, error)) {
        if (error->code != ERROR_INVALID)
            return false;
        log_info("persist.writer", "PostgreSQL refused a row, looking for it", F_ERR(error));
        if (!pg_execute(&writer->pg, "ROLLBACK", error) || !write_once(writer, batch, true, error))
            return false;
    }
    account(writer, batch, begun_ms);
    log_debug("persist.writer", "batch stored", F_INT("records", batch->message_count),
              F_INT("dead_letters", batch->letter_count), F_INT("ms", clock_mono_ms() - begun_ms));
    return true;
}
