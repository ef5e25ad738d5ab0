/*
 * The table of all topics: schemas/topics.yaml.
 *
 * Threads: read-only after loading.
 */
#ifndef QUOTEBUS_BUS_TOPICS_H
#define QUOTEBUS_BUS_TOPICS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct topic_spec {
    char *name;   /**< without prefix */
    char *schema; /**< name of schemas/<name>.avsc, or `none` */
    int64_t partitions;
    char *cleanup;             /**< delete or compact */
    int64_t retention_d;       /**< days; 0 with compact */
    bool dead_letters;         /**< a topic <name>.dlq belongs to it (it is a row of its own after loading) */
    int64_t max_message_bytes; /**< the broker's max.message.bytes; 0: its default. Wider on .dlq, where headers are added */
};

struct topic_table {
    struct topic_spec *topics;
    size_t count;
    struct arena *memory;
};

/** What a dead letter topic is called: that of its topic and this. */
#define DEAD_LETTER_SUFFIX ".dlq"

/**
 * Reads and checks the file; errors name file, line and field (ERROR_USAGE). Behind each topic with dead letters stands its .dlq:
 * one partition, 30 days, schema none. NULL on failure; freed with topic_table_free.
 */
struct topic_table *topic_table_load(const char *path, struct error *error) MUST_CHECK;
/** NULL is fine. */
void topic_table_free(struct topic_table *table);
/** A row by name (without prefix), or NULL. */
const struct topic_spec *topic_table_find(const struct topic_table *table, const char *name);

#endif
