/*
 * Any bytes as the body of any record: by the generated codecs, and through the resolution of another version.
 *
 * The first byte chooses the record; what decodes must encode to bytes that decode to the same bytes again, within bounds.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "bus/decoder.h"
#include "quotebus_records.h"

/** Arena bytes per input byte, and on top: see tests/unit/test_codec.c. */
#define ARENA_PER_BYTE 64
#define ARENA_BASE 4096

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/** What a schema of another version looks like: fields gone, new, in another order, of another type, with other symbols. */
static const char writer_schema[] =
    "{\"type\":\"record\",\"name\":\"Clean\",\"fields\":[{\"name\":\"new\",\"type\":[\"null\",{\"type\":\"map\",\"values\":"
    "\"bytes\"}]},"
    "{\"name\":\"verdict\",\"type\":{\"type\":\"enum\",\"name\":\"Verdict\",\"symbols\":[\"REJECT\",\"NEW\",\"PASS\"]}},"
    "{\"name\":\"list\",\"type\":{\"type\":\"array\",\"items\":{\"type\":\"record\",\"name\":\"Item\",\"fields\":["
    "{\"name\":\"x\",\"type\":\"int\"},{\"name\":\"gone\",\"type\":{\"type\":\"array\",\"items\":\"string\"}}]}}},"
    "{\"name\":\"price\",\"type\":\"float\"},{\"name\":\"flags\",\"type\":{\"type\":\"array\",\"items\":\"string\"}}]}";
static const char reader_schema[] =
    "{\"type\":\"record\",\"name\":\"Clean\",\"fields\":[{\"name\":\"flags\",\"type\":{\"type\":\"array\",\"items\":\"string\"}},"
    "{\"name\":\"price\",\"type\":[\"null\",\"double\"]},"
    "{\"name\":\"list\",\"type\":{\"type\":\"array\",\"items\":{\"type\":\"record\",\"name\":\"Item\",\"fields\":["
    "{\"name\":\"added\",\"type\":\"string\",\"default\":\"a\"},{\"name\":\"x\",\"type\":\"long\"}]}}},"
    "{\"name\":\"verdict\",\"type\":{\"type\":\"enum\",\"name\":\"Verdict\",\"symbols\":[\"PASS\",\"SUSPECT\",\"REJECT\"]}},"
    "{\"name\":\"lot\",\"type\":\"int\",\"default\":1}]}";

/** In place of the registry: every id has the writer's schema. */
enum registry_status registry_schema(struct registry *registry, int32_t id, const char **schema_json, struct error *error)
{
    (void)registry, (void)id, (void)error;
    *schema_json = writer_schema;
    return REGISTRY_OK;
}

/** Stops the fuzzer at a broken promise. */
static void require(bool holds)
{
    if (!holds)
        abort();
}

/** Decodes by a generated codec; what was read must come back from its own bytes. */
static void try_codec(const struct record_codec *codec, struct str body, struct arena *arena)
{
    struct error error = {0};
    struct buf once = {0}, twice = {0};
    void *record = xcalloc(1, codec->size);
    if (codec->decode(body, arena, record, &error)) {
        require(arena->used_total <= ARENA_PER_BYTE * body.len + ARENA_BASE);
        codec->encode(record, &once);
        require(codec->decode(buf_str(&once), arena, record, &error));
        codec->encode(record, &twice);
        require(str_equal(buf_str(&once), buf_str(&twice)));
    } else {
        require(error.cause != NULL);
    }
    free(record);
    buf_clear(&once);
    buf_clear(&twice);
}

/** Decodes as another version, twice, since values are reused. The decoder is made anew each time, so that a leak is seen at
 * once. */
static void try_resolution(struct str body, struct arena *arena)
{
    struct error error = {0};
    struct buf value = {0};
    struct decoder *decoder = decoder_new(NULL, reader_schema, &error);
    require(decoder != NULL);
    wire_put_header(&value, 1);
    buf_append_str(&value, body);
    for (int round = 0; round < 2; round++) {
        struct str resolved;
        arena_reset(arena);
        if (decoder_body(decoder, buf_str(&value), arena, &resolved, &error) == DECODE_OK)
            require(arena->used_total <= ARENA_PER_BYTE * body.len + ARENA_BASE);
        else
            require(error.cause != NULL);
    }
    buf_clear(&value);
    decoder_free(decoder);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct arena arena;
    if (size == 0)
        return 0;
    size_t codecs = 0;
    while (record_codecs[codecs].name)
        codecs++;
    const struct str body = {.ptr = (const char *)data + 1, .len = size - 1};
    const size_t choice = data[0] % (codecs + 1);
    arena_reset(&arena);
    if (choice == codecs)
        try_resolution(body, &arena);
    else
        try_codec(&record_codecs[choice], body, &arena);
    return 0;
}
