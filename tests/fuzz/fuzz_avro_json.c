/*
 * Any text as a schema and any bytes as a value of it: the input is a schema, a NUL, and the value. schemas/ makes a corpus,
 * avro_json.dict the words.
 *
 * What is accepted must print as JSON that a parser reads. Each schema is also tried as that of a writer of quotes.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "bus/avro_json.h"
#include "bus/avro_resolve.h"
#include "quotebus_records.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/** Prints the value and reads what was printed. */
static void try_json(const struct avro_shape *shape, struct str body)
{
    struct error error = {0};
    struct buf text = {0};
    if (avro_shape_walk(shape, body, &text, &error)) {
        json_t *json = json_loadb((const char *)text.data, text.len, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
        if (!json)
            abort();
        json_decref(json);
    } else if (!error.cause || text.len) {
        abort();
    }
    buf_clear(&text);
}

/** Reads the value as a quote, if the schema goes with that. Takes over the shape. */
static void try_resolution(struct avro_shape *shape, struct str body)
{
    static struct avro_shape *reader;
    static struct arena arena;
    struct error error = {0};
    struct quote quote;
    struct str resolved;
    if (!reader)
        reader = avro_shape_new(quote_schema_json, &error);
    arena_reset(&arena);
    struct avro_resolution *resolution = avro_resolution_new(shape, reader, &error);
    if (resolution && avro_resolution_apply(resolution, body, &arena, &resolved, &error) &&
        !quote_decode(resolved, &arena, &quote, &error))
        abort();
    avro_resolution_free(resolution);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *end = size ? memchr(data, 0, size) : NULL;
    const size_t schema_len = end ? (size_t)(end - data) : size;
    struct error error = {0};
    struct arena memory = {0};
    const char *schema = arena_strdup(&memory, (struct str){.ptr = (const char *)data, .len = schema_len});
    struct avro_shape *shape = avro_shape_new(schema, &error);
    arena_clear(&memory);
    if (!shape)
        return 0;
    struct str body = {.ptr = "", .len = 0};
    if (end)
        body = (struct str){.ptr = (const char *)end + 1, .len = size - schema_len - 1};
    try_json(shape, body);
    try_resolution(shape, body);
    return 0;
}
