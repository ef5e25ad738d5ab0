#include "persist/jobs/outbox.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/service.h"
#include "bus/decoder.h"
#include "bus/producer.h"
#include "bus/registry.h"
#include "persist/jobs/aggregate_row.h"

#define TOPIC "market.aggregates"
#define SUBJECT_MAX 300
/** Bound of the send queue, and of the wait for it. */
#define QUEUE_BYTES_MAX (INT64_C(8) * 1024 * 1024)
#define SEND_TIMEOUT_MS 5000
/** Rows sent before they are marked. */
#define ROWS_MAX "500"

#define SQL_UNSENT                                                                                                               \
    "SELECT " AGGREGATE_COLUMNS " FROM quotebus.market_aggregate WHERE published_at IS NULL"                                     \
    " ORDER BY window_end, class, sector LIMIT " ROWS_MAX
#define SQL_MARK                                                                                                                 \
    "UPDATE quotebus.market_aggregate SET published_at = clock_timestamp()"                                                      \
    " WHERE published_at IS NULL AND (window_end, class, sector) <= ($1, $2, $3) RETURNING 1"

struct outbox {
    const struct config *config;
    const char *topic; /* full name */
    struct registry *registry;
    struct producer *producer; /* NULL until the first record, and after a failure */
    int32_t schema_id;         /* 0: not known yet */
    struct metric *sent;
    struct arena arena;
    struct buf key;
    struct buf value;
};

struct outbox *outbox_new(const struct config *config, struct error *error)
{
    struct outbox *outbox = xcalloc(1, sizeof(*outbox));
    outbox->config = config;
    outbox->topic = config_topic(config, TOPIC);
    outbox->sent =
        metric_counter("quotebus_persist_aggregates_sent_total", "Records of market.aggregates that Kafka acknowledged.", NULL);
    outbox->registry = registry_new(&config->registry, error);
    if (!outbox->registry) {
        outbox_free(outbox);
        return NULL;
    }
    return outbox;
}

void outbox_free(struct outbox *outbox)
{
    if (!outbox)
        return;
    producer_free(outbox->producer);
    registry_free(outbox->registry);
    arena_clear(&outbox->arena);
    buf_clear(&outbox->key);
    buf_clear(&outbox->value);
    free(outbox);
}

/** Finds the schema's id and makes the producer. */
static bool open_producer(struct outbox *outbox, struct error *error)
{
    const struct producer_options options = {.client_id = "quotebus-persist-jobs", .max_queued_bytes = QUEUE_BYTES_MAX};
    char subject[SUBJECT_MAX];
    snprintf(subject, sizeof(subject), "%s-value", outbox->topic);
    if (outbox->schema_id == 0 &&
        registry_lookup(outbox->registry, subject, market_aggregate_schema_json, &outbox->schema_id, error) != REGISTRY_OK)
        return false;
    if (!outbox->producer)
        outbox->producer = producer_new(&outbox->config->kafka, &options, error);
    return outbox->producer != NULL;
}

/** Sends one record. */
static bool send_row(struct outbox *outbox, const struct market_aggregate *aggregate, struct error *error)
{
    buf_reset(&outbox->key);
    buf_reset(&outbox->value);
    buf_printf(&outbox->key, "%.*s/%.*s", STR_ARG(aggregate->class), STR_ARG(aggregate->sector));
    wire_put_header(&outbox->value, outbox->schema_id);
    market_aggregate_encode(aggregate, &outbox->value);
    const struct outgoing record = {
        .topic = outbox->topic,
        .partition = PARTITION_BY_KEY,
        .key = buf_str(&outbox->key),
        .value = buf_str(&outbox->value),
        .timestamp_ms = aggregate->window_end_us / US_PER_MS,
    };
    return producer_send(outbox->producer, &record, SEND_TIMEOUT_MS, error);
}

/** Sends the rows of a result and waits until Kafka has them. */
static bool send_rows(struct outbox *outbox, const PGresult *rows, struct error *error)
{
    const uint64_t failed_before = producer_failed(outbox->producer);
    for (int row = 0; row < PQntuples(rows); row++) {
        struct market_aggregate aggregate;
        arena_reset(&outbox->arena);
        if (!aggregate_of_row(rows, row, &outbox->arena, &aggregate, error) || !send_row(outbox, &aggregate, error))
            return false;
    }
    if (!producer_flush(outbox->producer, SEND_TIMEOUT_MS, error))
        return false;
    return producer_failed(outbox->producer) == failed_before ||
           error_set(error, ERROR_RETRY, "Kafka refused a record of %s", outbox->topic);
}

/** Marks the rows of a result: all up to its last one, since it has the oldest. */
static bool mark_rows(struct pg *pg, const PGresult *rows, struct error *error)
{
    const int last = PQntuples(rows) - 1;
    const char *const params[] = {PQgetvalue(rows, last, AGGREGATE_WINDOW_END), PQgetvalue(rows, last, AGGREGATE_CLASS),
                                  PQgetvalue(rows, last, AGGREGATE_SECTOR)};
    PGresult *result = pg_query(pg, SQL_MARK, 3, params, error);
    PQclear(result);
    return result != NULL;
}

/** Sends and marks the rows of a result. A producer that failed is given up, and with it what it may still send. */
static bool send_and_mark(struct outbox *outbox, struct pg *pg, const PGresult *rows, struct error *error)
{
    if (!open_producer(outbox, error) || !send_rows(outbox, rows, error)) {
        producer_free(outbox->producer);
        outbox->producer = NULL;
        return error_prefix(error, "topic %s", outbox->topic);
    }
    failpoint("persist.job.after_send");
    if (!mark_rows(pg, rows, error))
        return error_prefix(error, "marking aggregates as sent");
    metric_add(outbox->sent, PQntuples(rows));
    return true;
}

bool outbox_send_aggregates(struct outbox *outbox, struct pg *pg, struct error *error)
{
    for (;;) {
        PGresult *rows = pg_query(pg, SQL_UNSENT, 0, NULL, error);
        if (!rows)
            return false;
        const bool none = PQntuples(rows) == 0;
        const bool ok = none || send_and_mark(outbox, pg, rows, error);
        PQclear(rows);
        if (none || !ok)
            return ok;
    }
}
