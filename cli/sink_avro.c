/* Records into an Avro container file, their bytes as they are where they have the file's schema. */
#include <stdlib.h>

#include "cli/avro_file.h"
#include "cli/sink.h"
#include "cli/uniform.h"

struct avro_sink {
    struct sink sink;
    const char *path;
    int64_t bytes; /* of the file when it was resumed, else -1 */
    struct uniform *uniform;
    struct avro_writer *file; /* NULL until the schema is known */
    struct arena arena;       /* of one record */
};

/** close of the kind. */
static void close_avro(struct sink *sink)
{
    struct avro_sink *avro = (struct avro_sink *)sink;
    avro_writer_close(avro->file);
    uniform_free(avro->uniform);
    arena_clear(&avro->arena);
    free(avro);
}

/** Opens the file once the schema is known. */
static bool open_file(struct avro_sink *avro, struct error *error)
{
    const char *schema_json = uniform_schema(avro->uniform);
    if (!avro->file && schema_json)
        avro->file = avro_writer_open(avro->path, schema_json, avro->bytes, error);
    return avro->file || !schema_json;
}

/** open of the kind. */
static struct sink *open_avro(const struct sink_options *options, struct error *error)
{
    struct avro_sink *avro = xcalloc(1, sizeof(*avro));
    avro->sink.kind = &sink_avro;
    avro->path = options->argument;
    avro->bytes = options->bytes;
    avro->uniform = uniform_new(options->config, options->registry, options->topic, error);
    if (avro->uniform && open_file(avro, error))
        return &avro->sink;
    close_avro(&avro->sink);
    return NULL;
}

/** put of the kind. */
static bool put_avro(struct sink *sink, rd_kafka_message_t *message, struct error *error)
{
    struct avro_sink *avro = (struct avro_sink *)sink;
    struct str body;
    arena_reset(&avro->arena);
    const enum decode_status status = uniform_body(avro->uniform, message, &avro->arena, &body, error);
    bool ok = status != DECODE_WAIT;
    if (status == DECODE_INVALID)
        sink_leave_out(sink, error);
    if (status == DECODE_OK)
        ok = open_file(avro, error) && avro_writer_append(avro->file, body, error);
    rd_kafka_message_destroy(message);
    return ok;
}

/** checkpoint of the kind. */
static bool checkpoint_avro(struct sink *sink, const struct playback_spans *spans, int64_t *bytes, struct error *error)
{
    struct avro_sink *avro = (struct avro_sink *)sink;
    (void)spans;
    *bytes = -1;
    return !avro->file || avro_writer_sync(avro->file, bytes, error);
}

const struct sink_kind sink_avro = {.name = "avro",
                                    .argument = "FILE",
                                    .needs_argument = true,
                                    .open = open_avro,
                                    .put = put_avro,
                                    .checkpoint = checkpoint_avro,
                                    .close = close_avro};
