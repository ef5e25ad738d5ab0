#include "bus/topics.h"

#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/yaml.h"
#include "bus/kafka_conf.h"

/** Kafka's bound is 249; room is left for a prefix and .dlq. */
#define NAME_MAX_BYTES 200
#define TOPICS_MAX 500
#define DEAD_LETTER_DAYS 30

static const struct yaml_field fields[] = {
    YAML_TEXT(struct topic_spec, schema, NULL),          YAML_INT(struct topic_spec, partitions, NULL, 1, 1000),
    YAML_TEXT(struct topic_spec, cleanup, "delete"),     YAML_INT(struct topic_spec, retention_d, "0", 0, 36500),
    YAML_BOOL(struct topic_spec, dead_letters, "false"),
};

/** Where a row stands, for errors. */
struct row {
    const struct yaml_file *file;
    const struct yaml_node *node;
    const struct topic_spec *spec;
};

/** Checks the name: what Kafka allows, and not a dead letter topic, since those come by themselves. */
static bool check_name(const struct row *row, struct error *error)
{
    const char *name = row->spec->name;
    const size_t len = strlen(name);
    const size_t suffix = strlen(DEAD_LETTER_SUFFIX);
    const char *allowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
    if (len == 0 || len > NAME_MAX_BYTES || strspn(name, allowed) != len || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
        return yaml_error(row->file, row->node, name, error, "a topic's name has 1 to %d letters, digits, '.', '_' and '-'",
                          NAME_MAX_BYTES);
    if (len > suffix && strcmp(name + len - suffix, DEAD_LETTER_SUFFIX) == 0)
        return yaml_error(row->file, row->node, name, error,
                          "dead letter topics are not listed: write dead_letters: true at %.*s", (int)(len - suffix), name);
    return true;
}

/** Checks that the fields of a row fit together. */
static bool check_row(const struct row *row, struct error *error)
{
    const struct topic_spec *spec = row->spec;
    const bool compact = strcmp(spec->cleanup, "compact") == 0;
    if (!compact && strcmp(spec->cleanup, "delete") != 0)
        return yaml_field_error(row->file, row->node, spec->name, "cleanup", error, "'%.40s' is neither delete nor compact",
                                spec->cleanup);
    if (compact && spec->retention_d != 0)
        return yaml_field_error(row->file, row->node, spec->name, "retention_d", error,
                                "a compacted topic keeps the last record of each key for ever: leave it out");
    if (!compact && spec->retention_d == 0)
        return yaml_field_error(row->file, row->node, spec->name, "retention_d", error, "is required with cleanup: delete");
    const size_t len = strlen(spec->schema);
    if (len == 0 || strspn(spec->schema, "abcdefghijklmnopqrstuvwxyz0123456789_") != len)
        return yaml_field_error(row->file, row->node, spec->name, "schema", error,
                                "'%.60s' is not the name of a schema file without .avsc (or none)", spec->schema);
    return true;
}

/** Reads one topic. */
static bool load_row(const struct yaml_file *file, size_t i, struct topic_table *table, struct error *error)
{
    const char *key;
    const struct yaml_node *node = yaml_entry(file, yaml_root(file), i, &key);
    struct topic_spec *spec = &table->topics[table->count++];
    spec->name = arena_strdup(table->memory, str_from(key));
    const struct row row = {.file = file, .node = node, .spec = spec};
    return check_name(&row, error) && yaml_is_mapping(file, node, key, error) &&
           yaml_bind(file, node, key, fields, sizeof(fields) / sizeof(fields[0]), NULL, spec, table->memory, error) &&
           check_row(&row, error);
}

/** Adds the dead letter topic of a row behind it. */
static void add_dead_letters(struct topic_table *table, const struct topic_spec *of)
{
    struct buf name = {0};
    buf_printf(&name, "%s%s", of->name, DEAD_LETTER_SUFFIX);
    table->topics[table->count++] = (struct topic_spec){
        .name = arena_strdup(table->memory, buf_str(&name)),
        .schema = arena_strdup(table->memory, STR("none")),
        .partitions = 1,
        .cleanup = arena_strdup(table->memory, STR("delete")),
        .retention_d = DEAD_LETTER_DAYS,
        .max_message_bytes = KAFKA_RECORD_MAX_BYTES,
    };
    buf_clear(&name);
}

/** Reads all rows. */
static bool load_rows(const struct yaml_file *file, struct topic_table *table, struct error *error)
{
    if (!yaml_is_mapping(file, yaml_root(file), "topics", error))
        return false;
    const size_t count = yaml_count(yaml_root(file));
    if (count == 0 || count > TOPICS_MAX)
        return yaml_error(file, yaml_root(file), "topics", error, "has %zu topics; 1 to %d are taken", count, TOPICS_MAX);
    table->topics = arena_alloc(table->memory, 2 * count * sizeof(*table->topics));
    for (size_t i = 0; i < count; i++) {
        if (!load_row(file, i, table, error))
            return false;
        const struct topic_spec *spec = &table->topics[table->count - 1];
        if (spec->dead_letters)
            add_dead_letters(table, spec);
    }
    return true;
}

struct topic_table *topic_table_load(const char *path, struct error *error)
{
    struct yaml_file *file = yaml_open(path, NULL, NULL, error);
    if (!file)
        return NULL;
    struct topic_table *table = xcalloc(1, sizeof(*table));
    table->memory = xcalloc(1, sizeof(*table->memory));
    if (!load_rows(file, table, error)) {
        topic_table_free(table);
        table = NULL;
    }
    yaml_close(file);
    return table;
}

void topic_table_free(struct topic_table *table)
{
    if (!table)
        return;
    arena_clear(table->memory);
    free(table->memory);
    free(table);
}

const struct topic_spec *topic_table_find(const struct topic_table *table, const char *name)
{
    for (size_t i = 0; i < table->count; i++) {
        if (strcmp(table->topics[i].name, name) == 0)
            return &table->topics[i];
    }
    return NULL;
}
