#include "validate/settings.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/config.h"
#include "base/yaml.h"
#include "market/listing.h"

/** Most independence groups, and most classes and exceptions together. */
#define GROUPS_MAX 32
#define ENTRIES_MAX 100000
/** Longest `version`, and room for it with the fingerprint. */
#define VERSION_MAX 32
#define VERSION_TEXT_MAX (VERSION_MAX + 16)

/** A class or an asset with its thresholds. */
struct entry {
    const char *name;
    struct class_settings thresholds;
};

/** Classes or exceptions, sorted by name. */
struct entry_list {
    struct entry *items;
    size_t count;
};

struct rule_settings {
    char *version; /* of the file */
    char version_text[VERSION_TEXT_MAX];
    struct class_settings fallback;
    struct entry_list classes;
    struct entry_list assets;
    struct string_list groups[GROUPS_MAX];
    size_t group_count;
    struct arena memory;
};

/** The defaults here are what an asset of an unknown class is judged by. */
static const struct yaml_field threshold_fields[] = {
    YAML_TEXT(struct class_settings, currency, ""),
    YAML_INT(struct class_settings, stale_s, "432000", 1, 1e9),
    YAML_INT(struct class_settings, future_s, "120", 0, 1e9),
    YAML_INT(struct class_settings, fresh_s, "1800", 1, 1e9),
    YAML_DOUBLE(struct class_settings, divergence_floor_bps, "50", 0.01, 1e6),
    YAML_DOUBLE(struct class_settings, divergence_k, "6", 0, 1000),
    YAML_DOUBLE(struct class_settings, divergence_z, "5", 0, 1000),
    YAML_DOUBLE(struct class_settings, sigma_bps, "3", 0, 1e6),
    YAML_DOUBLE(struct class_settings, jump_floor_bps, "300", 0.01, 1e6),
    YAML_DOUBLE(struct class_settings, jump_z, "12", 0, 1000),
    YAML_INT(struct class_settings, reseed_s, "345600", 1, 1e9),
    YAML_INT(struct class_settings, gross_s, "864000", 1, 1e9),
    YAML_INT(struct class_settings, lag_s, "3600", 1, 1e9),
    YAML_INT(struct class_settings, min_sources, "1", 1, 32),
};
#define THRESHOLD_FIELDS (sizeof(threshold_fields) / sizeof(threshold_fields[0]))

/** Compares a name with an entry, and two entries, for bsearch and qsort. */
static int compare_entries(const void *a, const void *b)
{
    return strcmp(((const struct entry *)a)->name, ((const struct entry *)b)->name);
}

/** The entry of a name, or NULL. */
static const struct entry *entry_find(const struct entry_list *list, const char *name)
{
    const struct entry key = {.name = name};
    return list->count ? bsearch(&key, list->items, list->count, sizeof(key), compare_entries) : NULL;
}

/** The class part of an asset id into `out`; empty when the id has none or one that no file could name. */
static void class_of(struct str asset, char *out, size_t size)
{
    const char *colon = asset.len ? memchr(asset.ptr, ':', asset.len) : NULL;
    const size_t len = colon ? (size_t)(colon - asset.ptr) : 0;
    const size_t kept = len < size ? len : 0;
    memcpy(out, asset.ptr ? asset.ptr : "", kept);
    out[kept] = '\0';
}

/** Replaces those fields of `target` that the mapping names. */
static bool bind_present(const struct yaml_file *file, const struct yaml_node *mapping, const char *path,
                         struct class_settings *target, struct arena *memory, struct error *error)
{
    struct yaml_field present[THRESHOLD_FIELDS];
    size_t count = 0;
    if (!yaml_is_mapping(file, mapping, path, error) ||
        !yaml_check_keys(file, mapping, path, threshold_fields, THRESHOLD_FIELDS, NULL, error))
        return false;
    for (size_t i = 0; i < THRESHOLD_FIELDS; i++) {
        if (yaml_get(file, mapping, threshold_fields[i].name))
            present[count++] = threshold_fields[i];
    }
    return yaml_bind(file, mapping, path, present, count, NULL, target, memory, error);
}

/** Where the thresholds of an exception start: at its class. The id must be `class:CODE`. */
static bool exception_base(const struct rule_settings *settings, const struct yaml_file *file, const struct yaml_node *node,
                           const char *path, const char *asset, struct class_settings *base, struct error *error)
{
    const char *colon = strchr(asset, ':');
    if (!colon || colon == asset || colon[1] == '\0')
        return yaml_error(file, node, path, error, "an asset is written class:CODE, e.g. equity:AAPL");
    *base = *rule_settings_for(settings, str_from(asset));
    return true;
}

/** Reads `classes` or `assets` into `list`. */
static bool load_entries(struct rule_settings *settings, const struct yaml_file *file, const char *section,
                         struct entry_list *list, struct error *error)
{
    const struct yaml_node *mapping = yaml_get(file, yaml_root(file), section);
    if (!mapping)
        return true;
    if (!yaml_is_mapping(file, mapping, section, error))
        return false;
    const size_t count = yaml_count(mapping);
    if (count > ENTRIES_MAX)
        return yaml_error(file, mapping, section, error, "has %zu entries; at most %d are read", count, ENTRIES_MAX);
    struct entry *items = arena_alloc(&settings->memory, count * sizeof(*items));
    for (size_t i = 0; i < count; i++) {
        char path[YAML_PATH_MAX];
        const char *key;
        const struct yaml_node *node = yaml_entry(file, mapping, i, &key);
        snprintf(path, sizeof(path), "%s.%s", section, key);
        items[i] = (struct entry){.name = arena_strdup(&settings->memory, str_from(key)), .thresholds = settings->fallback};
        if (list == &settings->assets && !exception_base(settings, file, node, path, key, &items[i].thresholds, error))
            return false;
        if (!bind_present(file, node, path, &items[i].thresholds, &settings->memory, error))
            return false;
    }
    if (count)
        qsort(items, count, sizeof(*items), compare_entries);
    *list = (struct entry_list){.items = items, .count = count};
    return true;
}

/** Refuses a source that two groups (or one twice) name. */
static bool check_group(const struct rule_settings *settings, const struct yaml_file *file, const struct yaml_node *mapping,
                        size_t group, struct error *error)
{
    const struct string_list *list = &settings->groups[group];
    for (size_t i = 0; i < list->count; i++) {
        for (size_t g = 0; g <= group; g++) {
            const size_t end = g == group ? i : settings->groups[g].count;
            for (size_t j = 0; j < end; j++) {
                if (strcmp(settings->groups[g].items[j], list->items[i]) == 0)
                    return yaml_error(file, mapping, "independence", error, "the source %.60s stands there twice",
                                      list->items[i]);
            }
        }
    }
    return true;
}

/** Reads `independence`: a list of sources per group name. */
static bool load_groups(struct rule_settings *settings, const struct yaml_file *file, struct error *error)
{
    const char *section = "independence";
    struct yaml_field fields[GROUPS_MAX];
    const struct yaml_node *mapping = yaml_get(file, yaml_root(file), section);
    if (!mapping)
        return true;
    if (!yaml_is_mapping(file, mapping, section, error))
        return false;
    const size_t count = yaml_count(mapping);
    if (count > GROUPS_MAX)
        return yaml_error(file, mapping, section, error, "has %zu groups; at most %d are read", count, GROUPS_MAX);
    for (size_t i = 0; i < count; i++) {
        fields[i] = (struct yaml_field){.type = YAML_TYPE_TEXT_LIST, .offset = i * sizeof(struct string_list), .fallback = ""};
        yaml_entry(file, mapping, i, &fields[i].name);
    }
    if (!yaml_bind(file, mapping, section, fields, count, NULL, settings->groups, &settings->memory, error))
        return false;
    for (size_t i = 0; i < count; i++) {
        if (!check_group(settings, file, mapping, i, error))
            return false;
    }
    settings->group_count = count;
    return true;
}

/** FNV-1a, 64 bits: enough to tell two rule files apart; it guards against mistakes, not against attackers. */
static uint64_t fingerprint(struct str bytes)
{
    uint64_t hash = UINT64_C(14695981039346656037);
    for (size_t i = 0; i < bytes.len; i++)
        hash = (hash ^ (unsigned char)bytes.ptr[i]) * UINT64_C(1099511628211);
    return hash;
}

/** Reads all sections. Classes come before the exceptions, which start from them. */
static bool load(struct rule_settings *settings, const struct yaml_file *file, struct str text, struct error *error)
{
    static const struct yaml_field fields[] = {YAML_TEXT(struct rule_settings, version, NULL)};
    static const char *const sections[] = {"classes", "assets", "independence", "bars", NULL};
    if (!yaml_bind(file, yaml_root(file), "", fields, 1, sections, settings, &settings->memory, error))
        return false;
    const size_t len = strlen(settings->version);
    if (len == 0 || len > VERSION_MAX)
        return yaml_field_error(file, yaml_root(file), "", "version", error, "must have 1 to %d bytes", VERSION_MAX);
    snprintf(settings->version_text, sizeof(settings->version_text), "%s-%012" PRIx64, settings->version,
             fingerprint(text) >> 16);
    return yaml_bind(file, NULL, "", threshold_fields, THRESHOLD_FIELDS, NULL, &settings->fallback, &settings->memory, error) &&
           load_entries(settings, file, "classes", &settings->classes, error) &&
           load_entries(settings, file, "assets", &settings->assets, error) && load_groups(settings, file, error);
}

struct rule_settings *rule_settings_parse(const char *name, struct str text, struct error *error)
{
    struct yaml_file *file = yaml_open_text(name, text, NULL, NULL, error);
    if (!file)
        return NULL;
    struct rule_settings *settings = xcalloc(1, sizeof(*settings));
    if (!load(settings, file, text, error)) {
        rule_settings_free(settings);
        settings = NULL;
    }
    yaml_close(file);
    return settings;
}

struct rule_settings *rule_settings_load(const char *path, struct error *error)
{
    struct buf text = {0};
    struct rule_settings *settings = NULL;
    if (yaml_read(path, &text, error))
        settings = rule_settings_parse(path, buf_str(&text), error);
    else if (error && error->code == ERROR_NOT_FOUND)
        error->code = ERROR_USAGE; /* the configuration names it */
    buf_clear(&text);
    return settings;
}

void rule_settings_free(struct rule_settings *settings)
{
    if (!settings)
        return;
    arena_clear(&settings->memory);
    free(settings);
}

struct str rule_settings_version(const struct rule_settings *settings)
{
    return str_from(settings->version_text);
}

const struct class_settings *rule_settings_for(const struct rule_settings *settings, struct str asset)
{
    char name[YAML_PATH_MAX];
    const struct entry *entry = NULL;
    if (asset.len < sizeof(name)) {
        memcpy(name, asset.ptr ? asset.ptr : "", asset.len);
        name[asset.len] = '\0';
        entry = entry_find(&settings->assets, name);
    }
    if (!entry) {
        class_of(asset, name, sizeof(name));
        entry = entry_find(&settings->classes, name);
    }
    return entry ? &entry->thresholds : &settings->fallback;
}

struct str class_settings_currency(const struct class_settings *settings, struct str asset)
{
    if (strcmp(settings->currency, CURRENCY_OF_LISTING) == 0)
        return listing_currency(asset);
    if (strcmp(settings->currency, CURRENCY_OF_PAIR) != 0)
        return str_from(settings->currency);
    return asset.len < 3 ? asset : (struct str){.ptr = asset.ptr + asset.len - 3, .len = 3};
}

int rule_settings_group(const struct rule_settings *settings, struct str source)
{
    for (size_t group = 0; group < settings->group_count; group++) {
        for (size_t i = 0; i < settings->groups[group].count; i++) {
            if (str_is(source, settings->groups[group].items[i]))
                return (int)group;
        }
    }
    return GROUP_OF_ITS_OWN;
}
