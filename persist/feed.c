#include "persist/feed.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/** Longest name of a topic, as Kafka has it. */
#define TOPIC_MAX 249

/** Fills one feed. */
static bool init_feed(struct feed *feed, const struct table *table, const struct config *config, struct registry *registry,
                      struct error *error)
{
    char dlq[TOPIC_MAX + 1];
    char labels[128];
    snprintf(dlq, sizeof(dlq), "%s.dlq", table->topic);
    const char *const pairs[] = {"table", table->name};
    metric_labels(labels, sizeof(labels), 1, pairs);
    *feed = (struct feed){.table = table,
                          .topic = config_topic(config, table->topic),
                          .dlq_topic = config_topic(config, dlq),
                          .decoder = decoder_new(registry, table->schema_json, error),
                          .rows = metric_counter("quotebus_persist_rows_total", "Rows that were committed.", labels)};
    return feed->decoder != NULL;
}

bool feeds_init(struct feeds *feeds, const struct config *config, struct registry *registry, struct error *error)
{
    size_t count = 0;
    while (tables[count])
        count++;
    *feeds = (struct feeds){.items = xcalloc(count, sizeof(*feeds->items))};
    for (; feeds->count < count; feeds->count++) {
        if (!init_feed(&feeds->items[feeds->count], tables[feeds->count], config, registry, error))
            return false;
    }
    return true;
}

void feeds_clear(struct feeds *feeds)
{
    for (size_t i = 0; i < feeds->count; i++)
        decoder_free(feeds->items[i].decoder);
    free(feeds->items);
    *feeds = (struct feeds){0};
}

size_t feeds_find(const struct feeds *feeds, const char *topic)
{
    size_t i = 0;
    while (i < feeds->count && strcmp(feeds->items[i].topic, topic) != 0)
        i++;
    return i;
}
