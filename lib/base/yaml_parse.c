#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "base/yaml_tree.h"

#define DEPTH_MAX 32
/** Most values of one file: ten times what a large configuration has, and some 100 MB. */
#define NODES_MAX 1000000
#define PATH_MAX_TEXT 200

/** Where the parser stands: the key (or position) in each open collection, from the innermost outwards. */
struct place {
    const struct place *outer;
    const char *key;
    int depth;
};

struct parse {
    struct yaml_file *file;
    struct str text;
    size_t nodes;
    yaml_parser_t parser;
    struct error *error;
};

static struct yaml_node *parse_node(struct parse *parse, const yaml_event_t *event, const struct place *place);

/** Writes the dotted path of a place; the beginning of a very long one is left out. */
static void place_path(const struct place *place, char out[PATH_MAX_TEXT])
{
    out[0] = '\0';
    for (; place; place = place->outer) {
        const size_t key = place->key ? strlen(place->key) : 0;
        const size_t tail = strlen(out);
        if (key == 0)
            continue;
        if (key + tail + 2 > PATH_MAX_TEXT)
            return;
        memmove(out + key + (tail ? 1 : 0), out, tail + 1);
        memcpy(out, place->key, key);
        if (tail)
            out[key] = '.';
    }
}

/** An error at a line and a place. Returns NULL. */
static struct yaml_node *refuse(struct parse *parse, int line, const struct place *place, const char *message)
{
    char path[PATH_MAX_TEXT];
    place_path(place, path);
    const struct yaml_node at = {.line = line};
    yaml_error(parse->file, &at, path, parse->error, "%s", message);
    return NULL;
}

/** Line of libyaml's complaint, from 1. One about the bytes themselves comes with an offset only. */
static int problem_line(const struct parse *parse)
{
    if (parse->parser.error != YAML_READER_ERROR)
        return (int)parse->parser.problem_mark.line + 1;
    int line = 1;
    for (size_t i = 0; i < parse->parser.problem_offset && i < parse->text.len; i++)
        line += parse->text.ptr[i] == '\n';
    return line;
}

/** Reads the next event; libyaml's own complaint becomes ours. */
static bool next_event(struct parse *parse, yaml_event_t *event)
{
    if (yaml_parser_parse(&parse->parser, event))
        return true;
    const yaml_parser_t *parser = &parse->parser;
    const struct yaml_node at = {.line = problem_line(parse)};
    return yaml_error(parse->file, &at, "", parse->error, "%s%s%s", parser->problem ? parser->problem : "not readable as YAML",
                      parser->context ? " " : "", parser->context ? parser->context : "");
}

/** Line of an event, from 1. */
static int event_line(const yaml_event_t *event)
{
    return (int)event->start_mark.line + 1;
}

/** The reason why a node event is not taken, or NULL: our files are plain data. */
static const char *unwanted(const yaml_event_t *event)
{
    const yaml_char_t *anchor = NULL, *tag = NULL;
    if (event->type == YAML_ALIAS_EVENT)
        return "aliases (*name) are not supported: write the value out";
    if (event->type == YAML_SCALAR_EVENT) {
        anchor = event->data.scalar.anchor;
        tag = event->data.scalar.tag;
        if (memchr(event->data.scalar.value, '\0', event->data.scalar.length))
            return "a value must not contain a NUL character";
    } else if (event->type == YAML_MAPPING_START_EVENT) {
        anchor = event->data.mapping_start.anchor;
        tag = event->data.mapping_start.tag;
    } else if (event->type == YAML_SEQUENCE_START_EVENT) {
        anchor = event->data.sequence_start.anchor;
        tag = event->data.sequence_start.tag;
    }
    if (anchor)
        return "anchors (&name) are not supported: write the value out";
    return tag ? "tags (!name) are not supported" : NULL;
}

/** A growing list of items while a collection is read. */
struct item_list {
    struct yaml_item *items;
    size_t count;
    size_t cap;
};

/** Appends one item. */
static void item_add(struct item_list *list, struct yaml_item item)
{
    if (list->count == list->cap) {
        list->cap = list->cap ? list->cap * 2 : 8;
        list->items = xrealloc(list->items, list->cap * sizeof(*list->items));
    }
    list->items[list->count++] = item;
}

/** Reads the key of a mapping's next entry into `item`. */
static bool read_key(struct parse *parse, const yaml_event_t *event, const struct place *place, struct yaml_item *item)
{
    item->line = event_line(event);
    if (event->type != YAML_SCALAR_EVENT)
        return refuse(parse, item->line, place, "a key must be a plain text") != NULL;
    const struct str text = {.ptr = (const char *)event->data.scalar.value, .len = event->data.scalar.length};
    const char *reason = unwanted(event);
    if (reason || text.len == 0)
        return refuse(parse, item->line, place, reason ? reason : "a key must not be empty") != NULL;
    item->key = arena_strdup(&parse->file->memory, text);
    return true;
}

/** Reads the items up to the end of a collection. */
static bool read_items(struct parse *parse, bool mapping, const struct place *outer, struct item_list *list)
{
    const yaml_event_type_t end = mapping ? YAML_MAPPING_END_EVENT : YAML_SEQUENCE_END_EVENT;
    for (;;) {
        yaml_event_t event;
        struct yaml_item item = {0};
        if (!next_event(parse, &event))
            return false;
        if (event.type == end) {
            yaml_event_delete(&event);
            return true;
        }
        bool good = true;
        if (mapping) {
            good = read_key(parse, &event, outer, &item);
            yaml_event_delete(&event);
            if (!good || !next_event(parse, &event))
                return false;
        }
        const struct place place = {.outer = outer, .key = item.key, .depth = outer->depth + 1};
        item.value = parse_node(parse, &event, &place);
        yaml_event_delete(&event);
        if (!item.value)
            return false;
        item_add(list, item);
    }
}

/** Orders entries by key, then by line. */
static int compare_items(const void *a, const void *b)
{
    const struct yaml_item *left = a, *right = b;
    const int order = strcmp(left->key, right->key);
    return order ? order : left->line - right->line;
}

/** Indexes a mapping by key; two equal keys are an error, since one of them would be ignored. */
static bool index_mapping(struct parse *parse, struct yaml_node *node, const struct place *place)
{
    node->sorted = arena_alloc(&parse->file->memory, node->count * sizeof(*node->sorted));
    if (node->count == 0)
        return true;
    memcpy(node->sorted, node->items, node->count * sizeof(*node->sorted));
    qsort(node->sorted, node->count, sizeof(*node->sorted), compare_items);
    for (size_t i = 1; i < node->count; i++) {
        const struct yaml_item *first = &node->sorted[i - 1], *second = &node->sorted[i];
        if (strcmp(first->key, second->key) == 0) {
            char message[80];
            snprintf(message, sizeof(message), "the key stands twice; the first one is in line %d", first->line);
            const struct place at = {.outer = place, .key = second->key};
            return refuse(parse, second->line, &at, message) != NULL;
        }
    }
    return true;
}

/** Reads a mapping or sequence after its start event. */
static struct yaml_node *parse_collection(struct parse *parse, struct yaml_node *node, const struct place *place)
{
    struct item_list list = {0};
    struct yaml_node *result = NULL;
    if (place->depth >= DEPTH_MAX) {
        refuse(parse, node->line, place, "nested too deeply");
        goto out;
    }
    if (!read_items(parse, node->kind == YAML_MAPPING, place, &list))
        goto out;
    node->count = list.count;
    node->items = arena_alloc(&parse->file->memory, list.count * sizeof(*list.items));
    if (list.count)
        memcpy(node->items, list.items, list.count * sizeof(*list.items));
    if (node->kind == YAML_SEQUENCE || index_mapping(parse, node, place))
        result = node;
out:
    free(list.items);
    return result;
}

/** Reads the node that begins with `event`. NULL on failure. */
static struct yaml_node *parse_node(struct parse *parse, const yaml_event_t *event, const struct place *place)
{
    const char *reason = unwanted(event);
    if (!reason && ++parse->nodes > NODES_MAX)
        reason = "the file has too many values";
    if (reason)
        return refuse(parse, event_line(event), place, reason);
    struct yaml_node *node = arena_alloc(&parse->file->memory, sizeof(*node));
    node->line = event_line(event);
    if (event->type == YAML_SCALAR_EVENT) {
        const struct str text = {.ptr = (const char *)event->data.scalar.value, .len = event->data.scalar.length};
        node->kind = YAML_SCALAR;
        node->plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
        node->text = arena_strdup(&parse->file->memory, text);
        return node;
    }
    node->kind = event->type == YAML_MAPPING_START_EVENT ? YAML_MAPPING : YAML_SEQUENCE;
    return parse_collection(parse, node, place);
}

/** Reads the one document of the stream; an empty stream is an empty mapping. */
static bool parse_stream(struct parse *parse)
{
    const struct place root = {0};
    bool seen = false;
    for (;;) {
        yaml_event_t event;
        if (!next_event(parse, &event))
            return false;
        const yaml_event_type_t type = event.type;
        bool good = true;
        if (type == YAML_DOCUMENT_START_EVENT && seen) {
            refuse(parse, event_line(&event), &root, "a second document begins here: one file is one document");
            good = false;
        } else if (type == YAML_SCALAR_EVENT || type == YAML_ALIAS_EVENT || type == YAML_SEQUENCE_START_EVENT ||
                   type == YAML_MAPPING_START_EVENT) {
            seen = true;
            parse->file->root = parse_node(parse, &event, &root);
            good = parse->file->root != NULL;
        }
        yaml_event_delete(&event);
        if (!good || type == YAML_STREAM_END_EVENT)
            return good;
    }
}

bool yaml_parse(struct yaml_file *file, struct str text, struct error *error)
{
    static const char nothing[] = "";
    struct parse parse = {.file = file, .text = text, .error = error};
    if (!yaml_parser_initialize(&parse.parser))
        return error_set(error, ERROR_FATAL, "%s: out of memory", file->name);
    yaml_parser_set_input_string(&parse.parser, (const unsigned char *)(text.len ? text.ptr : nothing), text.len);
    const bool good = parse_stream(&parse);
    yaml_parser_delete(&parse.parser);
    if (!good)
        return false;
    if (!file->root) {
        file->root = arena_alloc(&file->memory, sizeof(*file->root));
        *file->root = (struct yaml_node){.kind = YAML_MAPPING, .line = 1};
    }
    return yaml_is_mapping(file, file->root, "", error);
}
