#include "bus/avro_resolve.h"

#include <avro.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bus/avro_default.h"
#include "bus/avro_shape.h"

struct avro_resolution {
    struct avro_shape *writer;
    struct avro_patch *patches; /* by node id of the writer */
    struct arena memory;        /* of the patches */
    avro_value_iface_t *reader_class;
    avro_value_iface_t *resolver;
    avro_value_t value;    /* one record of the reader */
    avro_value_t resolved; /* takes what the writer wrote and fills `value` */
    avro_reader_t source;
    avro_writer_t sink;
    struct buf copy; /* the writer's bytes with the patches */
};

/** avro-c's form of a named type. */
struct built {
    avro_schema_t schema;
    bool complete; /* false while its fields are being added: only a link may point to it */
};

/** avro-c's forms of all types of a shape, by node id. */
struct side {
    const struct avro_shape *shape;
    struct built *built;
};

/** The making of a resolution. */
struct build {
    struct avro_resolution *resolution;
    struct side writer;
    struct side reader;
    struct error *error;
};

static avro_schema_t build_type(struct build *build, const struct side *side, const struct avro_node *node);

/** The reader's type of the same kind and name: the full one if there is, else without namespace. NULL when there is none. */
static const struct avro_node *find_peer(const struct avro_shape *reader, const struct avro_node *node)
{
    const struct avro_node *found = NULL;
    for (size_t i = 0; i < reader->node_count; i++) {
        const struct avro_node *peer = reader->nodes[i];
        if (peer->kind != node->kind || strcmp(peer->base_name, node->base_name) != 0)
            continue;
        if (!found || strcmp(peer->name, node->name) == 0)
            found = peer;
    }
    return found;
}

/** A field by name, or NULL. */
static const struct avro_field *find_field(const struct avro_node *record, const char *name)
{
    for (size_t i = 0; i < record->count; i++) {
        if (strcmp(record->fields[i].name, name) == 0)
            return &record->fields[i];
    }
    return NULL;
}

/** The unit of a field that is a point in time, also a nullable one. */
static enum avro_time time_of(const struct avro_node *type)
{
    enum avro_time found = type->time;
    for (size_t i = 0; type->kind == AVRO_KIND_UNION && i < type->count; i++)
        found = type->branches[i]->time ? type->branches[i]->time : found;
    return found;
}

/** Appends a field to a record of avro-c. */
static bool append_field(struct build *build, const struct side *side, avro_schema_t record, const struct avro_field *field)
{
    avro_schema_t type = build_type(build, side, field->type);
    const bool ok = type && avro_schema_record_field_append(record, field->name, type) == 0;
    if (type)
        avro_schema_decref(type);
    return ok;
}

/**
 * Gives the writer's record the reader's fields that it lacks, and its patch their defaults. A field without a default is left
 * to avro-c, which refuses it if the two records really meet.
 */
static bool add_missing_fields(struct build *build, const struct avro_node *record, const struct avro_node *peer,
                               avro_schema_t schema)
{
    struct buf suffix = {0};
    bool ok = true;
    for (size_t i = 0; ok && i < peer->count; i++) {
        const struct avro_field *wanted = &peer->fields[i];
        const struct avro_field *given = find_field(record, wanted->name);
        if (given) {
            const enum avro_time from = time_of(given->type), to = time_of(wanted->type);
            ok = from == to || from == AVRO_TIME_NONE || to == AVRO_TIME_NONE ||
                 error_set(build->error, ERROR_INVALID, "field %s is in another unit of time", wanted->name);
        } else if (wanted->fallback) {
            ok = avro_default_encode(wanted->type, wanted->fallback, &suffix) ||
                 error_set(build->error, ERROR_INVALID, "the default of field %s does not fit its type", wanted->name);
            ok = ok && append_field(build, &build->reader, schema, wanted);
        }
    }
    build->resolution->patches[record->id].suffix = arena_str(&build->resolution->memory, buf_str(&suffix));
    buf_clear(&suffix);
    return ok;
}

/** avro-c's form of a record; the writer's gets what it lacks. */
static avro_schema_t build_record(struct build *build, const struct side *side, const struct avro_node *node)
{
    avro_schema_t schema = avro_schema_record(node->base_name, NULL);
    bool ok = schema != NULL;
    side->built[node->id].schema = schema;
    for (size_t i = 0; ok && i < node->count; i++)
        ok = append_field(build, side, schema, &node->fields[i]);
    const struct avro_node *peer = side == &build->writer ? find_peer(build->reader.shape, node) : NULL;
    if (ok && peer)
        ok = add_missing_fields(build, node, peer, schema);
    side->built[node->id].complete = true;
    return ok ? avro_schema_incref(schema) : NULL;
}

/** Maps the symbols of the writer's enum to the reader's. */
static void map_symbols(struct build *build, const struct avro_node *node, const struct avro_node *peer)
{
    int64_t *symbols = arena_alloc(&build->resolution->memory, node->count * sizeof(*symbols));
    for (size_t i = 0; i < node->count; i++) {
        symbols[i] = peer->symbol_default;
        for (size_t k = 0; k < peer->count; k++) {
            if (strcmp(node->symbols[i], peer->symbols[k]) == 0)
                symbols[i] = (int64_t)k;
        }
    }
    build->resolution->patches[node->id].symbols = symbols;
}

/** avro-c's form of an enum, a leaf. */
static avro_schema_t build_enum(struct build *build, const struct side *side, const struct avro_node *node)
{
    avro_schema_t schema = avro_schema_enum(node->base_name);
    bool ok = schema != NULL;
    for (size_t i = 0; ok && i < node->count; i++)
        ok = avro_schema_enum_symbol_append(schema, node->symbols[i]) == 0;
    side->built[node->id] = (struct built){.schema = schema, .complete = true};
    const struct avro_node *peer = side == &build->writer ? find_peer(build->reader.shape, node) : NULL;
    if (peer)
        map_symbols(build, node, peer);
    return ok ? avro_schema_incref(schema) : NULL;
}

/** avro-c's form of a record, enum or fixed: made once, then shared. */
static avro_schema_t build_named(struct build *build, const struct side *side, const struct avro_node *node)
{
    const struct built *known = &side->built[node->id];
    if (known->schema)
        return known->complete ? avro_schema_incref(known->schema) : avro_schema_link(known->schema);
    if (node->kind == AVRO_KIND_RECORD)
        return build_record(build, side, node);
    if (node->kind == AVRO_KIND_ENUM)
        return build_enum(build, side, node);
    avro_schema_t schema = avro_schema_fixed(node->base_name, (int64_t)node->count);
    side->built[node->id] = (struct built){.schema = schema, .complete = true};
    return schema ? avro_schema_incref(schema) : NULL;
}

/** avro-c's form of a union. */
static avro_schema_t build_union(struct build *build, const struct side *side, const struct avro_node *node)
{
    avro_schema_t schema = avro_schema_union();
    bool ok = schema != NULL;
    for (size_t i = 0; ok && i < node->count; i++) {
        avro_schema_t branch = build_type(build, side, node->branches[i]);
        ok = branch && avro_schema_union_append(schema, branch) == 0;
        if (branch)
            avro_schema_decref(branch);
    }
    if (!ok && schema)
        avro_schema_decref(schema);
    return ok ? schema : NULL;
}

/** avro-c's form of any type. The caller drops it with avro_schema_decref. NULL on failure. */
static avro_schema_t build_type(struct build *build, const struct side *side, const struct avro_node *node)
{
    static avro_schema_t (*const primitives[])(void) = {
        [AVRO_KIND_NULL] = avro_schema_null,   [AVRO_KIND_BOOLEAN] = avro_schema_boolean, [AVRO_KIND_INT] = avro_schema_int,
        [AVRO_KIND_LONG] = avro_schema_long,   [AVRO_KIND_FLOAT] = avro_schema_float,     [AVRO_KIND_DOUBLE] = avro_schema_double,
        [AVRO_KIND_BYTES] = avro_schema_bytes, [AVRO_KIND_STRING] = avro_schema_string,
    };
    if (node->kind < AVRO_KIND_RECORD)
        return primitives[node->kind]();
    if (node->name)
        return build_named(build, side, node);
    if (node->kind == AVRO_KIND_UNION)
        return build_union(build, side, node);
    avro_schema_t items = build_type(build, side, node->items);
    if (!items)
        return NULL;
    avro_schema_t schema = node->kind == AVRO_KIND_ARRAY ? avro_schema_array(items) : avro_schema_map(items);
    avro_schema_decref(items);
    return schema;
}

/** Drops the references that a side holds. */
static void side_clear(struct side *side)
{
    for (size_t i = 0; side->built && i < side->shape->node_count; i++) {
        if (side->built[i].schema)
            avro_schema_decref(side->built[i].schema);
    }
    free(side->built);
}

/** Makes avro-c's resolver and the values it works on. */
static bool make_values(struct avro_resolution *made, avro_schema_t writer, avro_schema_t reader)
{
    made->resolver = avro_resolved_writer_new(writer, reader);
    made->reader_class = made->resolver ? avro_generic_class_from_schema(reader) : NULL;
    if (!made->reader_class || avro_generic_value_new(made->reader_class, &made->value) != 0 ||
        avro_resolved_writer_new_value(made->resolver, &made->resolved) != 0)
        return false;
    avro_resolved_writer_set_dest(&made->resolved, &made->value);
    made->source = avro_reader_memory("", 0);
    made->sink = avro_writer_memory("", 0);
    return made->source && made->sink;
}

struct avro_resolution *avro_resolution_new(struct avro_shape *writer, const struct avro_shape *reader, struct error *error)
{
    struct avro_resolution *made = xcalloc(1, sizeof(*made));
    struct error why = {0};
    struct build build = {
        .resolution = made,
        .writer = {.shape = writer, .built = xcalloc(writer->node_count, sizeof(struct built))},
        .reader = {.shape = reader, .built = xcalloc(reader->node_count, sizeof(struct built))},
        .error = &why,
    };
    made->writer = writer;
    made->patches = xcalloc(writer->node_count, sizeof(*made->patches));

    avro_schema_t reader_schema = build_type(&build, &build.reader, reader->root);
    avro_schema_t writer_schema = reader_schema ? build_type(&build, &build.writer, writer->root) : NULL;
    const bool ok = writer_schema && make_values(made, writer_schema, reader_schema);
    if (!ok)
        error_cause(error, ERROR_INVALID, "incompatible_schema", "the writer's schema does not go with the reader's: %s",
                    why.code ? why.message : avro_strerror());
    if (writer_schema)
        avro_schema_decref(writer_schema);
    if (reader_schema)
        avro_schema_decref(reader_schema);
    side_clear(&build.writer);
    side_clear(&build.reader);
    if (ok)
        return made;
    avro_resolution_free(made);
    return NULL;
}

void avro_resolution_free(struct avro_resolution *resolution)
{
    if (!resolution)
        return;
    if (resolution->sink)
        avro_writer_free(resolution->sink);
    if (resolution->source)
        avro_reader_free(resolution->source);
    if (resolution->resolved.self)
        avro_value_decref(&resolution->resolved);
    if (resolution->value.self)
        avro_value_decref(&resolution->value);
    if (resolution->reader_class)
        avro_value_iface_decref(resolution->reader_class);
    if (resolution->resolver)
        avro_value_iface_decref(resolution->resolver);
    avro_shape_free(resolution->writer);
    buf_clear(&resolution->copy);
    arena_clear(&resolution->memory);
    free(resolution->patches);
    free(resolution);
}

bool avro_resolution_apply(struct avro_resolution *resolution, struct str body, struct arena *arena, struct str *out,
                           struct error *error)
{
    buf_reset(&resolution->copy);
    if (!avro_shape_copy(resolution->writer, body, resolution->patches, &resolution->copy, error))
        return false;
    const struct str patched = buf_str(&resolution->copy);
    size_t size;
    avro_reader_memory_set_source(resolution->source, patched.ptr ? patched.ptr : "", (int64_t)patched.len);
    if (avro_value_read(resolution->source, &resolution->resolved) != 0 || avro_value_sizeof(&resolution->value, &size) != 0)
        return error_cause(error, ERROR_INVALID, "incompatible_schema", "reading a value of another schema: %s", avro_strerror());
    char *bytes = arena_alloc(arena, size);
    avro_writer_memory_set_dest(resolution->sink, bytes, (int64_t)size);
    if (avro_value_write(resolution->sink, &resolution->value) != 0)
        return error_cause(error, ERROR_INVALID, "incompatible_schema", "writing a value anew: %s", avro_strerror());
    *out = (struct str){.ptr = bytes, .len = size};
    return true;
}
