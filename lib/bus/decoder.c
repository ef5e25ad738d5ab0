#include "bus/decoder.h"

#include <stdlib.h>

#include "bus/avro_json.h"
#include "bus/avro_resolve.h"

/** Bytes of magic and schema id. */
#define HEADER_BYTES 5
/** Schemas of writers kept ready; a topic sees a handful in its life. */
#define WRITERS_MAX 64

/** What is known of one schema id. */
struct writer {
    int32_t id;
    bool same;                          /* its bodies are ours as they are */
    struct avro_resolution *resolution; /* NULL: same, or incompatible */
    struct error why;                   /* when incompatible */
};

struct decoder {
    struct registry *registry;
    struct avro_shape *reader;
    struct writer writers[WRITERS_MAX];
    size_t count;
    size_t next_out; /* the one that makes room when all places are taken */
};

struct decoder *decoder_new(struct registry *registry, const char *reader_schema_json, struct error *error)
{
    struct avro_shape *reader = avro_shape_new(reader_schema_json, error);
    if (!reader)
        return NULL;
    struct decoder *decoder = xcalloc(1, sizeof(*decoder));
    decoder->registry = registry;
    decoder->reader = reader;
    return decoder;
}

void decoder_free(struct decoder *decoder)
{
    if (!decoder)
        return;
    for (size_t i = 0; i < decoder->count; i++)
        avro_resolution_free(decoder->writers[i].resolution);
    avro_shape_free(decoder->reader);
    free(decoder);
}

/** A free place among the writers. */
static struct writer *writer_place(struct decoder *decoder)
{
    if (decoder->count < WRITERS_MAX)
        return &decoder->writers[decoder->count++];
    struct writer *place = &decoder->writers[decoder->next_out];
    decoder->next_out = (decoder->next_out + 1) % WRITERS_MAX;
    avro_resolution_free(place->resolution);
    return place;
}

/** Finds out how bodies of a writer's schema become ours. */
static struct writer *writer_learn(struct decoder *decoder, int32_t id, const char *schema_json)
{
    struct writer *writer = writer_place(decoder);
    *writer = (struct writer){.id = id};
    struct avro_shape *shape = avro_shape_new(schema_json, &writer->why);
    if (!shape) {
        writer->why.cause = "incompatible_schema";
        error_prefix(&writer->why, "schema %d", (int)id);
        return writer;
    }
    writer->same = avro_shape_same(shape, decoder->reader);
    if (writer->same) {
        avro_shape_free(shape);
        return writer;
    }
    writer->resolution = avro_resolution_new(shape, decoder->reader, &writer->why);
    if (!writer->resolution)
        error_prefix(&writer->why, "schema %d", (int)id);
    return writer;
}

/** The writer of an id, asked of the registry when it is new. *found is set with DECODE_OK. */
static enum decode_status writer_of(struct decoder *decoder, int32_t id, struct writer **found, struct error *error)
{
    for (size_t i = 0; i < decoder->count; i++) {
        if (decoder->writers[i].id == id) {
            *found = &decoder->writers[i];
            return DECODE_OK;
        }
    }
    const char *schema_json;
    switch (registry_schema(decoder->registry, id, &schema_json, error)) {
    case REGISTRY_OK:
        *found = writer_learn(decoder, id, schema_json);
        return DECODE_OK;
    case REGISTRY_UNKNOWN:
        (void)error_cause(error, ERROR_INVALID, "unknown_schema", "the registry knows no schema %d", (int)id);
        return DECODE_INVALID;
    default:
        return DECODE_WAIT;
    }
}

enum decode_status decoder_body(struct decoder *decoder, struct str value, struct arena *arena, struct str *body,
                                struct error *error)
{
    const int32_t id = wire_schema_id(value);
    if (value.len == 0) {
        (void)error_cause(error, ERROR_INVALID, "empty_value", "the record has no value");
        return DECODE_INVALID;
    }
    if (id < 0) {
        (void)error_cause(error, ERROR_INVALID, "bad_magic", "the value does not begin with 0 and a schema id");
        return DECODE_INVALID;
    }
    struct writer *writer = NULL;
    const enum decode_status status = writer_of(decoder, id, &writer, error);
    if (status != DECODE_OK)
        return status;
    const struct str rest = {.ptr = value.ptr + HEADER_BYTES, .len = value.len - HEADER_BYTES};
    if (writer->same) {
        *body = rest;
        return DECODE_OK;
    }
    if (writer->resolution)
        return avro_resolution_apply(writer->resolution, rest, arena, body, error) ? DECODE_OK : DECODE_INVALID;
    if (error)
        *error = writer->why;
    return DECODE_INVALID;
}

int32_t wire_schema_id(struct str value)
{
    const uint8_t *bytes = (const uint8_t *)value.ptr;
    if (value.len < HEADER_BYTES || bytes[0] != 0)
        return -1;
    const uint32_t id = (uint32_t)bytes[1] << 24 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 8 | bytes[4];
    return id <= INT32_MAX ? (int32_t)id : -1;
}

void wire_put_header(struct buf *out, int32_t schema_id)
{
    const uint32_t id = (uint32_t)schema_id;
    const uint8_t header[HEADER_BYTES] = {0, (uint8_t)(id >> 24), (uint8_t)(id >> 16), (uint8_t)(id >> 8), (uint8_t)id};
    buf_append(out, header, sizeof(header));
}
