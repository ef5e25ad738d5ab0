/*
 * Records into another topic: key, value, time stamp and headers as they were.
 *
 * A run that can be resumed writes in transactions, and each takes the next offsets of the source with it, as the offsets of a
 * group of the run's own. So each record stands in the target once, whenever the run was interrupted.
 */
#include <stdlib.h>
#include <string.h>

#include "bus/producer.h"
#include "cli/sink.h"

#define QUEUE_BYTES_MAX (INT64_C(32) * 1024 * 1024)
#define TRANSACTION_TIMEOUT_MS 60000
/** Longest wait for room in the queue, and for all of it to be delivered. */
#define SEND_WAIT_MS 30000
#define FLUSH_WAIT_MS 60000
#define ADMIN_WAIT_MS 10000

struct topic_sink {
    struct sink sink;
    const struct config *config;
    const char *source; /* full name */
    char *target;       /* full name */
    char *group;        /* NULL: without transactions */
    struct producer *producer;
    bool open; /* a transaction is */
};

/** close of the kind. */
static void close_topic(struct sink *sink)
{
    struct topic_sink *topic = (struct topic_sink *)sink;
    producer_free(topic->producer);
    free(topic->target);
    free(topic->group);
    free(topic);
}

/** prefix + middle + name, owned by the caller. */
static char *full_name(const struct config *config, const char *middle, const char *name)
{
    struct buf text = {0};
    buf_printf(&text, "%s%s%s", config->kafka.topic_prefix, middle, name);
    buf_append(&text, "", 1);
    return (char *)text.data;
}

/** The target must be there already: a topic that a typing error makes would have the broker's defaults. */
static bool check_target(const struct topic_sink *topic, struct error *error)
{
    struct partition_span *spans;
    size_t count = 0;
    struct arena memory = {0};
    const char *name = topic->target;
    if (strcmp(name, topic->source) == 0)
        return error_set(error, ERROR_USAGE, "--out topic:... is the topic that is replayed: it would never end");
    struct kafka_admin *admin = kafka_admin_new(&topic->config->kafka, ADMIN_WAIT_MS, error);
    const bool ok = admin && kafka_admin_spans(admin, &name, 1, &memory, &spans, &count, error);
    kafka_admin_free(admin);
    arena_clear(&memory);
    return ok && (count > 0 || error_set(error, ERROR_NOT_FOUND, "there is no topic %s: make it first", name));
}

/** open of the kind. */
static struct sink *open_topic(const struct sink_options *options, struct error *error)
{
    struct topic_sink *topic = xcalloc(1, sizeof(*topic));
    topic->sink.kind = &sink_topic;
    topic->config = options->config;
    topic->source = options->full_topic;
    topic->target = full_name(options->config, "", options->argument);
    topic->group = options->name ? full_name(options->config, "quotebus.replay.", options->name) : NULL;
    const struct producer_options producer = {.client_id = "quotebus-replay",
                                              .transactional_id = topic->group,
                                              .transaction_timeout_ms = TRANSACTION_TIMEOUT_MS,
                                              .linger_ms = 5,
                                              .max_queued_bytes = QUEUE_BYTES_MAX};
    if (check_target(topic, error))
        topic->producer = producer_new(&options->config->kafka, &producer, error);
    if (topic->producer)
        return &topic->sink;
    close_topic(&topic->sink);
    return NULL;
}

/** restore of the kind: the group knows. */
static bool restore_topic(struct sink *sink, struct playback_spans *spans, struct error *error)
{
    const struct topic_sink *topic = (struct topic_sink *)sink;
    struct partition_span asked[PLAYBACK_PARTITIONS_MAX];
    int64_t next[PLAYBACK_PARTITIONS_MAX];
    for (size_t i = 0; i < spans->count; i++)
        asked[i] = (struct partition_span){.topic = topic->source, .partition = spans->items[i].partition};
    struct kafka_admin *admin = kafka_admin_new(&topic->config->kafka, ADMIN_WAIT_MS, error);
    const bool ok = admin && kafka_admin_committed(admin, topic->group, asked, spans->count, next, error);
    for (size_t i = 0; ok && i < spans->count; i++)
        spans->items[i].next = next[i] >= 0 ? next[i] : spans->items[i].begin;
    kafka_admin_free(admin);
    return ok;
}

/** Sends a copy of a record. */
static bool send_copy(struct topic_sink *topic, const rd_kafka_message_t *message, struct error *error)
{
    rd_kafka_headers_t *headers;
    rd_kafka_timestamp_type_t kind;
    const bool has_headers = rd_kafka_message_headers(message, &headers) == RD_KAFKA_RESP_ERR_NO_ERROR;
    const struct outgoing record = {.topic = topic->target,
                                    .partition = PARTITION_BY_KEY,
                                    .key = {.ptr = message->key, .len = message->key_len},
                                    .value = {.ptr = message->payload, .len = message->len},
                                    .tombstone = !message->payload,
                                    .timestamp_ms = rd_kafka_message_timestamp(message, &kind),
                                    .headers = has_headers ? rd_kafka_headers_copy(headers) : NULL};
    return producer_send(topic->producer, &record, SEND_WAIT_MS, error);
}

/** put of the kind. */
static bool put_topic(struct sink *sink, rd_kafka_message_t *message, struct error *error)
{
    struct topic_sink *topic = (struct topic_sink *)sink;
    bool ok = true;
    if (topic->group && !topic->open)
        topic->open = ok = producer_begin(topic->producer, error);
    ok = ok && send_copy(topic, message, error) && producer_poll(topic->producer, error);
    rd_kafka_message_destroy(message);
    return ok;
}

/** Adds the source's next offsets to the transaction and commits it. */
static bool commit(struct topic_sink *topic, const struct playback_spans *spans, struct error *error)
{
    rd_kafka_topic_partition_list_t *next = rd_kafka_topic_partition_list_new((int)spans->count);
    rd_kafka_consumer_group_metadata_t *group = rd_kafka_consumer_group_metadata_new(topic->group);
    for (size_t i = 0; i < spans->count; i++)
        rd_kafka_topic_partition_list_add(next, topic->source, spans->items[i].partition)->offset = spans->items[i].next;
    const bool ok = producer_send_offsets(topic->producer, next, group, error) && producer_commit(topic->producer, error);
    rd_kafka_consumer_group_metadata_destroy(group);
    rd_kafka_topic_partition_list_destroy(next);
    topic->open = false;
    return ok;
}

/** checkpoint of the kind. */
static bool checkpoint_topic(struct sink *sink, const struct playback_spans *spans, int64_t *bytes, struct error *error)
{
    struct topic_sink *topic = (struct topic_sink *)sink;
    *bytes = -1;
    if (topic->open)
        return commit(topic, spans, error);
    if (topic->group)
        return true;
    return producer_flush(topic->producer, FLUSH_WAIT_MS, error) &&
           (producer_failed(topic->producer) == 0 || error_set(error, ERROR_INVALID, "%llu records were refused by the broker",
                                                               (unsigned long long)producer_failed(topic->producer)));
}

const struct sink_kind sink_topic = {.name = "topic",
                                     .argument = "NAME",
                                     .needs_argument = true,
                                     .open = open_topic,
                                     .put = put_topic,
                                     .checkpoint = checkpoint_topic,
                                     .close = close_topic,
                                     .restore = restore_topic};
