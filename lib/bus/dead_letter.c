#include "bus/dead_letter.h"

#include <stdio.h>
#include <string.h>

#include "bus/decoder.h"
#include "bus/kafka_conf.h"

/** Longest wait for room in the send queue. */
#define SEND_WAIT_MS 5000
/** Room that the headers may take beside key and value. */
#define HEADERS_MAX_BYTES 65536

/** One header of ours. */
struct text_header {
    const char *name;
    const char *value;
};

/** Appends a header whose value is text. */
static bool add_text(rd_kafka_headers_t *headers, const char *name, const char *value, struct error *error)
{
    const rd_kafka_resp_err_t err = rd_kafka_header_add(headers, name, -1, value, -1);
    return !err || error_set(error, ERROR_FATAL, "adding header %s to a dead letter: %s", name, rd_kafka_err2str(err));
}

/** A copy of the record's own headers; empty when it has none. */
static rd_kafka_headers_t *copy_headers(const rd_kafka_message_t *message)
{
    rd_kafka_headers_t *own;
    if (rd_kafka_message_headers(message, &own))
        return rd_kafka_headers_new(16);
    return rd_kafka_headers_copy(own);
}

/** Whether the record can be sent with its value. */
static bool fits(const rd_kafka_message_t *message)
{
    return message->len + message->key_len <= KAFKA_RECORD_MAX_BYTES - HEADERS_MAX_BYTES;
}

/** Appends Kafka Connect's headers and ours. */
static bool add_reasons(rd_kafka_headers_t *headers, const rd_kafka_message_t *message, const struct dead_letter *why,
                        struct error *error)
{
    char partition[16];
    char offset[24];
    char connector[64];
    char schema_id[16];
    char value_bytes[24];
    const char *cause = why->cause ? why->cause : "unknown";
    const struct str value = {.ptr = message->payload, .len = message->payload ? message->len : 0};
    snprintf(partition, sizeof(partition), "%d", message->partition);
    snprintf(offset, sizeof(offset), "%lld", (long long)message->offset);
    snprintf(connector, sizeof(connector), "quotebus-%s", why->stage);
    snprintf(schema_id, sizeof(schema_id), "%d", wire_schema_id(value));
    snprintf(value_bytes, sizeof(value_bytes), "%zu", message->len);
    const struct text_header texts[] = {
        {"__connect.errors.topic", rd_kafka_topic_name(message->rkt)},
        {"__connect.errors.partition", partition},
        {"__connect.errors.offset", offset},
        {"__connect.errors.connector.name", connector},
        {"__connect.errors.task.id", why->instance},
        {"__connect.errors.stage", why->connect_stage},
        {"__connect.errors.class.name", connector},
        {"__connect.errors.exception.class.name", cause},
        {"__connect.errors.exception.message", why->message},
        {"qb.cause", cause},
        {"qb.stage", why->stage},
        {"qb.schema.id", schema_id},
        {fits(message) ? NULL : "qb.value.left.out", value_bytes},
    };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]) && texts[i].name; i++) {
        if (!add_text(headers, texts[i].name, texts[i].value, error))
            return false;
    }
    return true;
}

bool dead_letter_send(struct producer *producer, const char *dlq_topic, const rd_kafka_message_t *message,
                      const struct dead_letter *why, struct error *error)
{
    rd_kafka_headers_t *headers = copy_headers(message);
    if (!add_reasons(headers, message, why, error)) {
        rd_kafka_headers_destroy(headers);
        return false;
    }
    const int64_t timestamp_ms = rd_kafka_message_timestamp(message, NULL);
    const struct outgoing record = {
        .topic = dlq_topic,
        .partition = PARTITION_BY_KEY,
        .key = {.ptr = message->key, .len = message->key_len},
        .value = {.ptr = message->payload, .len = message->len},
        .tombstone = message->payload == NULL || !fits(message),
        .timestamp_ms = timestamp_ms > 0 ? timestamp_ms : 0,
        .headers = headers,
    };
    return producer_send(producer, &record, SEND_WAIT_MS, error) || error_prefix(error, "dead letter");
}
