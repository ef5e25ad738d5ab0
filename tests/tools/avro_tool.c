/*
 * The codec, the resolution and the JSON of lib over standard input and output, for tests with another Avro implementation.
 *
 *     avro_tool roundtrip NAME            decodes and encodes by the generated codec of record NAME
 *     avro_tool resolve WRITER READER     from the schema in file WRITER to that in file READER
 *     avro_tool json SCHEMA               as JSON
 *
 * In: frames of a 4-byte big-endian length and that many bytes. Out, for each: `+` and the result, or `-` and the cause, as
 * such a frame.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bus/avro_json.h"
#include "bus/avro_resolve.h"
#include "quotebus_records.h"

/** Largest frame, bytes. */
#define FRAME_MAX (16U * 1024 * 1024)

/** What a mode needs. */
struct tool {
    const struct record_codec *codec;
    struct avro_resolution *resolution;
    struct avro_shape *shape; /* of the reader, or the only one */
    struct arena arena;
    void *record;
};

/** Turns one body into a result. */
typedef bool (*step_fn)(struct tool *tool, struct str body, struct buf *out, struct error *error);

/** Mode roundtrip. */
static bool roundtrip(struct tool *tool, struct str body, struct buf *out, struct error *error)
{
    if (!tool->codec->decode(body, &tool->arena, tool->record, error))
        return false;
    tool->codec->encode(tool->record, out);
    return true;
}

/** Mode resolve. */
static bool resolve(struct tool *tool, struct str body, struct buf *out, struct error *error)
{
    struct str resolved;
    if (!avro_resolution_apply(tool->resolution, body, &tool->arena, &resolved, error))
        return false;
    buf_append_str(out, resolved);
    return true;
}

/** Mode json. */
static bool to_json(struct tool *tool, struct str body, struct buf *out, struct error *error)
{
    return avro_shape_walk(tool->shape, body, out, error);
}

/** Reads a frame into `body`; false at the end of the input. */
static bool read_frame(struct buf *body)
{
    uint8_t head[4];
    if (fread(head, sizeof(head), 1, stdin) != 1)
        return false;
    const uint32_t len = (uint32_t)head[0] << 24 | (uint32_t)head[1] << 16 | (uint32_t)head[2] << 8 | head[3];
    buf_reset(body);
    if (len > FRAME_MAX || fread(buf_reserve(body, len), 1, len, stdin) != len)
        return false;
    body->len = len;
    return true;
}

/** Writes a result or, with `-`, a cause. */
static void write_frame(char sign, struct str content)
{
    const uint32_t len = (uint32_t)content.len + 1;
    const uint8_t head[5] = {(uint8_t)(len >> 24), (uint8_t)(len >> 16), (uint8_t)(len >> 8), (uint8_t)len, (uint8_t)sign};
    fwrite(head, 1, sizeof(head), stdout);
    fwrite(content.ptr, 1, content.len, stdout);
}

/** Answers frame by frame. */
static void serve(struct tool *tool, step_fn step)
{
    struct buf body = {0}, out = {0};
    while (read_frame(&body)) {
        struct error error = {0};
        buf_reset(&out);
        arena_reset(&tool->arena);
        if (step(tool, buf_str(&body), &out, &error))
            write_frame('+', buf_str(&out));
        else
            write_frame('-', str_from(error.cause ? error.cause : error.message));
    }
    buf_clear(&body);
    buf_clear(&out);
}

/** The schema in a file, or NULL with the error said. */
static struct avro_shape *load_shape(const char *path)
{
    static char text[1024 * 1024];
    struct error error = {0};
    FILE *file = fopen(path, "r");
    const size_t len = file ? fread(text, 1, sizeof(text) - 1, file) : 0;
    text[len] = '\0';
    if (file)
        fclose(file);
    struct avro_shape *shape = avro_shape_new(text, &error);
    if (!shape)
        fprintf(stderr, "avro_tool: %s: %s\n", path, error.message);
    return shape;
}

/** The codec of a record type, or NULL. */
static const struct record_codec *find_codec(const char *name)
{
    for (const struct record_codec *codec = record_codecs; codec->name; codec++) {
        if (strcmp(codec->name, name) == 0)
            return codec;
    }
    return NULL;
}

/** Prepares the mode that the arguments ask for; NULL when they ask for none. */
static step_fn prepare(struct tool *tool, int argc, char **argv)
{
    struct error error = {0};
    if (argc == 3 && strcmp(argv[1], "roundtrip") == 0) {
        tool->codec = find_codec(argv[2]);
        tool->record = tool->codec ? xcalloc(1, tool->codec->size) : NULL;
        return tool->codec ? roundtrip : NULL;
    }
    if (argc == 3 && strcmp(argv[1], "json") == 0) {
        tool->shape = load_shape(argv[2]);
        return tool->shape ? to_json : NULL;
    }
    if (argc == 4 && strcmp(argv[1], "resolve") == 0) {
        struct avro_shape *writer = load_shape(argv[2]);
        tool->shape = load_shape(argv[3]);
        if (writer && tool->shape)
            tool->resolution = avro_resolution_new(writer, tool->shape, &error);
        if (!tool->resolution)
            fprintf(stderr, "avro_tool: %s\n", error.message);
        return tool->resolution ? resolve : NULL;
    }
    return NULL;
}

int main(int argc, char **argv)
{
    struct tool tool = {0};
    const step_fn step = prepare(&tool, argc, argv);
    if (step)
        serve(&tool, step);
    avro_resolution_free(tool.resolution);
    avro_shape_free(tool.shape);
    arena_clear(&tool.arena);
    free(tool.record);
    return step ? 0 : 2;
}
