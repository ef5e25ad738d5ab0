#include "cli/uniform.h"

#include <stdlib.h>
#include <string.h>

#include "bus/topics.h"
#include "quotebus_records.h"

struct uniform {
    struct registry *registry;
    const char *schema_json; /* of the program or the registry, which keep it */
    struct decoder *decoder; /* NULL until the schema is known */
};

/** The schema of a topic's row; NULL without one. */
static bool schema_of_topic(const struct config *config, const char *topic, const char **schema_json, struct error *error)
{
    struct topic_table *table = topic_table_load(config->kafka.topics_file, error);
    if (!table)
        return false;
    const struct topic_spec *spec = topic_table_find(table, topic);
    *schema_json = NULL;
    for (const struct record_codec *codec = record_codecs; spec && codec->name; codec++) {
        if (strcmp(codec->name, spec->schema) == 0)
            *schema_json = codec->schema_json;
    }
    topic_table_free(table);
    return true;
}

/** Makes the decoder once the schema is known. */
static bool prepare(struct uniform *uniform, struct error *error)
{
    if (!uniform->decoder && uniform->schema_json)
        uniform->decoder = decoder_new(uniform->registry, uniform->schema_json, error);
    return uniform->decoder || !uniform->schema_json;
}

struct uniform *uniform_new(const struct config *config, struct registry *registry, const char *topic, struct error *error)
{
    struct uniform *uniform = xcalloc(1, sizeof(*uniform));
    uniform->registry = registry;
    if (!schema_of_topic(config, topic, &uniform->schema_json, error) || !prepare(uniform, error)) {
        uniform_free(uniform);
        return NULL;
    }
    return uniform;
}

void uniform_free(struct uniform *uniform)
{
    if (!uniform)
        return;
    decoder_free(uniform->decoder);
    free(uniform);
}

const char *uniform_schema(const struct uniform *uniform)
{
    return uniform->schema_json;
}

/** Takes the schema of a value over. */
static enum decode_status learn(struct uniform *uniform, struct str value, struct error *error)
{
    const int32_t id = value.len ? wire_schema_id(value) : -1;
    if (id < 0) {
        (void)error_cause(error, ERROR_INVALID, "bad_magic", "the value does not begin with 0 and a schema id");
        return DECODE_INVALID;
    }
    const char *schema_json;
    const enum registry_status status = registry_schema(uniform->registry, id, &schema_json, error);
    if (status != REGISTRY_OK)
        return status == REGISTRY_UNAVAILABLE ? DECODE_WAIT : DECODE_INVALID;
    uniform->schema_json = schema_json;
    if (prepare(uniform, error))
        return DECODE_OK;
    uniform->schema_json = NULL;
    return DECODE_INVALID;
}

enum decode_status uniform_body(struct uniform *uniform, const rd_kafka_message_t *message, struct arena *arena, struct str *body,
                                struct error *error)
{
    const struct str value = {.ptr = message->payload, .len = message->len};
    const enum decode_status status = uniform->decoder ? DECODE_OK : learn(uniform, value, error);
    return status == DECODE_OK ? decoder_body(uniform->decoder, value, arena, body, error) : status;
}
