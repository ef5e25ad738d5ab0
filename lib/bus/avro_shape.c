#include "bus/avro_shape.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/avro.h"

/** Names of the primitive and the complex kinds, by enum avro_kind; unions have none. */
static const char *const kind_names[AVRO_KIND_COUNT] = {
    "null", "boolean", "int", "long", "float", "double", "bytes", "string", "record", "enum", "fixed", "array", "map", NULL,
};

/** What a parse carries along. */
struct parse {
    struct avro_shape *shape;
    json_t *named; /* full name to the index of its node */
    unsigned depth;
    struct error *error;
};

static struct avro_node *parse_type(struct parse *parse, const json_t *type, const char *space);

/** Refuses the schema; `name` says what is wrong with it, or is NULL. Returns false. */
static bool refuse(struct parse *parse, const char *what, const char *name)
{
    (void)error_set(parse->error, ERROR_INVALID, "reading an Avro schema: %s%s%s", what, name ? " " : "", name ? name : "");
    return false;
}

/** Refuses the schema where a node was to be returned. Returns NULL. */
static struct avro_node *no_node(struct parse *parse, const char *what, const char *name)
{
    (void)refuse(parse, what, name);
    return NULL;
}

/** A new node, known by its id. */
static struct avro_node *new_node(struct parse *parse, enum avro_kind kind)
{
    struct avro_shape *shape = parse->shape;
    if (shape->node_count == shape->node_cap) {
        shape->node_cap = shape->node_cap ? 2 * shape->node_cap : 16;
        shape->nodes = xrealloc(shape->nodes, shape->node_cap * sizeof(struct avro_node *));
    }
    struct avro_node *node = arena_alloc(&shape->memory, sizeof(*node));
    *node = (struct avro_node){.kind = kind, .id = shape->node_count, .symbol_default = -1};
    shape->nodes[shape->node_count++] = node;
    return node;
}

/** The kind a type name stands for, AVRO_KIND_UNION for none of Avro's own. */
static enum avro_kind kind_of(const char *name)
{
    int kind = 0;
    while (kind < AVRO_KIND_UNION && strcmp(kind_names[kind], name) != 0)
        kind++;
    return (enum avro_kind)kind;
}

/** Whether a text is a name as the specification wants it: a letter or underscore, then letters, digits, underscores. */
static bool is_identifier(const char *text, size_t len)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789";
    return len > 0 && (*text < '0' || *text > '9') && strspn(text, letters) >= len;
}

/** Whether a text is identifiers joined by dots. */
static bool is_full_name(const char *text)
{
    for (;;) {
        const size_t len = strcspn(text, ".");
        if (!is_identifier(text, len))
            return false;
        if (text[len] == '\0')
            return true;
        text += len + 1;
    }
}

/** The full name of `name` where `space` is the namespace ("" for none). */
static const char *full_name(struct parse *parse, const char *name, const char *space)
{
    struct arena *memory = &parse->shape->memory;
    if (strchr(name, '.') || *space == '\0')
        return arena_strdup(memory, str_from(name));
    const size_t size = strlen(space) + strlen(name) + 2;
    char *full = arena_alloc(memory, size);
    snprintf(full, size, "%s.%s", space, name);
    return full;
}

/** The namespace of a full name, "" for none. */
static const char *space_of(struct parse *parse, const char *full)
{
    assert(full);
    const char *dot = strrchr(full, '.');
    return arena_strdup(&parse->shape->memory, (struct str){.ptr = full, .len = dot ? (size_t)(dot - full) : 0});
}

/** Gives a node its names and makes it known to what follows. False when the name is bad or taken. */
static bool name_node(struct parse *parse, const json_t *type, const char *space, struct avro_node *node)
{
    const char *name = json_string_value(json_object_get(type, "name"));
    const char *own_space = json_string_value(json_object_get(type, "namespace"));
    if (!name || !is_full_name(name))
        return refuse(parse, "a named type needs a proper name, not", name ? name : "none");
    if (own_space && *own_space && !is_full_name(own_space))
        return refuse(parse, "a namespace cannot be", own_space);
    node->name = full_name(parse, name, own_space ? own_space : space);
    const char *dot = strrchr(node->name, '.');
    node->base_name = dot ? dot + 1 : node->name;
    if (kind_of(node->name) != AVRO_KIND_UNION || json_object_get(parse->named, node->name))
        return refuse(parse, "the name is taken:", node->name);
    buf_printf(&parse->shape->canonical, "%s:%s", kind_names[node->kind], node->name);
    return json_object_set_new(parse->named, node->name, json_integer((json_int_t)node->id)) == 0;
}

/** Reads field `i` of a record. `seen` holds the names before it. */
static bool parse_field(struct parse *parse, const json_t *json, json_t *seen, const char *space, struct avro_field *field)
{
    const char *name = json_string_value(json_object_get(json, "name"));
    if (!name || !is_identifier(name, strlen(name)))
        return refuse(parse, "a field needs a proper name, not", name ? name : "none");
    if (json_object_get(seen, name))
        return refuse(parse, "two fields have the name", name);
    if (json_object_set_new(seen, name, json_true()) != 0)
        return refuse(parse, "no memory for field", name);
    field->name = name;
    field->fallback = json_object_get(json, "default");
    buf_printf(&parse->shape->canonical, " %s=", name);
    field->type = parse_type(parse, json_object_get(json, "type"), space);
    return field->type != NULL;
}

/** A record. Its name is known before its fields, so that they may refer to it. */
static struct avro_node *parse_record(struct parse *parse, const json_t *type, const char *space)
{
    struct avro_node *node = new_node(parse, AVRO_KIND_RECORD);
    const json_t *fields = json_object_get(type, "fields");
    if (!name_node(parse, type, space, node))
        return NULL;
    if (!json_is_array(fields))
        return no_node(parse, "no fields in record", node->name);
    node->fields = arena_alloc(&parse->shape->memory, json_array_size(fields) * sizeof(*node->fields));
    const char *inner_space = space_of(parse, node->name);
    json_t *seen = json_object();
    buf_append_str(&parse->shape->canonical, STR("{"));
    bool ok = true;
    for (; ok && node->count < json_array_size(fields); node->count++)
        ok = parse_field(parse, json_array_get(fields, node->count), seen, inner_space, &node->fields[node->count]);
    buf_append_str(&parse->shape->canonical, STR("}"));
    json_decref(seen);
    return ok ? node : NULL;
}

/** An enum. Symbols are part of the layout: their numbers are what is written. */
static struct avro_node *parse_enum(struct parse *parse, const json_t *type, const char *space)
{
    struct avro_node *node = new_node(parse, AVRO_KIND_ENUM);
    const json_t *symbols = json_object_get(type, "symbols");
    const char *fallback = json_string_value(json_object_get(type, "default"));
    if (!name_node(parse, type, space, node))
        return NULL;
    if (json_array_size(symbols) == 0)
        return no_node(parse, "no symbols in enum", node->name);
    node->symbols = arena_alloc(&parse->shape->memory, json_array_size(symbols) * sizeof(*node->symbols));
    for (; node->count < json_array_size(symbols); node->count++) {
        const char *symbol = json_string_value(json_array_get(symbols, node->count));
        if (!symbol || !is_identifier(symbol, strlen(symbol)))
            return no_node(parse, "a symbol is not a proper name in enum", node->name);
        node->symbols[node->count] = symbol;
        if (fallback && strcmp(symbol, fallback) == 0)
            node->symbol_default = (int64_t)node->count;
        buf_printf(&parse->shape->canonical, " %s", symbol);
    }
    return node;
}

/** A fixed: so many bytes. */
static struct avro_node *parse_fixed(struct parse *parse, const json_t *type, const char *space)
{
    struct avro_node *node = new_node(parse, AVRO_KIND_FIXED);
    const json_t *size = json_object_get(type, "size");
    if (!name_node(parse, type, space, node))
        return NULL;
    if (!json_is_integer(size) || json_integer_value(size) < 0 || json_integer_value(size) > AVRO_STRING_MAX)
        return no_node(parse, "no size, or too large a one, in fixed", node->name);
    node->count = (size_t)json_integer_value(size);
    buf_printf(&parse->shape->canonical, " %zu", node->count);
    return node;
}

/** Reads an array or a map. */
static struct avro_node *parse_container(struct parse *parse, enum avro_kind kind, const json_t *type, const char *space)
{
    struct avro_node *node = new_node(parse, kind);
    buf_printf(&parse->shape->canonical, "%s<", kind_names[kind]);
    node->items = parse_type(parse, json_object_get(type, kind == AVRO_KIND_ARRAY ? "items" : "values"), space);
    buf_append_str(&parse->shape->canonical, STR(">"));
    return node->items ? node : NULL;
}

/** Whether a branch of this kind and name is there before branch `count`: the specification wants them apart. */
static bool has_branch(const struct avro_node *node, const struct avro_node *branch)
{
    for (size_t i = 0; i < node->count; i++) {
        const struct avro_node *other = node->branches[i];
        if (other->kind == branch->kind && (!branch->name || strcmp(other->name, branch->name) == 0))
            return true;
    }
    return false;
}

/** Most branches of a union, so that looking for doubles stays cheap. */
#define BRANCHES_MAX 256

/** A union, given as a list of its branches. */
static struct avro_node *parse_union(struct parse *parse, const json_t *type, const char *space)
{
    struct avro_node *node = new_node(parse, AVRO_KIND_UNION);
    const size_t count = json_array_size(type);
    if (count == 0 || count > BRANCHES_MAX)
        return no_node(parse, "a union has no branches or more than 256", NULL);
    node->branches = arena_alloc(&parse->shape->memory, count * sizeof(struct avro_node *));
    buf_append_str(&parse->shape->canonical, STR("("));
    for (; node->count < count; node->count++) {
        const struct avro_node *branch = parse_type(parse, json_array_get(type, node->count), space);
        if (!branch)
            return NULL;
        if (branch->kind == AVRO_KIND_UNION || has_branch(node, branch))
            return no_node(parse, "a union has a branch twice, or a union inside", NULL);
        node->branches[node->count] = branch;
        buf_append_str(&parse->shape->canonical, STR("|"));
    }
    buf_append_str(&parse->shape->canonical, STR(")"));
    return node;
}

/** A primitive, with the logical type that `attributes` (an object, or NULL) gives it. */
static struct avro_node *parse_primitive(struct parse *parse, enum avro_kind kind, const json_t *attributes)
{
    struct avro_node *node = new_node(parse, kind);
    const char *logical = json_string_value(json_object_get(attributes, "logicalType"));
    if (kind == AVRO_KIND_LONG && logical && strcmp(logical, "timestamp-micros") == 0)
        node->time = AVRO_TIME_MICROS;
    if (kind == AVRO_KIND_LONG && logical && strcmp(logical, "timestamp-millis") == 0)
        node->time = AVRO_TIME_MILLIS;
    if (kind == AVRO_KIND_INT && logical && strcmp(logical, "date") == 0)
        node->time = AVRO_TIME_DATE;
    static const char *const times[] = {"", "/us", "/ms", "/d"};
    buf_printf(&parse->shape->canonical, "%s%s", kind_names[kind], times[node->time]);
    return node;
}

/** A type that was defined before, by its name. */
static struct avro_node *parse_reference(struct parse *parse, const char *name, const char *space)
{
    const char *full = full_name(parse, name, space);
    const json_t *index = json_object_get(parse->named, full);
    if (!index)
        return no_node(parse, "there is no type", full);
    buf_printf(&parse->shape->canonical, "@%s", full);
    return parse->shape->nodes[json_integer_value(index)];
}

/** Reads a type given as an object. */
static struct avro_node *parse_object(struct parse *parse, const json_t *type, const char *space)
{
    const json_t *inner = json_object_get(type, "type");
    const char *name = json_string_value(inner);
    if (!name)
        return parse_type(parse, inner, space);
    const enum avro_kind kind = kind_of(name);
    switch (kind) {
    case AVRO_KIND_RECORD:
        return parse_record(parse, type, space);
    case AVRO_KIND_ENUM:
        return parse_enum(parse, type, space);
    case AVRO_KIND_FIXED:
        return parse_fixed(parse, type, space);
    case AVRO_KIND_ARRAY:
    case AVRO_KIND_MAP:
        return parse_container(parse, kind, type, space);
    case AVRO_KIND_UNION:
        return parse_reference(parse, name, space);
    default:
        return parse_primitive(parse, kind, type);
    }
}

/** Reads any type; `space` is the namespace around it. */
static struct avro_node *parse_type(struct parse *parse, const json_t *type, const char *space)
{
    if (parse->depth >= AVRO_DEPTH_MAX)
        return no_node(parse, "it is nested too deep", NULL);
    struct avro_node *node;
    parse->depth++;
    if (json_is_array(type)) {
        node = parse_union(parse, type, space);
    } else if (json_is_object(type)) {
        node = parse_object(parse, type, space);
    } else if (json_is_string(type)) {
        const enum avro_kind kind = kind_of(json_string_value(type));
        node =
            kind < AVRO_KIND_RECORD ? parse_primitive(parse, kind, NULL) : parse_reference(parse, json_string_value(type), space);
    } else {
        node = no_node(parse, "a type is missing, or neither name, object nor list", NULL);
    }
    parse->depth--;
    return node;
}

struct avro_shape *avro_shape_new(const char *schema_json, struct error *error)
{
    json_error_t why;
    struct avro_shape *shape = xcalloc(1, sizeof(*shape));
    struct parse parse = {.shape = shape, .named = json_object(), .error = error};
    shape->schema = json_loads(schema_json, JSON_DECODE_ANY | JSON_REJECT_DUPLICATES, &why);
    if (shape->schema)
        shape->root = parse_type(&parse, shape->schema, "");
    else
        (void)error_set(error, ERROR_INVALID, "reading an Avro schema: line %d: %s", why.line, why.text);
    json_decref(parse.named);
    if (shape->root)
        return shape;
    avro_shape_free(shape);
    return NULL;
}

void avro_shape_free(struct avro_shape *shape)
{
    if (!shape)
        return;
    json_decref(shape->schema);
    buf_clear(&shape->canonical);
    arena_clear(&shape->memory);
    free(shape->nodes);
    free(shape);
}

bool avro_shape_same(const struct avro_shape *a, const struct avro_shape *b)
{
    return str_equal(buf_str(&a->canonical), buf_str(&b->canonical));
}
