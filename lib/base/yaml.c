#include "base/yaml.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/yaml_tree.h"

#define FILE_MAX ((size_t)16 * 1024 * 1024)
/** Longest word that "did you mean" compares. */
#define WORD_MAX 63

bool yaml_read(const char *path, struct buf *text, struct error *error)
{
    FILE *stream = fopen(path, "re");
    if (!stream)
        return error_set(error, errno == ENOENT ? ERROR_NOT_FOUND : ERROR_USAGE, "cannot open %s: %s", path, strerror(errno));
    size_t got;
    do {
        got = fread(buf_reserve(text, 65536), 1, 65536, stream);
        text->len += got;
    } while (got > 0 && text->len <= FILE_MAX);
    const bool failed = ferror(stream) != 0;
    const int reason = errno;
    fclose(stream);
    if (failed)
        return error_set(error, ERROR_USAGE, "cannot read %s: %s", path, strerror(reason));
    if (text->len > FILE_MAX)
        return error_set(error, ERROR_USAGE, "%s is larger than %zu MiB", path, FILE_MAX / 1024 / 1024);
    return true;
}

struct yaml_file *yaml_open(const char *path, yaml_override_fn override, void *ctx, struct error *error)
{
    struct buf text = {0};
    struct yaml_file *file = NULL;
    if (yaml_read(path, &text, error))
        file = yaml_open_text(path, buf_str(&text), override, ctx, error);
    buf_clear(&text);
    return file;
}

struct yaml_file *yaml_open_text(const char *name, struct str text, yaml_override_fn override, void *ctx, struct error *error)
{
    struct yaml_file *file = xcalloc(1, sizeof(*file));
    file->name = xstrdup(name);
    file->override = override;
    file->ctx = ctx;
    const bool fits =
        text.len <= FILE_MAX || error_set(error, ERROR_USAGE, "%s is larger than %zu MiB", name, FILE_MAX / 1024 / 1024);
    if (!fits || !yaml_parse(file, text, error)) {
        yaml_close(file);
        return NULL;
    }
    return file;
}

void yaml_close(struct yaml_file *file)
{
    if (!file)
        return;
    arena_clear(&file->memory);
    free(file->name);
    free(file);
}

void yaml_watch(struct yaml_file *file, yaml_watch_fn watch, void *ctx)
{
    file->watch = watch;
    file->watch_ctx = ctx;
}

const struct yaml_node *yaml_root(const struct yaml_file *file)
{
    return file->root;
}

size_t yaml_count(const struct yaml_node *mapping)
{
    return mapping ? mapping->count : 0;
}

const struct yaml_node *yaml_entry(const struct yaml_file *file, const struct yaml_node *mapping, size_t i, const char **key)
{
    (void)file;
    *key = mapping->items[i].key;
    return mapping->items[i].value;
}

/** Compares a searched key with an entry, for bsearch. */
static int compare_key(const void *key, const void *item)
{
    return strcmp(key, ((const struct yaml_item *)item)->key);
}

const struct yaml_item *yaml_find(const struct yaml_node *mapping, const char *key)
{
    if (!mapping || mapping->kind != YAML_MAPPING || mapping->count == 0)
        return NULL;
    return bsearch(key, mapping->sorted, mapping->count, sizeof(*mapping->sorted), compare_key);
}

const struct yaml_node *yaml_get(const struct yaml_file *file, const struct yaml_node *mapping, const char *key)
{
    (void)file;
    const struct yaml_item *item = yaml_find(mapping, key);
    return item ? item->value : NULL;
}

bool yaml_is_mapping(const struct yaml_file *file, const struct yaml_node *node, const char *path, struct error *error)
{
    if (node && node->kind == YAML_MAPPING)
        return true;
    return yaml_error(file, node, path, error, "must be a mapping (`key: value` lines)");
}

bool yaml_is_null(const struct yaml_node *scalar)
{
    return scalar->plain && (*scalar->text == '\0' || strcmp(scalar->text, "~") == 0 || strcmp(scalar->text, "null") == 0);
}

const char *yaml_text(const struct yaml_file *file, const struct yaml_node *node, const char *path, struct error *error)
{
    if (!node || node->kind != YAML_SCALAR) {
        yaml_error(file, node, path, error, "must be a single value");
        return NULL;
    }
    if (yaml_is_null(node)) {
        yaml_error(file, node, path, error, "has no value; an empty text is written \"\"");
        return NULL;
    }
    return node->text;
}

int yaml_line(const struct yaml_node *node)
{
    return node ? node->line : 0;
}

/** Writes the message behind a position that is already written. */
static bool fail_at(struct error *error, const char *position, const char *path, const char *fmt, va_list args)
{
    char message[400];
    vsnprintf(message, sizeof(message), fmt, args);
    return error_set(error, ERROR_USAGE, "%s: %s%s%s", position, path, *path ? ": " : "", message);
}

bool yaml_error(const struct yaml_file *file, const struct yaml_node *node, const char *path, struct error *error,
                const char *fmt, ...)
{
    char position[320];
    if (node)
        snprintf(position, sizeof(position), "%s:%d", file->name, node->line);
    else
        snprintf(position, sizeof(position), "%s", file->name);
    va_list args;
    va_start(args, fmt);
    fail_at(error, position, path, fmt, args);
    va_end(args);
    return false;
}

const char *yaml_overridden(const struct yaml_file *file, const char *path, const char **origin)
{
    return file->override ? file->override(file->ctx, path, origin) : NULL;
}

bool yaml_field_error(const struct yaml_file *file, const struct yaml_node *mapping, const char *path, const char *field,
                      struct error *error, const char *fmt, ...)
{
    char full[YAML_PATH_MAX], position[320];
    const char *origin = NULL;
    snprintf(full, sizeof(full), "%s%s%s", path, *path ? "." : "", field);
    const struct yaml_item *item = yaml_find(mapping, field);
    if (yaml_overridden(file, full, &origin))
        snprintf(position, sizeof(position), "%s", origin);
    else if (item || mapping)
        snprintf(position, sizeof(position), "%s:%d", file->name, item ? item->value->line : mapping->line);
    else
        snprintf(position, sizeof(position), "%s", file->name);
    va_list args;
    va_start(args, fmt);
    fail_at(error, position, full, fmt, args);
    va_end(args);
    return false;
}

/** Edit distance with neighbours swapped counted as one; gives up (returns limit + 1) on long words. */
static size_t edit_distance(const char *a, const char *b, size_t limit)
{
    const size_t a_len = strlen(a), b_len = strlen(b);
    size_t rows[3][WORD_MAX + 1];
    if (a_len > WORD_MAX || b_len > WORD_MAX || (a_len > b_len ? a_len - b_len : b_len - a_len) > limit)
        return limit + 1;
    for (size_t j = 0; j <= b_len; j++)
        rows[0][j] = j;
    for (size_t i = 1; i <= a_len; i++) {
        size_t *row = rows[i % 3];
        const size_t *above = rows[(i + 2) % 3], *two_above = rows[(i + 1) % 3];
        row[0] = i;
        for (size_t j = 1; j <= b_len; j++) {
            size_t best = above[j - 1] + (a[i - 1] != b[j - 1]);
            best = above[j] + 1 < best ? above[j] + 1 : best;
            best = row[j - 1] + 1 < best ? row[j - 1] + 1 : best;
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] && two_above[j - 2] + 1 < best)
                best = two_above[j - 2] + 1;
            row[j] = best;
        }
    }
    return rows[a_len % 3][b_len];
}

const char *nearest_word(const char *word, const char *const *words, size_t count)
{
    const size_t len = strlen(word);
    size_t best = (len < 4 ? 1 : len < 9 ? 2 : 3) + 1;
    const char *nearest = NULL;
    for (size_t i = 0; i < count; i++) {
        const size_t distance = edit_distance(word, words[i], best);
        if (distance < best) {
            best = distance;
            nearest = words[i];
        }
    }
    return nearest;
}
