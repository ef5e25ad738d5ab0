#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/config_parts.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define PROVIDERS_MAX 32
#define JOBS_MAX 1000
#define ASSETS_MAX 100000
#define PARAMS_MAX 16
#define SHARDS_MAX 64
#define DAY_S 86400

static const struct yaml_field provider_fields[] = {
    YAML_BOOL(struct provider_settings, enabled, "true"),
    YAML_TEXT(struct provider_settings, base_url, NULL),
    YAML_INT(struct provider_settings, max_calls, "0", 0, 1e9),
    YAML_INT(struct provider_settings, max_calls_per_month, "0", 0, 1e9),
    YAML_INT(struct provider_settings, calls_per_window, "60", 1, 1e6),
    YAML_INT(struct provider_settings, window_seconds, "60", 1, 31.0 * DAY_S),
    YAML_INT(struct provider_settings, reset_period_seconds, "86400", 1, 366.0 * DAY_S),
    YAML_DOUBLE(struct provider_settings, batch_delay_seconds, "0", 0, DAY_S),
    YAML_INT(struct provider_settings, max_in_flight, "1", 1, 64),
    YAML_TEXT(struct provider_settings, session_url, ""),
    YAML_INT(struct provider_settings, shards, "1", 1, SHARDS_MAX),
    YAML_TEXT(struct provider_settings, api_key_env, ""),
};

static const struct yaml_field asset_fields[] = {
    YAML_TEXT(struct asset_settings, sector, ""),
    YAML_TEXT(struct asset_settings, calendar, ""),
};

static const struct yaml_field job_fields[] = {
    YAML_TEXT(struct job_settings, provider, NULL),
    YAML_TEXT(struct job_settings, endpoint, NULL),
    YAML_TEXT(struct job_settings, fallback, ""),
    YAML_INT(struct job_settings, every_s, NULL, 1, 31.0 * DAY_S),
    YAML_INT(struct job_settings, offset_s, "0", 0, 31.0 * DAY_S),
    YAML_INT(struct job_settings, closed_every_s, "3600", 0, 31.0 * DAY_S),
    YAML_INT(struct job_settings, settle_s, "300", 0, DAY_S),
    YAML_INT(struct job_settings, priority, "0", 0, 100),
    YAML_BOOL(struct job_settings, rotate, "false"),
    YAML_INT(struct job_settings, ttl_s, "0", 0, DAY_S),
    YAML_TEXT(struct job_settings, calendar, ""),
    YAML_TEXT_LIST(struct job_settings, classes),
    YAML_TEXT_LIST(struct job_settings, assets),
};

/** One entry of a collection on its way into its struct. */
struct entry {
    const char *key;
    const char *path; /* providers.yahoo */
    const struct yaml_node *node;
};

/** A top-level mapping of named things of one kind. */
struct collection {
    const char *name;
    size_t max;
    size_t size; /* of one struct */
    config_judge_fn judge;
    bool (*read)(const struct config_reader *reader, const struct entry *entry, void *target);
};

/** Reads the entries of a collection into a new array. NULL on failure. */
static void *read_collection(const struct config_reader *reader, const struct collection *collection, size_t *count)
{
    const struct yaml_node *mapping = yaml_get(reader->file, yaml_root(reader->file), collection->name);
    if (mapping && !yaml_is_mapping(reader->file, mapping, collection->name, reader->error))
        return NULL;
    *count = yaml_count(mapping);
    if (*count > collection->max) {
        yaml_error(reader->file, mapping, collection->name, reader->error, "has %zu entries, at most %zu are taken", *count,
                   collection->max);
        return NULL;
    }
    char *items = arena_alloc(reader->config->memory, *count * collection->size);
    for (size_t i = 0; i < *count; i++) {
        char path[YAML_PATH_MAX];
        struct entry entry = {.path = path};
        entry.node = yaml_entry(reader->file, mapping, i, &entry.key);
        const char *problem = collection->judge(entry.key);
        snprintf(path, sizeof(path), "%s.%.100s", collection->name, entry.key);
        if (problem) {
            yaml_error(reader->file, entry.node, path, reader->error, "the key %s", problem);
            return NULL;
        }
        if (!collection->read(reader, &entry, items + i * collection->size))
            return NULL;
    }
    return items;
}

/** Removes slashes at the end: paths of requests begin with one. */
static void strip_slashes(char *url)
{
    size_t len = strlen(url);
    while (len && url[len - 1] == '/')
        url[--len] = '\0';
}

/** Each shard has its part of the limits, which must not be nothing. */
static bool check_shards(const struct config_reader *reader, const struct entry *entry, const struct provider_settings *provider)
{
    const int64_t limits[] = {provider->calls_per_window, provider->max_calls, provider->max_calls_per_month};
    for (size_t i = 0; i < COUNT(limits); i++) {
        if (limits[i] > 0 && limits[i] < provider->shards)
            return yaml_field_error(reader->file, entry->node, entry->path, "shards", reader->error,
                                    "%lld shards cannot share a limit of %lld calls", (long long)provider->shards,
                                    (long long)limits[i]);
    }
    return true;
}

/** Reads providers.NAME. */
static bool read_provider(const struct config_reader *reader, const struct entry *entry, void *target)
{
    struct provider_settings *provider = target;
    provider->name = arena_strdup(reader->config->memory, str_from(entry->key));
    if (!yaml_bind(reader->file, entry->node, entry->path, provider_fields, COUNT(provider_fields), NULL, provider,
                   reader->config->memory, reader->error))
        return false;
    if (!config_check_field(reader, entry->node, entry->path, "base_url", provider->base_url, config_judge_public_url) ||
        (*provider->session_url &&
         !config_check_field(reader, entry->node, entry->path, "session_url", provider->session_url, config_judge_public_url)) ||
        !config_check_field(reader, entry->node, entry->path, "api_key_env", provider->api_key_env, config_judge_variable))
        return false;
    strip_slashes(provider->base_url);
    strip_slashes(provider->session_url);
    return check_shards(reader, entry, provider);
}

/** Reads the symbols of an asset: one text per provider, so each can be overridden though the file leaves it out. */
static bool read_symbols(const struct config_reader *reader, const struct entry *entry, struct asset_settings *asset)
{
    const struct config *config = reader->config;
    struct yaml_field fields[PROVIDERS_MAX];
    char *symbols[PROVIDERS_MAX];
    char path[YAML_PATH_MAX];
    for (size_t i = 0; i < config->provider_count; i++)
        fields[i] = (struct yaml_field){config->providers[i].name, YAML_TYPE_TEXT, i * sizeof(*symbols), "", 0, 0};
    snprintf(path, sizeof(path), "%s.symbols", entry->path);
    const struct yaml_node *node = yaml_get(reader->file, entry->node, "symbols");
    if (!yaml_bind(reader->file, node, path, fields, config->provider_count, NULL, symbols, config->memory, reader->error))
        return false;
    asset->symbols = arena_alloc(config->memory, config->provider_count * sizeof(*asset->symbols));
    for (size_t i = 0; i < config->provider_count; i++) {
        if (!*symbols[i])
            continue;
        if (!config_check_field(reader, node, path, config->providers[i].name, symbols[i], config_judge_symbol))
            return false;
        asset->symbols[asset->symbol_count++] =
            (struct asset_symbol){.provider = config->providers[i].name, .symbol = symbols[i]};
    }
    return asset->symbol_count > 0 ||
           yaml_error(reader->file, entry->node, entry->path, reader->error, "has no symbol at any provider");
}

/** Reads assets.CLASS:CODE. */
static bool read_asset(const struct config_reader *reader, const struct entry *entry, void *target)
{
    static const char *const children[] = {"symbols", NULL};
    struct asset_settings *asset = target;
    struct arena *memory = reader->config->memory;
    asset->id = arena_strdup(memory, str_from(entry->key));
    asset->asset_class = arena_strdup(memory, (struct str){.ptr = entry->key, .len = strcspn(entry->key, ":")});
    return yaml_bind(reader->file, entry->node, entry->path, asset_fields, COUNT(asset_fields), children, asset, memory,
                     reader->error) &&
           config_check_field(reader, entry->node, entry->path, "calendar", asset->calendar, config_judge_calendar) &&
           read_symbols(reader, entry, asset);
}

/** An asset by id, or NULL. */
static const struct asset_settings *find_asset(const struct config *config, const char *id)
{
    for (size_t i = 0; i < config->asset_count; i++) {
        if (strcmp(config->assets[i].id, id) == 0)
            return &config->assets[i];
    }
    return NULL;
}

/** What a job names, as words for "did you mean". */
enum named { NAMED_PROVIDER, NAMED_CLASS, NAMED_ASSET };

/** Number of things of a kind; of a class, one per asset. */
static size_t named_count(const struct config *config, enum named kind)
{
    return kind == NAMED_PROVIDER ? config->provider_count : config->asset_count;
}

/** Name number `i` of a kind. */
static const char *named_at(const struct config *config, enum named kind, size_t i)
{
    return kind == NAMED_PROVIDER ? config->providers[i].name
           : kind == NAMED_CLASS  ? config->assets[i].asset_class
                                  : config->assets[i].id;
}

/** Fails when there is nothing of that kind and name. */
static bool check_named(const struct config_reader *reader, const struct entry *entry, const char *field, enum named kind,
                        const char *name)
{
    static const char *const kinds[] = {"provider", "asset class", "asset"};
    const struct config *config = reader->config;
    const size_t count = named_count(config, kind);
    const char **names = xcalloc(count, sizeof(*names));
    bool found = false;
    for (size_t i = 0; i < count && !found; i++) {
        names[i] = named_at(config, kind, i);
        found = strcmp(names[i], name) == 0;
    }
    const char *nearest = found ? NULL : nearest_word(name, names, count);
    free(names);
    if (found)
        return true;
    return yaml_field_error(reader->file, entry->node, entry->path, field, reader->error,
                            "there is no %s '%.100s' in the configuration%s%s%s", kinds[kind], name,
                            nearest ? "; did you mean " : "", nearest ? nearest : "", nearest ? "?" : "");
}

/** Checks what a job names. An asset that its provider has no symbol for would never be fetched: that is an error too. */
static bool check_job(const struct config_reader *reader, const struct entry *entry, const struct job_settings *job)
{
    if (!check_named(reader, entry, "provider", NAMED_PROVIDER, job->provider))
        return false;
    for (size_t i = 0; i < job->classes.count; i++) {
        if (!check_named(reader, entry, "classes", NAMED_CLASS, job->classes.items[i]))
            return false;
    }
    for (size_t i = 0; i < job->assets.count; i++) {
        const char *id = job->assets.items[i];
        if (!check_named(reader, entry, "assets", NAMED_ASSET, id))
            return false;
        const struct asset_settings *asset = find_asset(reader->config, id);
        if (!asset || !asset_symbol_at(asset, job->provider))
            return yaml_field_error(reader->file, entry->node, entry->path, "assets", reader->error,
                                    "'%.100s' has no symbol at %.64s: add it under assets.%.100s.symbols", id, job->provider, id);
    }
    return true;
}

/** Reads jobs.NAME.params: texts by name. What they may be is known to the endpoint only. */
static bool read_params(const struct config_reader *reader, const struct entry *entry, struct job_settings *job)
{
    char path[YAML_PATH_MAX];
    struct yaml_field fields[PARAMS_MAX];
    char *values[PARAMS_MAX];
    const struct yaml_node *node = yaml_get(reader->file, entry->node, "params");
    const size_t count = yaml_count(node);
    snprintf(path, sizeof(path), "%s.params", entry->path);
    if (node && !yaml_is_mapping(reader->file, node, path, reader->error))
        return false;
    if (count > PARAMS_MAX)
        return yaml_error(reader->file, node, path, reader->error, "has %zu entries, at most %d are taken", count, PARAMS_MAX);
    job->params = arena_alloc(reader->config->memory, count * sizeof(*job->params));
    for (size_t i = 0; i < count; i++) {
        const char *key;
        yaml_entry(reader->file, node, i, &key);
        job->params[i].name = arena_strdup(reader->config->memory, str_from(key));
        fields[i] = (struct yaml_field){job->params[i].name, YAML_TYPE_TEXT, i * sizeof(*values), NULL, 0, 0};
    }
    if (!yaml_bind(reader->file, node, path, fields, count, NULL, values, reader->config->memory, reader->error))
        return false;
    job->param_count = count;
    for (size_t i = 0; i < count; i++)
        job->params[i].value = values[i];
    return true;
}

/** Reads jobs.NAME. */
static bool read_job(const struct config_reader *reader, const struct entry *entry, void *target)
{
    static const char *const children[] = {"params", NULL};
    struct job_settings *job = target;
    job->name = arena_strdup(reader->config->memory, str_from(entry->key));
    job->line = yaml_line(entry->node);
    return yaml_bind(reader->file, entry->node, entry->path, job_fields, COUNT(job_fields), children, job, reader->config->memory,
                     reader->error) &&
           read_params(reader, entry, job) &&
           config_check_field(reader, entry->node, entry->path, "endpoint", job->endpoint, config_judge_key) &&
           config_check_field(reader, entry->node, entry->path, "calendar", job->calendar, config_judge_calendar) &&
           check_job(reader, entry, job);
}

bool config_read_catalog(const struct config_reader *reader)
{
    static const struct collection providers = {"providers", PROVIDERS_MAX, sizeof(struct provider_settings), config_judge_key,
                                                read_provider};
    static const struct collection assets = {"assets", ASSETS_MAX, sizeof(struct asset_settings), config_judge_asset, read_asset};
    static const struct collection jobs = {"jobs", JOBS_MAX, sizeof(struct job_settings), config_judge_key, read_job};
    struct config *config = reader->config;
    return (config->providers = read_collection(reader, &providers, &config->provider_count)) &&
           (config->assets = read_collection(reader, &assets, &config->asset_count)) &&
           (config->jobs = read_collection(reader, &jobs, &config->job_count));
}
