#include "cli/row_store.h"

#include <stdlib.h>

#include "persist/migrate.h"

/** Nobody waits for these statements but the one who started them; a lock may be held by a retention job. */
static const struct pg_limits limits = {.statement_ms = 600000, .lock_ms = 30000, .reply_ms = 610000};

struct row_store {
    struct pg pg;
    enum store_way first;
    struct feeds feeds;
    struct batch batch;
    struct dimensions *dimensions;
    struct store *store;
    size_t rows; /* in the batch */
    int64_t stored;
    int64_t refused;
    struct error refusal;
};

struct row_store *row_store_new(const struct config *config, struct registry *registry, const struct row_store_options *options,
                                struct error *error)
{
    struct row_store *store = xcalloc(1, sizeof(*store));
    store->first = options->first;
    if (!feeds_init(&store->feeds, config, registry, error) ||
        !pg_connect(&store->pg, config->postgres.conninfo, &limits, error) || !migrate_check(&store->pg, error) ||
        (options->as_owner && !pg_execute(&store->pg, PG_TAKE_OWNER_ROLE, error))) {
        row_store_free(store);
        return NULL;
    }
    const struct dimension_source source = postgres_dimensions(&store->pg);
    store->dimensions = dimensions_new(&source);
    store->store = store_new(&store->pg, options->schema);
    batch_init(&store->batch, &store->feeds);
    return store;
}

void row_store_free(struct row_store *store)
{
    if (!store)
        return;
    pg_close(&store->pg);
    batch_clear(&store->batch);
    feeds_clear(&store->feeds);
    dimensions_free(store->dimensions);
    store_free(store->store);
    free(store);
}

bool row_store_feed(const struct row_store *store, const char *topic, size_t *feed, struct error *error)
{
    *feed = feeds_find(&store->feeds, topic);
    if (*feed < store->feeds.count)
        return true;
    struct buf names = {0};
    for (size_t i = 0; i < store->feeds.count; i++)
        buf_printf(&names, "%s%s", i ? ", " : "", store->feeds.items[i].topic);
    error_set(error, ERROR_USAGE, "topic %s feeds no table; these do: %.*s", topic, STR_ARG(buf_str(&names)));
    buf_clear(&names);
    return false;
}

/** One attempt at the transaction of the batch. */
static bool write_once(struct row_store *store, enum store_way way, struct error *error)
{
    return pg_execute(&store->pg, "BEGIN", error) && store_rows(store->store, &store->batch, way, error) &&
           pg_execute(&store->pg, "COMMIT", error);
}

/** Counts what became of the batch. */
static void account(struct row_store *store)
{
    const struct batch *batch = &store->batch;
    if (batch->letter_count && store->refused == 0)
        error_cause(&store->refusal, ERROR_INVALID, batch->letters[0].cause, "%s", batch->letters[0].text);
    store->refused += (int64_t)batch->letter_count;
    store->stored += (int64_t)(store->rows - batch->letter_count);
}

void row_store_reset(struct row_store *store)
{
    batch_reset(&store->batch);
    store->rows = 0;
}

bool row_store_flush(struct row_store *store, struct error *error)
{
    enum store_way way = store->first;
    if (store->rows == 0)
        return true;
    if (!store_prepare(store->store, &store->batch, error))
        return false;
    while (!write_once(store, way, error)) {
        struct error ignored;
        if (!store_next_way(error, &way))
            return false;
        if (!pg_execute(&store->pg, "ROLLBACK", &ignored))
            return false;
    }
    account(store);
    row_store_reset(store);
    return true;
}

/** Writes the batch when it is full. */
static bool flush_when_full(struct row_store *store, struct error *error)
{
    store->rows++;
    return (store->rows < ROW_STORE_BATCH && !batch_full(&store->batch, ROW_STORE_BATCH)) || row_store_flush(store, error);
}

bool row_store_add(struct row_store *store, rd_kafka_message_t *message, struct error *error)
{
    if (batch_add(&store->batch, store->dimensions, message, error) == BATCH_TAKEN)
        return flush_when_full(store, error);
    rd_kafka_message_destroy(message);
    return false;
}

bool row_store_put(struct row_store *store, size_t feed, struct origin origin, struct str body, struct error *error)
{
    return batch_put(&store->batch, feed, store->dimensions, origin, body, error) && flush_when_full(store, error);
}

int64_t row_store_stored(const struct row_store *store)
{
    return store->stored;
}

int64_t row_store_refused(const struct row_store *store)
{
    return store->refused;
}

const struct error *row_store_refusal(const struct row_store *store)
{
    return &store->refusal;
}
