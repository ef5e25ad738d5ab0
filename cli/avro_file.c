#include "cli/avro_file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <zlib.h>

#include "base/avro.h"
#include "cli/avro_parts.h"

/** Memory of zlib, 1 to 9: its default. */
#define DEFLATE_MEMORY 8

struct avro_writer {
    struct out_file file;
    uint8_t sync[AVRO_SYNC_BYTES];
    z_stream deflate;
    bool deflate_ready;
    struct buf block; /* values that are not in the file yet */
    int64_t count;
    struct buf packed;
};

/** Appends a long. */
static void put_long(struct buf *out, int64_t value)
{
    uint8_t *at = buf_reserve(out, AVRO_LONG_BYTES);
    out->len += (size_t)(avro_write_long(at, value) - at);
}

/** Appends bytes with their length. */
static void put_bytes(struct buf *out, const char *text)
{
    put_long(out, (int64_t)strlen(text));
    buf_append(out, text, strlen(text));
}

/** Begins a new file: the header with schema, codec and the marker that ends each block. */
static bool put_header(struct avro_writer *writer, const char *schema_json, struct error *error)
{
    struct buf header = {0};
    if (getrandom(writer->sync, sizeof(writer->sync), 0) != (ssize_t)sizeof(writer->sync))
        return error_set(error, ERROR_FATAL, "no random numbers: %s", strerror(errno));
    buf_append(&header, AVRO_FILE_MAGIC, sizeof(AVRO_FILE_MAGIC) - 1);
    put_long(&header, 2);
    put_bytes(&header, "avro.schema");
    put_bytes(&header, schema_json);
    put_bytes(&header, "avro.codec");
    put_bytes(&header, "deflate");
    put_long(&header, 0);
    buf_append(&header, writer->sync, sizeof(writer->sync));
    const bool ok = out_file_write(&writer->file, buf_str(&header), error);
    buf_clear(&header);
    return ok;
}

/** Takes the marker of a file that is to go on. */
static bool take_sync(struct avro_writer *writer, const char *path, struct error *error)
{
    struct avro_header header;
    FILE *stream = fopen(path, "re");
    if (!stream)
        return error_set(error, ERROR_USAGE, "going on with %s: %s", path, strerror(errno));
    bool ok = avro_header_read(stream, path, &header, error);
    fclose(stream);
    if (!ok)
        return false;
    memcpy(writer->sync, header.sync, sizeof(writer->sync));
    free(header.schema_json);
    return header.deflate || error_set(error, ERROR_USAGE, "going on with %s: it is not compressed by deflate", path);
}

struct avro_writer *avro_writer_open(const char *path, const char *schema_json, int64_t bytes, struct error *error)
{
    struct avro_writer *writer = xcalloc(1, sizeof(*writer));
    const bool anew = bytes <= 0;
    writer->deflate_ready = deflateInit2(&writer->deflate, Z_DEFAULT_COMPRESSION, Z_DEFLATED, AVRO_DEFLATE_WINDOW, DEFLATE_MEMORY,
                                         Z_DEFAULT_STRATEGY) == Z_OK;
    bool ok = writer->deflate_ready || error_set(error, ERROR_FATAL, "zlib cannot be set up");
    ok = ok && (anew || take_sync(writer, path, error)) && out_file_open(&writer->file, path, anew ? -1 : bytes, error) &&
         (!anew || put_header(writer, schema_json, error));
    if (ok)
        return writer;
    avro_writer_close(writer);
    return NULL;
}

/** Compresses the block. */
static bool pack(struct avro_writer *writer, struct error *error)
{
    z_stream *stream = &writer->deflate;
    buf_reset(&writer->packed);
    deflateReset(stream);
    const size_t bound = deflateBound(stream, writer->block.len);
    stream->next_in = writer->block.data;
    stream->avail_in = (uInt)writer->block.len;
    stream->next_out = buf_reserve(&writer->packed, bound);
    stream->avail_out = (uInt)bound;
    if (deflate(stream, Z_FINISH) != Z_STREAM_END)
        return error_set(error, ERROR_FATAL, "zlib: %s", stream->msg ? stream->msg : "a block cannot be compressed");
    writer->packed.len = bound - stream->avail_out;
    return true;
}

/** Writes the block. */
static bool end_block(struct avro_writer *writer, struct error *error)
{
    struct buf head = {0};
    if (writer->count == 0)
        return true;
    if (!pack(writer, error))
        return false;
    put_long(&head, writer->count);
    put_long(&head, (int64_t)writer->packed.len);
    const struct str sync = {.ptr = (const char *)writer->sync, .len = sizeof(writer->sync)};
    const bool ok = out_file_write(&writer->file, buf_str(&head), error) &&
                    out_file_write(&writer->file, buf_str(&writer->packed), error) && out_file_write(&writer->file, sync, error);
    buf_clear(&head);
    buf_reset(&writer->block);
    writer->count = 0;
    return ok;
}

bool avro_writer_append(struct avro_writer *writer, struct str body, struct error *error)
{
    if (writer->block.len + body.len > AVRO_FILE_BLOCK_BYTES && !end_block(writer, error))
        return false;
    buf_append_str(&writer->block, body);
    writer->count++;
    return true;
}

bool avro_writer_sync(struct avro_writer *writer, int64_t *bytes, struct error *error)
{
    return end_block(writer, error) && out_file_sync(&writer->file, bytes, error);
}

void avro_writer_close(struct avro_writer *writer)
{
    if (!writer)
        return;
    out_file_close(&writer->file);
    if (writer->deflate_ready)
        deflateEnd(&writer->deflate);
    buf_clear(&writer->block);
    buf_clear(&writer->packed);
    free(writer);
}
