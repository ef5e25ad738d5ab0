/*
 * Rows into PostgreSQL from the command line: what persist does with a batch, without its offsets and dead letters.
 *
 * Records are taken into a batch; a full one is written in a transaction of its own. Rows that exist are merged
 * (persist/store.h), so that records may come again. Records that can be no row are counted, the first with its reason.
 *
 * Threads: one.
 */
#ifndef QUOTEBUS_CLI_ROW_STORE_H
#define QUOTEBUS_CLI_ROW_STORE_H

#include "base/config.h"
#include "persist/store.h"

/** Rows of one transaction at most. */
#define ROW_STORE_BATCH 5000

struct row_store;

struct row_store_options {
    const char *schema;   /**< STORE_LIVE_SCHEMA or one beside it; kept by reference */
    enum store_way first; /**< how a batch is tried first */
    bool as_owner;        /**< takes the role of the owner of schema quotebus */
};

/** Connects and checks the schema's version. `config` and `registry` are kept by reference. NULL on failure. */
struct row_store *row_store_new(const struct config *config, struct registry *registry, const struct row_store_options *options,
                                struct error *error) MUST_CHECK;
/** What was not flushed is dropped. NULL is fine. */
void row_store_free(struct row_store *store);
/** The number of the feed of a topic (full name). ERROR_USAGE when it feeds no table; the message names those that do. */
bool row_store_feed(const struct row_store *store, const char *topic, size_t *feed, struct error *error) MUST_CHECK;
/** Takes a record over, on failure too. */
bool row_store_add(struct row_store *store, rd_kafka_message_t *message, struct error *error) MUST_CHECK;
/** Takes a record that comes from no topic, in the schema of the feed's table. */
bool row_store_put(struct row_store *store, size_t feed, struct origin origin, struct str body, struct error *error) MUST_CHECK;
/** Writes what is in the batch. */
bool row_store_flush(struct row_store *store, struct error *error) MUST_CHECK;
/** Drops what is in the batch, and with it the records of Kafka: call it before their reader is freed. */
void row_store_reset(struct row_store *store);
/** Records that were stored, and those that can be no row. */
int64_t row_store_stored(const struct row_store *store);
int64_t row_store_refused(const struct row_store *store);
/** Why the first one was refused. */
const struct error *row_store_refusal(const struct row_store *store);

#endif
