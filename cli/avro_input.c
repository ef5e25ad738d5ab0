#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <zlib.h>

#include "base/avro.h"
#include "cli/avro_file.h"
#include "cli/avro_parts.h"

/** Most entries of a header, and bytes of one: the schema is the longest. */
#define HEADER_ENTRIES_MAX 1000
#define HEADER_VALUE_MAX 1048576

struct avro_input {
    const char *path;
    FILE *stream;
    int64_t total;
    struct avro_header header;
    z_stream inflate;
    bool inflate_ready;
    struct buf raw; /* the block as it stands in the file */
    struct buf values;
};

bool avro_stream_long(FILE *stream, int64_t *value)
{
    uint64_t zigzag = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
        const int byte = getc_unlocked(stream);
        if (byte == EOF)
            return false;
        zigzag |= (uint64_t)(byte & 0x7f) << shift;
        if (!(byte & 0x80)) {
            *value = (int64_t)(zigzag >> 1) ^ -(int64_t)(zigzag & 1);
            return true;
        }
    }
    return false;
}

/** Reads bytes with their length into `text`, which is emptied before. */
static bool read_bytes(FILE *stream, struct buf *text)
{
    int64_t len;
    buf_reset(text);
    if (!avro_stream_long(stream, &len) || len < 0 || len > HEADER_VALUE_MAX)
        return false;
    text->len = fread(buf_reserve(text, (size_t)len), 1, (size_t)len, stream);
    return text->len == (size_t)len;
}

/** Takes an entry of the header: its key is in `key`. */
static bool take_entry(FILE *stream, const struct buf *key, struct buf *value, struct avro_header *header)
{
    if (!read_bytes(stream, value))
        return false;
    if (str_is(buf_str(key), "avro.schema")) {
        buf_append(value, "", 1);
        free(header->schema_json);
        header->schema_json = xstrdup((const char *)value->data);
    }
    if (!str_is(buf_str(key), "avro.codec"))
        return true;
    header->deflate = str_is(buf_str(value), "deflate");
    return header->deflate || str_is(buf_str(value), "null");
}

/** Reads the entries of the header: blocks of a map. */
static bool read_entries(FILE *stream, struct avro_header *header)
{
    struct buf key = {0}, value = {0};
    int64_t count = 0, bytes;
    bool ok = true;
    for (int64_t all = 0; ok;) {
        ok = avro_stream_long(stream, &count);
        if (!ok || count == 0)
            break;
        if (count < 0) {
            count = count > -HEADER_ENTRIES_MAX ? -count : HEADER_ENTRIES_MAX;
            ok = avro_stream_long(stream, &bytes);
        }
        all = count < HEADER_ENTRIES_MAX ? all + count : HEADER_ENTRIES_MAX;
        ok = ok && all < HEADER_ENTRIES_MAX;
        for (int64_t i = 0; ok && i < count; i++)
            ok = read_bytes(stream, &key) && take_entry(stream, &key, &value, header);
    }
    buf_clear(&key);
    buf_clear(&value);
    return ok;
}

bool avro_header_read(FILE *stream, const char *path, struct avro_header *header, struct error *error)
{
    char magic[sizeof(AVRO_FILE_MAGIC) - 1];
    *header = (struct avro_header){0};
    const bool begins = fread(magic, 1, sizeof(magic), stream) == sizeof(magic) && memcmp(magic, AVRO_FILE_MAGIC, 4) == 0;
    if (begins && read_entries(stream, header) && header->schema_json &&
        fread(header->sync, 1, sizeof(header->sync), stream) == sizeof(header->sync))
        return true;
    free(header->schema_json);
    header->schema_json = NULL;
    return error_set(error, ERROR_USAGE, "%s: %s", path,
                     begins ? "the header is damaged, or the codec is neither null nor deflate"
                            : "this is no Avro container file");
}

struct avro_input *avro_input_open(const char *path, struct error *error)
{
    struct stat status;
    struct avro_input *input = xcalloc(1, sizeof(*input));
    input->path = path;
    input->stream = fopen(path, "re");
    bool ok = input->stream || error_set(error, ERROR_USAGE, "cannot open %s: %s", path, strerror(errno));
    ok = ok && avro_header_read(input->stream, path, &input->header, error);
    if (ok) {
        input->total = fstat(fileno(input->stream), &status) == 0 ? status.st_size : 0;
        input->inflate_ready = inflateInit2(&input->inflate, AVRO_DEFLATE_WINDOW) == Z_OK;
        ok = input->inflate_ready || error_set(error, ERROR_FATAL, "zlib cannot be set up");
    }
    if (ok)
        return input;
    avro_input_close(input);
    return NULL;
}

void avro_input_close(struct avro_input *input)
{
    if (!input)
        return;
    if (input->stream)
        fclose(input->stream);
    if (input->inflate_ready)
        inflateEnd(&input->inflate);
    free(input->header.schema_json);
    buf_clear(&input->raw);
    buf_clear(&input->values);
    free(input);
}

const char *avro_input_schema(const struct avro_input *input)
{
    return input->header.schema_json;
}

/** Says that a block is damaged. */
static enum avro_input_status damaged(const struct avro_input *input, const char *what, struct error *error)
{
    error_set(error, ERROR_INVALID, "%s: the file is damaged near byte %lld: %s", input->path, (long long)ftello(input->stream),
              what);
    return AVRO_INPUT_FAILED;
}

/** Uncompresses the block; false when it is damaged or too long. */
static bool unpack(struct avro_input *input)
{
    z_stream *stream = &input->inflate;
    int result = Z_OK;
    buf_reset(&input->values);
    inflateReset(stream);
    stream->next_in = input->raw.data;
    stream->avail_in = (uInt)input->raw.len;
    while (result == Z_OK && input->values.len < AVRO_FILE_BLOCK_MAX) {
        stream->next_out = buf_reserve(&input->values, AVRO_FILE_BLOCK_BYTES);
        stream->avail_out = (uInt)AVRO_FILE_BLOCK_BYTES;
        result = inflate(stream, Z_NO_FLUSH);
        input->values.len += AVRO_FILE_BLOCK_BYTES - stream->avail_out;
    }
    return result == Z_STREAM_END && stream->avail_in == 0;
}

/** Reads a block's bytes and its marker. */
static bool read_block(struct avro_input *input, int64_t len)
{
    uint8_t sync[AVRO_SYNC_BYTES];
    buf_reset(&input->raw);
    input->raw.len = fread(buf_reserve(&input->raw, (size_t)len), 1, (size_t)len, input->stream);
    return input->raw.len == (size_t)len && fread(sync, 1, sizeof(sync), input->stream) == sizeof(sync) &&
           memcmp(sync, input->header.sync, sizeof(sync)) == 0;
}

enum avro_input_status avro_input_next(struct avro_input *input, struct str *values, int64_t *count, struct error *error)
{
    int64_t len;
    const int byte = getc_unlocked(input->stream);
    if (byte == EOF)
        return ferror(input->stream) ? damaged(input, "it cannot be read", error) : AVRO_INPUT_END;
    ungetc(byte, input->stream);
    if (!avro_stream_long(input->stream, count) || *count < 0 || !avro_stream_long(input->stream, &len) || len < 0 ||
        len > (int64_t)AVRO_FILE_BLOCK_MAX)
        return damaged(input, "a block has no sensible length", error);
    if (!read_block(input, len))
        return damaged(input, "a block does not end where it should", error);
    if (input->header.deflate && !unpack(input))
        return damaged(input, "a block cannot be uncompressed", error);
    *values = buf_str(input->header.deflate ? &input->values : &input->raw);
    return AVRO_INPUT_BLOCK;
}

void avro_input_place(const struct avro_input *input, int64_t *read, int64_t *total)
{
    *read = ftello(input->stream);
    *total = input->total;
}
