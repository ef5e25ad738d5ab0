#include "cli/live_records.h"

#include <stdlib.h>
#include <string.h>

#include "bus/decoder.h"
#include "bus/reader.h"

#define POLL_MS 200

/** Where the fields stand that all of these records have. */
struct layout {
    const char *codec; /* name in record_codecs; NULL: not made from single quotes or bars */
    size_t raw_offset_at;
    size_t rules_version_at;
};

#define LAYOUT(type)                                                                                                             \
    {                                                                                                                            \
#type, offsetof(struct type, raw_offset), offsetof(struct type, rules_version)                                           \
    }
static const struct layout layouts[OUTPUT_COUNT] = {
    [OUTPUT_CLEAN] = LAYOUT(clean_quote),      [OUTPUT_ANOMALIES] = LAYOUT(anomaly), [OUTPUT_CONSENSUS] = LAYOUT(consensus_price),
    [OUTPUT_LATEST] = LAYOUT(consensus_price), [OUTPUT_REPORTS] = LAYOUT(report),    [OUTPUT_BARS] = LAYOUT(clean_bar),
    [OUTPUT_BAR_ANOMALIES] = LAYOUT(anomaly),
};

struct live_records {
    const char *topic;
    int32_t partition;
    const struct layout *layout;
    const struct record_codec *codec;
    struct decoder *decoder;
    struct reader *reader;
    rd_kafka_message_t *message; /* the next one, when it was read */
    struct live_record next;
    struct arena arena;
};

/** The codec of a record type. */
static const struct record_codec *find_codec(const char *name)
{
    const struct record_codec *codec = record_codecs;
    while (codec->name && strcmp(codec->name, name) != 0)
        codec++;
    return codec;
}

struct live_records *live_records_new(const struct config *config, struct registry *registry, enum output output,
                                      int32_t partition, struct error *error)
{
    struct live_records *records = xcalloc(1, sizeof(*records));
    records->topic = output_topic(config, output);
    records->partition = partition;
    records->layout = &layouts[output];
    records->codec = find_codec(records->layout->codec);
    const struct reader_options options = {.topic = records->topic, .partition = partition, .start = READER_BEGINNING};
    records->decoder = decoder_new(registry, output_schema_json(output), error);
    records->reader = records->decoder ? reader_new(&config->kafka, &options, error) : NULL;
    if (!records->reader) {
        live_records_free(records);
        return NULL;
    }
    return records;
}

void live_records_free(struct live_records *records)
{
    if (!records)
        return;
    live_records_take(records);
    reader_free(records->reader);
    decoder_free(records->decoder);
    arena_clear(&records->arena);
    free(records);
}

/** Reads the fields of the message. */
static bool decode(struct live_records *records, struct error *error)
{
    const rd_kafka_message_t *message = records->message;
    const struct str value = {.ptr = message->payload, .len = message->len};
    struct str body;
    arena_reset(&records->arena);
    char *record = arena_alloc(&records->arena, records->codec->size);
    if (decoder_body(records->decoder, value, &records->arena, &body, error) != DECODE_OK ||
        !records->codec->decode(body, &records->arena, record, error))
        return error_prefix(error, "%.120s [%d] at offset %lld", records->topic, (int)records->partition,
                            (long long)message->offset);
    records->next = (struct live_record){.key = {.ptr = message->key, .len = message->key_len},
                                         .body = body,
                                         .timestamp_ms = rd_kafka_message_timestamp(message, NULL),
                                         .offset = message->offset};
    memcpy(&records->next.raw_offset, record + records->layout->raw_offset_at, sizeof(records->next.raw_offset));
    memcpy(&records->next.rules_version, record + records->layout->rules_version_at, sizeof(records->next.rules_version));
    return true;
}

bool live_records_next(struct live_records *records, const struct live_record **record, struct error *error)
{
    *record = NULL;
    while (!records->message) {
        const enum reader_result result = reader_next(records->reader, POLL_MS, &records->message, error);
        if (result == READER_DONE)
            return true;
        if (result == READER_FAILED)
            return false;
        if (result == READER_RECORD && !decode(records, error)) {
            live_records_take(records);
            return false;
        }
    }
    *record = &records->next;
    return true;
}

void live_records_take(struct live_records *records)
{
    if (records->message)
        rd_kafka_message_destroy(records->message);
    records->message = NULL;
}
