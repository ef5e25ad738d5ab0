#include "persist/writer.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/service.h"
#include "persist/letters.h"
#include "persist/migrate.h"
#include "persist/store.h"

/** How many batches the mode auto upserts at once after one whose rows existed: rows that exist come in runs. */
#define UPSERT_RUN 20

/** idle_transaction_ms is longer than dead letters may take to be acknowledged. */
static const struct pg_limits limits = {
    .statement_ms = 30000, .lock_ms = 10000, .idle_transaction_ms = 2 * LETTERS_TIMEOUT_MS, .reply_ms = 40000};

struct writer {
    struct pg pg;
    struct positions known; /* as committed */
    struct letters *letters;
    int64_t batch_max_rows;
    struct store *store;
    bool always_upserts; /* mode upsert */
    bool remembers;      /* mode auto */
    int upserts_left;    /* batches that are not tried as append */
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
    writer->letters = letters_new(config);
    writer->batch_max_rows = config->persist.batch_max_rows;
    writer->store = store_new(&writer->pg, STORE_LIVE_SCHEMA);
    writer->always_upserts = strcmp(config->persist.mode, "upsert") == 0;
    writer->remembers = strcmp(config->persist.mode, "auto") == 0;
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
    letters_free(writer->letters);
    store_free(writer->store);
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

struct pg *writer_connection(struct writer *writer)
{
    return &writer->pg;
}

bool writer_check(struct writer *writer, struct error *error)
{
    return pg_check(&writer->pg, error);
}

/**
 * Begins the transaction of a batch. A full one does not wait for the disk: more records wait already, and the first batch that
 * is not full takes all before it along. Should PostgreSQL crash in between, it loses the last rows and the offsets that belong
 * to them together, and the next session, which starts from the offsets, stores them again.
 */
static bool begin(struct writer *writer, const struct batch *batch, struct error *error)
{
    const bool full = batch_full(batch, writer->batch_max_rows);
    return pg_execute(&writer->pg, full ? "BEGIN; SET LOCAL synchronous_commit = off" : "BEGIN", error);
}

/** One attempt at the transaction of a batch. */
static bool write_once(struct writer *writer, struct batch *batch, enum store_way way, struct error *error)
{
    if (!begin(writer, batch, error))
        return false;
    failpoint("persist.after_begin");
    if (!offsets_move(&writer->pg, &writer->known, &batch->positions, error))
        return false;
    failpoint("persist.after_offsets");
    if (!store_rows(writer->store, batch, way, error))
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

/** Notes how a batch went in, for the next ones. */
static void remember_way(struct writer *writer, enum store_way first, enum store_way last)
{
    if (!writer->remembers)
        return;
    if (first == STORE_APPEND && last != STORE_APPEND)
        writer->upserts_left = UPSERT_RUN;
    else if (writer->upserts_left)
        writer->upserts_left--;
}

/** The transaction of a batch, in one way after the other. */
static bool write_rows(struct writer *writer, struct batch *batch, struct error *error)
{
    const enum store_way first = writer->always_upserts || writer->upserts_left ? STORE_UPSERT : STORE_APPEND;
    enum store_way way = first;
    while (!write_once(writer, batch, way, error)) {
        if (!store_next_way(error, &way))
            return false;
        log_info("persist.writer",
                 way == STORE_UPSERT ? "rows exist already, merging" : "PostgreSQL refused a row, looking for it", F_ERR(error));
        if (!pg_execute(&writer->pg, "ROLLBACK", error))
            return false;
    }
    remember_way(writer, first, way);
    return true;
}

bool writer_write(struct writer *writer, struct batch *batch, struct error *error)
{
    const int64_t begun_ms = clock_mono_ms();
    if (batch->message_count == 0)
        return true;
    if (!store_prepare(writer->store, batch, error) || !write_rows(writer, batch, error))
        return false;
    account(writer, batch, begun_ms);
    log_debug("persist.writer", "batch stored", F_INT("records", batch->message_count),
              F_INT("dead_letters", batch->letter_count), F_INT("ms", clock_mono_ms() - begun_ms));
    return true;
}
