#include "base/config.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/config_parts.h"

#define LOCAL_PATH "config/quotebus.yaml"
#define SYSTEM_PATH "/etc/quotebus/quotebus.yaml"

/** Where the configuration is when nobody says it: the first that exists. NULL when there is none. */
static const char *default_path(void)
{
    const char *path = getenv("QUOTEBUS_CONFIG");
    if (path && *path)
        return path;
    if (access(LOCAL_PATH, F_OK) == 0)
        return LOCAL_PATH;
    return access(SYSTEM_PATH, F_OK) == 0 ? SYSTEM_PATH : NULL;
}

/** A path of another file, seen from the folder of the configuration file. */
static char *beside(const struct config *config, const char *path)
{
    const char *slash = strrchr(config->path, '/');
    struct buf text = {0};
    if (*path != '/' && slash)
        buf_append(&text, config->path, (size_t)(slash - config->path) + 1);
    buf_append_str(&text, str_from(path));
    char *resolved = arena_strdup(config->memory, buf_str(&text));
    buf_clear(&text);
    return resolved;
}

/** Reads all of a parsed file. */
static bool read_config(const struct config_reader *reader)
{
    if (!config_read_sections(reader) || !config_read_catalog(reader))
        return false;
    struct config *config = reader->config;
    config->kafka.topics_file = beside(config, config->kafka.topics_file);
    config->validate.rules_file = beside(config, config->validate.rules_file);
    if (*config->ingest.ca_file)
        config->ingest.ca_file = beside(config, config->ingest.ca_file);
    return true;
}

struct config *config_load(const struct config_options *options, struct error *error)
{
    const char *path = options->path ? options->path : default_path();
    if (!path) {
        error_set(error, ERROR_NOT_FOUND,
                  "no configuration: give --config FILE or QUOTEBUS_CONFIG; neither " LOCAL_PATH " nor " SYSTEM_PATH " exists");
        return NULL;
    }
    struct config_overrides overrides = {.settings = options->settings, .setting_count = options->setting_count};
    struct config *config = xcalloc(1, sizeof(*config));
    config->memory = xcalloc(1, sizeof(*config->memory));
    config->path = arena_strdup(config->memory, str_from(path));
    struct yaml_file *file = NULL;
    bool good = config_overrides_begin(&overrides, error);
    if (good)
        file = yaml_open(path, config_override, &overrides, error);
    if (file)
        yaml_watch(file, options->watch, options->watch_ctx);
    good = file && read_config(&(struct config_reader){.file = file, .config = config, .error = error}) &&
           config_overrides_end(&overrides, error);
    yaml_close(file);
    config_overrides_clear(&overrides);
    if (good)
        return config;
    config_free(config);
    return NULL;
}

void config_free(struct config *config)
{
    if (!config)
        return;
    struct arena *memory = config->memory;
    arena_clear(memory);
    free(memory);
    free(config);
}

const char *asset_symbol_at(const struct asset_settings *asset, const char *provider)
{
    for (size_t i = 0; i < asset->symbol_count; i++) {
        if (strcmp(asset->symbols[i].provider, provider) == 0)
            return asset->symbols[i].symbol;
    }
    return NULL;
}

/** Whether a list holds a text. */
static bool list_has(const struct string_list *list, const char *text)
{
    for (size_t i = 0; i < list->count; i++) {
        if (strcmp(list->items[i], text) == 0)
            return true;
    }
    return false;
}

bool job_covers(const struct job_settings *job, const struct asset_settings *asset)
{
    return (job->classes.count == 0 || list_has(&job->classes, asset->asset_class)) &&
           (job->assets.count == 0 || list_has(&job->assets, asset->id));
}

const struct provider_settings *config_provider(const struct config *config, const char *name)
{
    for (size_t i = 0; i < config->provider_count; i++) {
        if (strcmp(config->providers[i].name, name) == 0)
            return &config->providers[i];
    }
    return NULL;
}

char *config_topic(const struct config *config, const char *name)
{
    struct buf text = {0};
    buf_printf(&text, "%s%s", config->kafka.topic_prefix, name);
    char *topic = arena_strdup(config->memory, buf_str(&text));
    buf_clear(&text);
    return topic;
}
