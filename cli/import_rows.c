/* Rows of `quotebus export`, back into the table. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/avro.h"
#include "base/clock.h"
#include "base/service.h"
#include "bus/avro_resolve.h"
#include "cli/avro_file.h"
#include "cli/import.h"
#include "cli/progress.h"
#include "cli/quote_columns.h"
#include "cli/row_store.h"

/** Topic of the table. */
#define TOPIC "quotes.clean"

/** An import under way. */
struct import {
    const char *path;
    struct registry *registry;
    struct row_store *rows;
    size_t feed;
    struct arena arena; /* of one row */
    struct buf body;
    struct progress progress;
    struct import_result *result;
};

/** Puts a row into the table's batch. */
static bool put(struct import *import, struct origin origin, struct str body, struct error *error)
{
    import->result->taken++;
    return row_store_put(import->rows, import->feed, origin, body, error);
}

/** The rows of a CSV file. A wrong one is named and left out. */
static bool import_csv(struct import *import, FILE *stream, struct error *error)
{
    struct row_reader *reader = row_reader_new(stream, ROW_CSV, quote_columns, QUOTE_COLUMNS);
    struct row row;
    enum row_status status = ROW_READ;
    bool ok = true;
    while (ok && !service_stopping() && (status = row_reader_next(reader, &row, error)) == ROW_READ) {
        struct stored_quote stored;
        struct error why;
        arena_reset(&import->arena);
        buf_reset(&import->body);
        if (row.surplus || !quote_from_cells(row.cells, &import->arena, &stored, &why)) {
            if (row.surplus)
                error_set(&why, ERROR_INVALID, "there are more cells than columns");
            import_complain(import->result, import->path, (int64_t)row.line, "line", &why);
            continue;
        }
        clean_quote_encode(&stored.quote, &import->body);
        ok = put(import, stored.origin, buf_str(&import->body), error);
        progress_show(&import->progress, ftello(stream), clock_mono_ms());
    }
    row_reader_free(reader);
    return ok && status != ROW_FAILED;
}

/** What values of a file are read with. */
struct avro_way {
    struct avro_shape *writer;          /* of the file; NULL: the resolution owns it */
    struct avro_shape *splitter;        /* the same, to tell where a value ends */
    struct avro_shape *reader;          /* of ours */
    struct avro_shape *clean;           /* its part that is the topic's record */
    struct avro_resolution *resolution; /* NULL: values are ours as they are */
};

/** Frees it. */
static void clear_way(struct avro_way *way)
{
    avro_resolution_free(way->resolution);
    avro_shape_free(way->writer);
    avro_shape_free(way->splitter);
    avro_shape_free(way->reader);
    avro_shape_free(way->clean);
}

/** Finds out how the file's values become ours. */
static bool find_way(const struct avro_input *input, struct avro_way *way, struct error *error)
{
    char *ours = stored_quote_schema();
    *way = (struct avro_way){.writer = avro_shape_new(avro_input_schema(input), error)};
    if (way->writer)
        way->splitter = avro_shape_new(avro_input_schema(input), error);
    if (way->splitter)
        way->reader = avro_shape_new(ours ? ours : "", error);
    if (way->reader)
        way->clean = avro_shape_new(clean_quote_schema_json, error);
    free(ours);
    if (!way->clean)
        return error_prefix(error, "the schema of the file");
    if (avro_shape_same(way->writer, way->reader))
        return true;
    struct avro_shape *writer = way->writer;
    way->writer = NULL;
    way->resolution = avro_resolution_new(writer, way->reader, error);
    return way->resolution || error_prefix(error, "the file holds no quotes");
}

/** Takes one value of the file. */
static bool import_value(struct import *import, const struct avro_way *way, struct str value, struct error *error)
{
    struct str ours = value;
    struct origin origin = {.partition = -1, .offset = -1};
    size_t len;
    arena_reset(&import->arena);
    if ((way->resolution && !avro_resolution_apply(way->resolution, value, &import->arena, &ours, error)) ||
        !avro_shape_first(way->clean, ours, &len, error))
        return false;
    struct avro_reader in = avro_reader_of((struct str){.ptr = ours.ptr + len, .len = ours.len - len});
    (void)(avro_read_int(&in, &origin.partition) && avro_read_long(&in, &origin.offset));
    return avro_read_end(&in, "the place of the record", error) &&
           put(import, origin, (struct str){.ptr = ours.ptr, .len = len}, error);
}

/** The values of one block. */
static bool import_block(struct import *import, const struct avro_way *way, struct str values, int64_t count, struct error *error)
{
    for (int64_t i = 0; i < count; i++) {
        size_t len;
        if (!avro_shape_first(way->splitter, values, &len, error) ||
            !import_value(import, way, (struct str){.ptr = values.ptr, .len = len}, error))
            return false;
        values.ptr += len;
        values.len -= len;
    }
    return values.len == 0 || error_set(error, ERROR_INVALID, "%zu bytes are left in a block", values.len);
}

/** The rows of a container file. A damaged one ends the import: what follows cannot be trusted. */
static bool import_avro(struct import *import, struct error *error)
{
    struct avro_way way;
    struct str values;
    int64_t count, read, total;
    enum avro_input_status status = AVRO_INPUT_FAILED;
    struct avro_input *input = avro_input_open(import->path, error);
    if (!input)
        return false;
    bool ok = find_way(input, &way, error);
    while (ok && !service_stopping() && (status = avro_input_next(input, &values, &count, error)) == AVRO_INPUT_BLOCK) {
        ok = import_block(import, &way, values, count, error);
        avro_input_place(input, &read, &total);
        progress_show(&import->progress, read, clock_mono_ms());
    }
    clear_way(&way);
    avro_input_close(input);
    return ok && status != AVRO_INPUT_FAILED;
}

/** Whether a stream begins as a container file does; its place is kept. */
static bool is_avro(FILE *stream)
{
    char magic[sizeof(AVRO_FILE_MAGIC) - 1] = {0};
    const size_t len = fread(magic, 1, sizeof(magic), stream);
    rewind(stream);
    return len == sizeof(magic) && memcmp(magic, AVRO_FILE_MAGIC, sizeof(magic)) == 0;
}

/** Length of a stream; 0 when it is not known. */
static int64_t length_of(FILE *stream)
{
    const int64_t length = fseeko(stream, 0, SEEK_END) == 0 ? ftello(stream) : 0;
    rewind(stream);
    return length;
}

/** Connects. */
static bool connect_rows(struct import *import, const struct config *config, struct error *error)
{
    const struct row_store_options options = {.schema = STORE_LIVE_SCHEMA, .first = STORE_UPSERT};
    char *topic = config_topic(config, TOPIC);
    import->registry = registry_new(&config->registry, error);
    if (import->registry)
        import->rows = row_store_new(config, import->registry, &options, error);
    return import->rows && row_store_feed(import->rows, topic, &import->feed, error);
}

bool import_rows(const struct invocation *call, struct import_result *result, struct error *error)
{
    struct import import = {.path = call->arguments[0], .result = result};
    FILE *stream = fopen(import.path, "re");
    bool ok = stream || error_set(error, ERROR_USAGE, "cannot open %s: %s", import.path, strerror(errno));
    ok = ok && connect_rows(&import, call->config, error);
    if (ok) {
        progress_begin(&import.progress, "import", 0, length_of(stream), clock_mono_ms());
        ok = (is_avro(stream) ? import_avro(&import, error) : import_csv(&import, stream, error)) &&
             row_store_flush(import.rows, error);
        progress_end(&import.progress, clock_mono_ms());
        result->wrong += row_store_refused(import.rows);
        if (row_store_refused(import.rows))
            fprintf(stderr, "quotebus: rows that the table cannot hold, the first one: %s\n",
                    row_store_refusal(import.rows)->message);
    }
    row_store_free(import.rows);
    registry_free(import.registry);
    if (stream)
        fclose(stream);
    arena_clear(&import.arena);
    buf_clear(&import.body);
    return ok;
}
