#include "cli/trace_find.h"

#include <string.h>

#include "base/clock.h"
#include "bus/reader.h"

#define POLL_MS 500

/** Parses a record; NULL with `error` when the registry is needed and does not answer. */
static json_t *parse(struct trace_finder *finder, const rd_kafka_message_t *message, struct error *error)
{
    struct buf text = {0};
    json_error_t why;
    json_t *record = NULL;
    if (record_print(finder->printer, message, &text, error) != RECORD_UNKNOWN) {
        record = json_loadb((const char *)text.data, text.len, JSON_ALLOW_NUL, &why);
        if (!record)
            error_set(error, ERROR_INVALID, "a record cannot be shown: %s", why.text);
    }
    buf_clear(&text);
    return record;
}

/** Whether an object has this text. */
static bool has_text(const json_t *object, const char *key, const char *text)
{
    const char *found = json_string_value(json_object_get(object, key));
    return found && strcmp(found, text) == 0;
}

/** Whether a record is about the quote. */
static bool matches(const json_t *record, const struct trace_quote *quote)
{
    char fetched_at[TIME_TEXT_MAX];
    const json_t *value = json_object_get(record, "value");
    if (quote->raw_partition >= 0)
        return json_integer_value(json_object_get(value, "raw_partition")) == quote->raw_partition &&
               json_is_integer(json_object_get(value, "raw_offset")) &&
               json_integer_value(json_object_get(value, "raw_offset")) == quote->raw_offset;
    return has_text(value, "asset", quote->asset) && has_text(value, "source", quote->source) &&
           has_text(value, "fetched_at", time_format_us(quote->fetched_at_us, fetched_at));
}

/** Opens a reader of a topic. */
static struct reader *open_reader(struct trace_finder *finder, const char *topic, int32_t partition, enum reader_start start,
                                  int64_t value, struct error *error)
{
    struct buf name = {0};
    buf_printf(&name, "%s%s", finder->config->kafka.topic_prefix, topic);
    buf_append(&name, "", 1);
    const struct reader_options options = {
        .topic = (const char *)name.data, .partition = partition, .start = start, .start_value = value};
    struct reader *reader = reader_new(&finder->config->kafka, &options, error);
    buf_clear(&name);
    return reader;
}

bool trace_at(struct trace_finder *finder, const char *topic, int32_t partition, int64_t offset, json_t **record,
              struct error *error)
{
    struct reader *reader = open_reader(finder, topic, partition, READER_OFFSET, offset, error);
    enum reader_result result = reader ? READER_IDLE : READER_FAILED;
    rd_kafka_message_t *message = NULL;
    bool ok = true;
    *record = NULL;
    while (result == READER_IDLE)
        result = reader_next(reader, POLL_MS, &message, error);
    if (result == READER_RECORD && message->offset == offset) {
        *record = parse(finder, message, error);
        ok = *record != NULL;
    }
    if (message)
        rd_kafka_message_destroy(message);
    reader_free(reader);
    return ok && result != READER_FAILED;
}

/** Looks at one record. False at the end of the search: what is known of the quote is found, or the time is over. */
static bool look(struct trace_finder *finder, const struct trace_quote *quote, int64_t time_ms, size_t most, json_t *records,
                 const rd_kafka_message_t *message, struct error *error)
{
    rd_kafka_timestamp_type_t kind;
    const int64_t timestamp_ms = rd_kafka_message_timestamp(message, &kind);
    if (timestamp_ms > time_ms + TRACE_WINDOW_MS)
        return quote->raw_partition < 0;
    json_t *record = parse(finder, message, error);
    if (record && matches(record, quote))
        json_array_append(records, record);
    json_decref(record);
    return record && json_array_size(records) < most;
}

bool trace_since(struct trace_finder *finder, const char *topic, const struct trace_quote *quote, int64_t time_ms, size_t most,
                 json_t **records, struct error *error)
{
    const int32_t partition = quote->raw_partition >= 0 ? quote->raw_partition : READER_ALL_PARTITIONS;
    struct reader *reader = open_reader(finder, topic, partition, READER_TIME, time_ms, error);
    enum reader_result result = reader ? READER_IDLE : READER_FAILED;
    bool go_on = true;
    *records = json_array();
    error_clear(error);
    for (int seen = 0; go_on && seen < TRACE_SCAN_MAX && (result == READER_IDLE || result == READER_RECORD);) {
        rd_kafka_message_t *message = NULL;
        result = reader_next(reader, POLL_MS, &message, error);
        if (result != READER_RECORD)
            continue;
        seen++;
        go_on = look(finder, quote, time_ms, most, *records, message, error);
        rd_kafka_message_destroy(message);
    }
    reader_free(reader);
    return error->code == ERROR_NONE;
}
