/* Records into PostgreSQL, over rows that may exist. */
#include <stdlib.h>

#include "cli/row_store.h"
#include "cli/sink.h"

struct database_sink {
    struct sink sink;
    struct row_store *rows;
};

/** close of the kind. */
static void close_database(struct sink *sink)
{
    struct database_sink *database = (struct database_sink *)sink;
    row_store_free(database->rows);
    free(database);
}

/** open of the kind. */
static struct sink *open_database(const struct sink_options *options, struct error *error)
{
    const struct row_store_options rows = {.schema = STORE_LIVE_SCHEMA, .first = STORE_UPSERT};
    size_t feed;
    struct database_sink *database = xcalloc(1, sizeof(*database));
    database->sink.kind = &sink_database;
    database->rows = row_store_new(options->config, options->registry, &rows, error);
    if (database->rows && row_store_feed(database->rows, options->full_topic, &feed, error))
        return &database->sink;
    close_database(&database->sink);
    return NULL;
}

/** put of the kind. */
static bool put_database(struct sink *sink, rd_kafka_message_t *message, struct error *error)
{
    return row_store_add(((struct database_sink *)sink)->rows, message, error);
}

/** checkpoint of the kind. */
static bool checkpoint_database(struct sink *sink, const struct playback_spans *spans, int64_t *bytes, struct error *error)
{
    struct database_sink *database = (struct database_sink *)sink;
    (void)spans;
    *bytes = -1;
    const bool ok = row_store_flush(database->rows, error);
    sink->left_out = row_store_refused(database->rows);
    sink->left_why = *row_store_refusal(database->rows);
    return ok;
}

const struct sink_kind sink_database = {
    .name = "database", .open = open_database, .put = put_database, .checkpoint = checkpoint_database, .close = close_database};
