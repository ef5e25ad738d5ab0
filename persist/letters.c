#include "persist/letters.h"

#include <stdlib.h>

#include "base/log.h"
#include "base/metrics.h"
#include "bus/dead_letter.h"
#include "bus/producer.h"

/** Bound of the send queue; a batch is smaller. */
#define QUEUE_BYTES_MAX (INT64_C(32) * 1024 * 1024)

struct letters {
    const struct config *config;
    struct producer *producer; /* NULL until the first letter */
};

struct letters *letters_new(const struct config *config)
{
    struct letters *letters = xcalloc(1, sizeof(*letters));
    letters->config = config;
    return letters;
}

void letters_free(struct letters *letters)
{
    if (!letters)
        return;
    producer_free(letters->producer);
    free(letters);
}

/** Makes the producer. */
static bool connect_producer(struct letters *letters, struct error *error)
{
    const struct producer_options options = {.client_id = "quotebus-persist-dlq", .max_queued_bytes = QUEUE_BYTES_MAX};
    if (!letters->producer)
        letters->producer = producer_new(&letters->config->kafka, &options, error);
    return letters->producer != NULL;
}

/** Counts and logs a letter that the broker has. */
static void account(const struct batch_letter *letter)
{
    char labels[160];
    const char *const pairs[] = {"topic", letter->feed->table->topic, "cause", letter->cause};
    metric_labels(labels, sizeof(labels), 2, pairs);
    metric_add(metric_counter("quotebus_persist_dead_letters_total", "Records that became dead letters.", labels), 1);
    log_warn("persist.letters", "a record became a dead letter", F_STR("topic", letter->feed->topic),
             F_INT("partition", letter->message->partition), F_INT("offset", letter->message->offset),
             F_STR("cause", letter->cause), F_STR("reason", letter->text));
}

bool letters_send(struct letters *letters, const struct batch_letter *items, size_t count, struct error *error)
{
    if (!connect_producer(letters, error))
        return error_prefix(error, "dead letters");
    for (size_t i = 0; i < count; i++) {
        const struct dead_letter why = {.stage = "persist",
                                        .instance = letters->config->persist.instance,
                                        .connect_stage = items[i].connect_stage,
                                        .cause = items[i].cause,
                                        .message = items[i].text};
        if (!dead_letter_send(letters->producer, items[i].feed->dlq_topic, items[i].message, &why, error))
            return error_prefix(error, "dead letter to %s", items[i].feed->dlq_topic);
    }
    if (!producer_flush(letters->producer, LETTERS_TIMEOUT_MS, error))
        return error_prefix(error, "%zu dead letters", count);
    for (size_t i = 0; i < count; i++)
        account(&items[i]);
    return true;
}
