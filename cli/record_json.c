#include "cli/record_json.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/avro.h"
#include "base/clock.h"
#include "base/json_text.h"
#include "bus/avro_json.h"
#include "bus/decoder.h"

/** Bytes in front of a value's Avro body: magic and schema id. */
#define WIRE_HEADER_BYTES 5
/** Most schemas kept. */
#define SHAPES_MAX 1000

/** A schema that was met. */
struct known_shape {
    int32_t id;
    struct avro_shape *shape; /* NULL: the registry's schema is none */
};

struct record_printer {
    struct registry *registry;
    struct known_shape *shapes;
    size_t count;
    struct buf value; /* of the record under way */
};

struct record_printer *record_printer_new(struct registry *registry)
{
    struct record_printer *printer = xcalloc(1, sizeof(*printer));
    printer->registry = registry;
    return printer;
}

void record_printer_free(struct record_printer *printer)
{
    if (!printer)
        return;
    for (size_t i = 0; i < printer->count; i++)
        avro_shape_free(printer->shapes[i].shape);
    free(printer->shapes);
    buf_clear(&printer->value);
    free(printer);
}

/** The shape of a schema id. RECORD_UNDECODABLE: there is no such schema. */
static enum record_status find_shape(struct record_printer *printer, int32_t id, const struct avro_shape **shape,
                                     struct error *error)
{
    for (size_t i = 0; i < printer->count; i++) {
        if (printer->shapes[i].id == id) {
            *shape = printer->shapes[i].shape;
            return RECORD_SHOWN;
        }
    }
    const char *schema_json;
    const enum registry_status status = registry_schema(printer->registry, id, &schema_json, error);
    if (status != REGISTRY_OK)
        return status == REGISTRY_UNAVAILABLE ? RECORD_UNKNOWN : RECORD_UNDECODABLE;
    struct avro_shape *made = printer->count < SHAPES_MAX ? avro_shape_new(schema_json, error) : NULL;
    if (!made)
        return RECORD_UNDECODABLE;
    printer->shapes = xrealloc(printer->shapes, (printer->count + 1) * sizeof(*printer->shapes));
    printer->shapes[printer->count++] = (struct known_shape){.id = id, .shape = made};
    *shape = made;
    return RECORD_SHOWN;
}

/** Decodes a value into printer->value. */
static enum record_status decode(struct record_printer *printer, struct str value, int32_t id, struct error *error)
{
    const struct avro_shape *shape = NULL;
    if (id < 0) {
        error_cause(error, ERROR_INVALID, "bad_magic", "the value has no schema id");
        return RECORD_UNDECODABLE;
    }
    const enum record_status status = find_shape(printer, id, &shape, error);
    if (status != RECORD_SHOWN)
        return status;
    const struct str body = {.ptr = value.ptr + WIRE_HEADER_BYTES, .len = value.len - WIRE_HEADER_BYTES};
    return avro_shape_walk(shape, body, &printer->value, error) ? RECORD_SHOWN : RECORD_UNDECODABLE;
}

/** Appends `"NAME":text`, or `"NAME_base64":...` where the bytes are no UTF-8; null for no bytes at all. */
static void put_bytes(struct buf *out, struct str name, struct str bytes)
{
    const bool readable = !bytes.ptr || utf8_valid(bytes);
    struct buf full = {0};
    buf_append_str(&full, name);
    buf_append_str(&full, readable ? STR("") : STR("_base64"));
    json_put_string(out, buf_str(&full));
    buf_clear(&full);
    buf_append_str(out, STR(":"));
    if (!bytes.ptr)
        buf_append_str(out, STR("null"));
    else if (readable)
        json_put_string(out, bytes);
    else
        json_put_base64(out, bytes);
}

/** Appends the headers, if there are any. */
static void put_headers(struct buf *out, const rd_kafka_message_t *message)
{
    rd_kafka_headers_t *headers;
    if (rd_kafka_message_headers(message, &headers) != RD_KAFKA_RESP_ERR_NO_ERROR || rd_kafka_header_cnt(headers) == 0)
        return;
    const char *name;
    const void *value;
    size_t size;
    buf_append_str(out, STR(",\"headers\":{"));
    for (size_t i = 0; rd_kafka_header_get_all(headers, i, &name, &value, &size) == RD_KAFKA_RESP_ERR_NO_ERROR; i++) {
        if (i)
            buf_append_str(out, STR(","));
        put_bytes(out, str_from(name), (struct str){.ptr = value, .len = size});
    }
    buf_append_str(out, STR("}"));
}

/** Appends where the record stands, its time and its key. */
static void put_place(struct buf *out, const rd_kafka_message_t *message)
{
    rd_kafka_timestamp_type_t kind;
    const int64_t timestamp_ms = rd_kafka_message_timestamp(message, &kind);
    buf_append_str(out, STR("{\"topic\":"));
    json_put_string(out, str_from(rd_kafka_topic_name(message->rkt)));
    buf_printf(out, ",\"partition\":%" PRId32 ",\"offset\":%" PRId64 ",\"timestamp\":", message->partition, message->offset);
    if (timestamp_ms >= 0)
        json_put_time(out, timestamp_ms * US_PER_MS);
    else
        buf_append_str(out, STR("null"));
    buf_append_str(out, STR(","));
    put_bytes(out, STR("key"), (struct str){.ptr = message->key, .len = message->key_len});
}

enum record_status record_value(struct record_printer *printer, const rd_kafka_message_t *message, struct str *json,
                                struct error *error)
{
    const struct str value = {.ptr = message->payload, .len = message->len};
    *json = STR("null");
    if (!value.ptr)
        return RECORD_SHOWN;
    buf_reset(&printer->value);
    const enum record_status status = decode(printer, value, wire_schema_id(value), error);
    *json = status == RECORD_SHOWN ? buf_str(&printer->value) : STR("");
    return status;
}

enum record_status record_print(struct record_printer *printer, const rd_kafka_message_t *message, struct buf *out,
                                struct error *error)
{
    const struct str value = {.ptr = message->payload, .len = message->len};
    const int32_t id = value.ptr ? wire_schema_id(value) : -1;
    struct str json;
    const enum record_status status = record_value(printer, message, &json, error);
    if (status == RECORD_UNKNOWN)
        return status;
    put_place(out, message);
    if (id >= 0)
        buf_printf(out, ",\"schema_id\":%" PRId32, id);
    else
        buf_append_str(out, STR(",\"schema_id\":null"));
    put_headers(out, message);
    if (status == RECORD_SHOWN) {
        buf_append_str(out, STR(",\"value\":"));
        buf_append_str(out, json);
    } else {
        buf_append_str(out, STR(",\"value_base64\":"));
        json_put_base64(out, value);
        buf_append_str(out, STR(",\"error\":"));
        json_put_string(out, str_from(error->message));
    }
    buf_append_str(out, STR("}\n"));
    return status;
}
