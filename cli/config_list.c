#include "cli/config_list.h"

#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/yaml.h"

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))
/** Most different paths among which the nearest to a wrong one is looked for. */
#define PATHS_MAX 4096

const struct column config_list_columns[] = {
    {"path", "FIELD", COLUMN_TEXT},
    {"value", "VALUE", COLUMN_TEXT},
    {"origin", "ORIGIN", COLUMN_TEXT},
};
const size_t config_list_column_count = COUNT_OF(config_list_columns);

/** One listing. */
struct listing {
    const char *prefix;
    struct grid *grid;
    struct arena memory;
    const char **paths; /* all that were told, for "did you mean" */
    size_t path_count;
};

/** Whether a field lies at or below a prefix. */
static bool is_below(const char *path, const char *prefix)
{
    const size_t len = prefix ? strlen(prefix) : 0;
    return len == 0 || (strncmp(path, prefix, len) == 0 && (path[len] == '\0' || path[len] == '.'));
}

/** Whether a name is that of something nobody else may see. */
static bool is_secret_name(struct str name)
{
    static const char *const words[] = {"password", "secret", "passphrase", "passfile_content", "token"};
    struct buf text = {0};
    buf_append_str(&text, name);
    buf_append(&text, "", 1);
    bool secret = false;
    for (size_t i = 0; i < COUNT_OF(words); i++)
        secret = secret || strstr((const char *)text.data, words[i]) != NULL;
    buf_clear(&text);
    return secret;
}

/** Appends a connection string as keywords, the secret ones masked. False when libpq cannot read it. */
static bool mask_conninfo(struct buf *out, const char *text)
{
    PQconninfoOption *options = PQconninfoParse(text, NULL);
    bool first = true;
    for (const PQconninfoOption *option = options; option && option->keyword; option++) {
        if (!option->val)
            continue;
        const bool secret = option->dispchar[0] == '*' || is_secret_name(str_from(option->keyword));
        buf_printf(out, "%s%s=%s", first ? "" : " ", option->keyword, secret ? CONFIG_MASK : option->val);
        first = false;
    }
    PQconninfoFree(options);
    return options != NULL;
}

/** Appends a list of `name=value` settings, the secret ones masked. */
static void mask_properties(struct buf *out, const char *text)
{
    while (*text) {
        const size_t len = strcspn(text, ",");
        const struct str item = {.ptr = text, .len = len};
        const size_t name_len = strcspn(text, "=,");
        if (name_len < len && is_secret_name((struct str){.ptr = text, .len = name_len}))
            buf_printf(out, "%.*s=%s", (int)name_len, text, CONFIG_MASK);
        else
            buf_append_str(out, item);
        text += len;
        if (*text == ',')
            buf_append(out, text++, 1);
    }
}

void config_masked(struct buf *out, const char *path, const char *text)
{
    if (strcmp(path, "postgres.conninfo") == 0) {
        if (!mask_conninfo(out, text))
            buf_printf(out, "%s", CONFIG_MASK);
    } else if (strcmp(path, "kafka.properties") == 0) {
        mask_properties(out, text);
    } else if (*text && is_secret_name(str_from(path))) {
        buf_printf(out, "%s", CONFIG_MASK);
    } else {
        buf_append_str(out, str_from(text));
    }
}

/** Takes a field that was read (a config_watch_fn). */
static void take(void *ctx, const struct yaml_value *value)
{
    struct listing *listing = ctx;
    if (listing->path_count < PATHS_MAX)
        listing->paths[listing->path_count++] = arena_strdup(&listing->memory, str_from(value->path));
    if (!is_below(value->path, listing->prefix))
        return;
    struct buf text = {0};
    config_masked(&text, value->path, value->text);
    buf_append(&text, "", 1);
    grid_text(listing->grid, value->path);
    grid_text(listing->grid, (const char *)text.data);
    if (value->origin)
        grid_text(listing->grid, value->origin);
    else if (value->line)
        grid_text(listing->grid, arena_printf(&listing->memory, "line %d", value->line));
    else
        grid_text(listing->grid, "default");
    buf_clear(&text);
}

/** Fails on a prefix below which there is nothing. */
static bool nothing_there(const struct listing *listing, struct error *error)
{
    const char *nearest = nearest_word(listing->prefix, listing->paths, listing->path_count);
    return error_set(error, ERROR_USAGE, "there is no field '%.100s' in the configuration%s%s%s", listing->prefix,
                     nearest ? "; did you mean " : "", nearest ? nearest : "", nearest ? "?" : "");
}

bool config_list_gather(const struct config_options *source, const char *prefix, struct grid *grid, struct error *error)
{
    struct listing listing = {.prefix = prefix, .grid = grid, .paths = xcalloc(PATHS_MAX, sizeof(*listing.paths))};
    struct config_options options = *source;
    options.watch = take;
    options.watch_ctx = &listing;
    struct config *config = config_load(&options, error);
    bool ok = config != NULL;
    if (ok && grid_rows(grid) == 0)
        ok = nothing_there(&listing, error);
    config_free(config);
    free(listing.paths);
    arena_clear(&listing.memory);
    return ok;
}
