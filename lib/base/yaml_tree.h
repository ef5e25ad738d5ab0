/*
 * The parsed form of a YAML file: a tree in one arena, mappings with an index by key. Private to yaml*.c.
 */
#ifndef QUOTEBUS_BASE_YAML_TREE_H
#define QUOTEBUS_BASE_YAML_TREE_H

#include "base/yaml.h"

enum yaml_kind { YAML_SCALAR, YAML_SEQUENCE, YAML_MAPPING };

/** One entry of a mapping; of a sequence only the value is used. */
struct yaml_item {
    const char *key;
    int line; /* of the key */
    struct yaml_node *value;
};

struct yaml_node {
    enum yaml_kind kind;
    int line;
    bool plain;       /* a scalar without quotes */
    const char *text; /* of a scalar */
    struct yaml_item *items;
    size_t count;
    struct yaml_item *sorted; /* of a mapping: copies of the items by key */
};

struct yaml_file {
    char *name;
    struct yaml_node *root;
    yaml_override_fn override;
    void *ctx;
    yaml_watch_fn watch; /* NULL: nobody watches */
    void *watch_ctx;
    struct arena memory;
};

/** Parses `text` into file->root. The file is closed by the caller also on failure. */
bool yaml_parse(struct yaml_file *file, struct str text, struct error *error) MUST_CHECK;

/** Whether a scalar stands for nothing: an empty plain one, ~ or null. */
bool yaml_is_null(const struct yaml_node *scalar);

/** The entry of a mapping with that key, or NULL. */
const struct yaml_item *yaml_find(const struct yaml_node *mapping, const char *key);

#endif
