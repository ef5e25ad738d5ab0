/* Records as text: JSON lines as those of `quotebus tail`, or CSV with a column per field of the schema. */
#include <inttypes.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/json_text.h"
#include "base/utf8.h"
#include "bus/avro_json.h"
#include "cli/csv.h"
#include "cli/out_file.h"
#include "cli/sink.h"
#include "cli/uniform.h"

struct text_sink {
    struct sink sink;
    struct out_file file;
    struct record_printer *printer; /* json */
    struct uniform *uniform;        /* csv */
    struct avro_shape *shape;       /* csv: of the one schema; NULL until the header was written */
    json_t *schema;                 /* csv: the same, parsed */
    bool has_header;                /* csv: stands in the file already */
    struct buf text;
    struct buf json;
    struct arena arena; /* of one record */
};

/** Closes either kind. */
static void close_text(struct sink *sink)
{
    struct text_sink *text = (struct text_sink *)sink;
    out_file_close(&text->file);
    record_printer_free(text->printer);
    uniform_free(text->uniform);
    avro_shape_free(text->shape);
    json_decref(text->schema);
    buf_clear(&text->text);
    buf_clear(&text->json);
    arena_clear(&text->arena);
    free(text);
}

/** What both kinds begin with. NULL on failure. */
static struct text_sink *open_text(const struct sink_kind *kind, const struct sink_options *options, struct error *error)
{
    struct text_sink *text = xcalloc(1, sizeof(*text));
    text->sink.kind = kind;
    text->has_header = options->bytes > 0;
    if (out_file_open(&text->file, options->argument, options->bytes, error))
        return text;
    close_text(&text->sink);
    return NULL;
}

/** Writes what is in text->text. */
static bool write_text(struct text_sink *text, struct error *error)
{
    const bool ok = out_file_write(&text->file, buf_str(&text->text), error);
    text->sink.unread = text->file.unread;
    return ok;
}

/** checkpoint of either kind. */
static bool checkpoint_text(struct sink *sink, const struct playback_spans *spans, int64_t *bytes, struct error *error)
{
    struct text_sink *text = (struct text_sink *)sink;
    (void)spans;
    const bool ok = out_file_sync(&text->file, bytes, error);
    sink->unread = text->file.unread;
    return ok;
}

/** open of JSON lines. */
static struct sink *open_json(const struct sink_options *options, struct error *error)
{
    struct text_sink *text = open_text(&sink_json, options, error);
    if (text)
        text->printer = record_printer_new(options->registry);
    return text ? &text->sink : NULL;
}

/** put of JSON lines. */
static bool put_json(struct sink *sink, rd_kafka_message_t *message, struct error *error)
{
    struct text_sink *text = (struct text_sink *)sink;
    buf_reset(&text->text);
    const enum record_status status = record_print(text->printer, message, &text->text, error);
    rd_kafka_message_destroy(message);
    if (status == RECORD_UNDECODABLE)
        sink_leave_out(sink, error);
    return status != RECORD_UNKNOWN && write_text(text, error);
}

const struct sink_kind sink_json = {
    .name = "json", .argument = "FILE", .open = open_json, .put = put_json, .checkpoint = checkpoint_text, .close = close_text};

/** Writes the names of the columns, once the schema is known. */
static bool begin_csv(struct text_sink *text, struct error *error)
{
    const char *schema_json = uniform_schema(text->uniform);
    if (text->shape || !schema_json)
        return true;
    json_error_t why;
    text->schema = json_loads(schema_json, 0, &why);
    text->shape = avro_shape_new(schema_json, error);
    if (!text->shape)
        return false;
    if (!json_is_array(json_object_get(text->schema, "fields")))
        return error_set(error, ERROR_INVALID, "the topic's schema is no record: there are no columns for CSV");
    if (text->has_header)
        return true;
    buf_reset(&text->text);
    buf_append_str(&text->text, STR("partition,offset,timestamp,key"));
    size_t i;
    json_t *field;
    json_array_foreach(json_object_get(text->schema, "fields"), i, field)
    {
        buf_append_str(&text->text, STR(","));
        csv_put(&text->text, str_from(json_string_value(json_object_get(field, "name"))));
    }
    csv_end(&text->text);
    return write_text(text, error);
}

/** open of CSV. */
static struct sink *open_csv(const struct sink_options *options, struct error *error)
{
    struct text_sink *text = open_text(&sink_csv, options, error);
    if (!text)
        return NULL;
    text->uniform = uniform_new(options->config, options->registry, options->topic, error);
    if (text->uniform && begin_csv(text, error))
        return &text->sink;
    close_text(&text->sink);
    return NULL;
}

/** Appends the key: text, or base64 where it is no UTF-8. */
static void put_key(struct text_sink *text, const rd_kafka_message_t *message)
{
    const struct str key = {.ptr = message->key, .len = message->key_len};
    if (!key.ptr)
        return;
    if (utf8_valid(key))
        csv_put(&text->text, key);
    else
        json_put_base64(&text->text, key);
}

/** Makes the row of a record. */
static void make_row(struct text_sink *text, const rd_kafka_message_t *message, const json_t *value)
{
    char time[TIME_TEXT_MAX];
    rd_kafka_timestamp_type_t kind;
    const int64_t timestamp_ms = rd_kafka_message_timestamp(message, &kind);
    buf_reset(&text->text);
    buf_printf(&text->text, "%" PRId32 ",%" PRId64 ",%s,", message->partition, message->offset,
               timestamp_ms >= 0 ? time_format_us(timestamp_ms * US_PER_MS, time) : "");
    put_key(text, message);
    size_t i;
    json_t *field;
    json_array_foreach(json_object_get(text->schema, "fields"), i, field)
    {
        const json_t *cell = json_object_get(value, json_string_value(json_object_get(field, "name")));
        buf_append_str(&text->text, STR(","));
        csv_put_json(&text->text, cell ? cell : json_null());
    }
    csv_end(&text->text);
}

/** Decodes a record into JSON; NULL with DECODE_INVALID or DECODE_WAIT. */
static json_t *decode_csv(struct text_sink *text, const rd_kafka_message_t *message, enum decode_status *status,
                          struct error *error)
{
    struct str body;
    arena_reset(&text->arena);
    buf_reset(&text->json);
    *status = uniform_body(text->uniform, message, &text->arena, &body, error);
    if (*status != DECODE_OK || !begin_csv(text, error))
        return NULL;
    json_t *value = NULL;
    if (avro_shape_walk(text->shape, body, &text->json, error)) {
        json_error_t why;
        value = json_loadb((const char *)text->json.data, text->json.len, JSON_ALLOW_NUL, &why);
        if (!value)
            error_set(error, ERROR_INVALID, "the record cannot be shown as JSON: %s", why.text);
    }
    if (!value)
        *status = DECODE_INVALID;
    return value;
}

/** put of CSV. */
static bool put_csv(struct sink *sink, rd_kafka_message_t *message, struct error *error)
{
    struct text_sink *text = (struct text_sink *)sink;
    enum decode_status status;
    json_t *value = decode_csv(text, message, &status, error);
    if (value)
        make_row(text, message, value);
    rd_kafka_message_destroy(message);
    if (value) {
        json_decref(value);
        return write_text(text, error);
    }
    return status == DECODE_INVALID && sink_leave_out(sink, error);
}

const struct sink_kind sink_csv = {
    .name = "csv", .argument = "FILE", .open = open_csv, .put = put_csv, .checkpoint = checkpoint_text, .close = close_text};
