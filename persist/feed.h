/*
 * What one instance reads: per table its topic, the topic's dead letters, a decoder and a counter.
 *
 * Threads: one.
 */
#ifndef QUOTEBUS_PERSIST_FEED_H
#define QUOTEBUS_PERSIST_FEED_H

#include "base/config.h"
#include "base/error.h"
#include "base/metrics.h"
#include "bus/decoder.h"
#include "bus/registry.h"
#include "persist/table.h"

struct feed {
    const struct table *table;
    const char *topic;     /**< full name, owned by the configuration */
    const char *dlq_topic; /**< full name, owned by the configuration */
    struct decoder *decoder;
    struct metric *rows;
};

struct feeds {
    struct feed *items; /**< one per row of `tables`, in that order */
    size_t count;
};

/** Makes the feeds of all tables; `config` and `registry` are kept by reference. Freed with feeds_clear, on failure too. */
bool feeds_init(struct feeds *feeds, const struct config *config, struct registry *registry, struct error *error) MUST_CHECK;
void feeds_clear(struct feeds *feeds);
/** The index of the feed of a topic; `count` when there is none. */
size_t feeds_find(const struct feeds *feeds, const char *topic);

#endif
