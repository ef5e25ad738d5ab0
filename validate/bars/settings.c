#include "validate/bars/settings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/yaml.h"

#define SECTION "bars"
/** Most classes, and longest name of one. */
#define CLASSES_MAX 64
#define CLASS_NAME_MAX 64

struct class_entry {
    char name[CLASS_NAME_MAX];
    struct bar_settings settings;
};

struct bar_rules {
    struct bar_settings fallback;
    struct class_entry classes[CLASSES_MAX];
    size_t count;
};

/** The defaults here are what an asset of an unknown class is judged by. */
static const struct yaml_field fields[] = {
    YAML_BOOL(struct bar_settings, every_day, "false"),
    YAML_DOUBLE(struct bar_settings, bad_bar_bps, "10", 0, 1e4),
    YAML_DOUBLE(struct bar_settings, spike_floor_bps, "500", 1, 1e5),
    YAML_DOUBLE(struct bar_settings, spike_k, "8", 1, 1000),
    YAML_DOUBLE(struct bar_settings, divergence_floor_bps, "200", 0.1, 1e5),
    YAML_DOUBLE(struct bar_settings, divergence_k, "6", 0, 1000),
    YAML_INT(struct bar_settings, frozen_bars, "5", 2, 1000),
    YAML_INT(struct bar_settings, missing_days, "5", 1, 1000),
    YAML_DOUBLE(struct bar_settings, volume_move_bps, "500", 1, 1e5),
};
#define FIELD_COUNT (sizeof(fields) / sizeof(fields[0]))

/** Reads the classes. */
static bool load(struct bar_rules *rules, const struct yaml_file *file, struct arena *memory, struct error *error)
{
    const struct yaml_node *section = yaml_get(file, yaml_root(file), SECTION);
    if (!yaml_bind(file, NULL, SECTION, fields, FIELD_COUNT, NULL, &rules->fallback, memory, error))
        return false;
    if (!section)
        return true;
    if (!yaml_is_mapping(file, section, SECTION, error))
        return false;
    if (yaml_count(section) > CLASSES_MAX)
        return yaml_error(file, section, SECTION, error, "has %zu classes; at most %d are read", yaml_count(section),
                          CLASSES_MAX);
    for (size_t i = 0; i < yaml_count(section); i++) {
        char path[YAML_PATH_MAX];
        const char *name;
        struct class_entry *entry = &rules->classes[i];
        const struct yaml_node *node = yaml_entry(file, section, i, &name);
        snprintf(path, sizeof(path), "%s.%s", SECTION, name);
        if (strlen(name) >= sizeof(entry->name))
            return yaml_error(file, node, path, error, "a class has at most %d bytes", CLASS_NAME_MAX - 1);
        memcpy(entry->name, name, strlen(name) + 1);
        if (!yaml_bind(file, node, path, fields, FIELD_COUNT, NULL, &entry->settings, memory, error))
            return false;
        rules->count++;
    }
    return true;
}

struct bar_rules *bar_rules_parse(const char *name, struct str text, struct error *error)
{
    struct arena memory = {0};
    struct yaml_file *file = yaml_open_text(name, text, NULL, NULL, error);
    if (!file)
        return NULL;
    struct bar_rules *rules = xcalloc(1, sizeof(*rules));
    if (!load(rules, file, &memory, error)) {
        bar_rules_free(rules);
        rules = NULL;
    }
    yaml_close(file);
    arena_clear(&memory);
    return rules;
}

void bar_rules_free(struct bar_rules *rules)
{
    free(rules);
}

const struct bar_settings *bar_rules_for(const struct bar_rules *rules, struct str asset)
{
    const char *colon = asset.len ? memchr(asset.ptr, ':', asset.len) : NULL;
    const struct str name = {.ptr = asset.ptr, .len = colon ? (size_t)(colon - asset.ptr) : 0};
    for (size_t i = 0; i < rules->count; i++) {
        if (str_is(name, rules->classes[i].name))
            return &rules->classes[i].settings;
    }
    return &rules->fallback;
}
