#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/config_parts.h"

#define VARIABLE_PREFIX "QUOTEBUS_"

bool config_overrides_begin(struct config_overrides *overrides, struct error *error)
{
    for (size_t i = 0; i < overrides->setting_count; i++) {
        const char *setting = overrides->settings[i];
        if (!strchr(setting, '=') || *setting == '=')
            return error_set(error, ERROR_USAGE, "--set %.200s: write --set path=value, e.g. --set log.level=debug", setting);
    }
    overrides->used = arena_alloc(&overrides->memory, overrides->setting_count * sizeof(*overrides->used));
    return true;
}

/** The value of the last --set with that path, or NULL; marks all that have it as used. */
static const char *find_setting(struct config_overrides *overrides, const char *path)
{
    const size_t len = strlen(path);
    const char *value = NULL;
    for (size_t i = 0; i < overrides->setting_count; i++) {
        const char *setting = overrides->settings[i];
        if (strncmp(setting, path, len) == 0 && setting[len] == '=') {
            overrides->used[i] = true;
            value = setting + len + 1;
        }
    }
    return value;
}

/** Writes the name of the variable that stands for a path: what no variable's name may have becomes `_`. */
static void variable_name(const char *path, char *name)
{
    memcpy(name, VARIABLE_PREFIX, sizeof(VARIABLE_PREFIX));
    name += sizeof(VARIABLE_PREFIX) - 1;
    for (; *path; path++) {
        const bool lower = *path >= 'a' && *path <= 'z';
        const bool kept = (*path >= 'A' && *path <= 'Z') || (*path >= '0' && *path <= '9');
        *name++ = lower ? (char)(*path - 'a' + 'A') : kept ? *path : '_';
    }
    *name = '\0';
}

const char *config_override(void *ctx, const char *path, const char **origin)
{
    struct config_overrides *overrides = ctx;
    char variable[sizeof(VARIABLE_PREFIX) + YAML_PATH_MAX];
    if (overrides->setting_count) {
        buf_append(&overrides->known, path, strlen(path) + 1);
        overrides->known_count++;
    }
    const char *value = find_setting(overrides, path);
    if (value) {
        *origin = "--set";
        return value;
    }
    variable_name(path, variable);
    value = getenv(variable);
    if (value)
        *origin = arena_strdup(&overrides->memory, str_from(variable));
    return value;
}

/** The known path nearest to the one of a setting, or NULL. */
static const char *nearest_path(const struct config_overrides *overrides, const char *path)
{
    const char **words = xcalloc(overrides->known_count, sizeof(*words));
    const char *word = (const char *)overrides->known.data;
    for (size_t i = 0; i < overrides->known_count; i++, word += strlen(word) + 1)
        words[i] = word;
    const char *nearest = nearest_word(path, words, overrides->known_count);
    free(words);
    return nearest;
}

bool config_overrides_end(const struct config_overrides *overrides, struct error *error)
{
    for (size_t i = 0; i < overrides->setting_count; i++) {
        const char *setting = overrides->settings[i];
        if (overrides->used[i])
            continue;
        char path[YAML_PATH_MAX];
        snprintf(path, sizeof(path), "%.*s", (int)strcspn(setting, "="), setting);
        const char *nearest = nearest_path(overrides, path);
        return error_set(error, ERROR_USAGE, "--set: %s: there is no such setting%s%s%s", path, nearest ? "; did you mean " : "",
                         nearest ? nearest : "", nearest ? "?" : "");
    }
    return true;
}

void config_overrides_clear(struct config_overrides *overrides)
{
    buf_clear(&overrides->known);
    arena_clear(&overrides->memory);
}
