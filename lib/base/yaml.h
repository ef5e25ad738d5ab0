/*
 * YAML files bound to structs by tables of fields, with errors that name file, line and field.
 *
 * libyaml parses; a table says for each scalar its name, type, place in the struct, default and bounds:
 *
 *     static const struct yaml_field fields[] = {
 *         YAML_TEXT(struct kafka_settings, brokers, "127.0.0.1:9092"),
 *         YAML_INT(struct ingest_settings, retry_attempts, "3", 1, 10),
 *     };
 *     yaml_bind(file, node, "kafka", fields, 2, allowed_children, &settings, &error)
 *
 * Bounds: files up to 16 MiB, a million values, nesting up to 32. Anchors, aliases, tags and more than one document are refused.
 * Duplicate keys are errors, and so are texts with control characters. Threads: one.
 */
#ifndef QUOTEBUS_BASE_YAML_H
#define QUOTEBUS_BASE_YAML_H

#include <stdbool.h>
#include <stddef.h>

#include "base/bytes.h"
#include "base/error.h"

struct yaml_file; /* a parsed file with its overrides */
struct yaml_node; /* a node of it, borrowed */

enum yaml_type { YAML_TYPE_TEXT, YAML_TYPE_INT, YAML_TYPE_DOUBLE, YAML_TYPE_BOOL, YAML_TYPE_TEXT_LIST };

struct yaml_field {
    const char *name;
    enum yaml_type type;
    size_t offset;        /**< char *, int64_t, double, bool or struct string_list in the target */
    const char *fallback; /**< default as text; NULL: required */
    double min, max;      /**< of numbers, inclusive */
};

#define YAML_TEXT(type_, member, fallback_)                                                                                      \
    {                                                                                                                            \
#member, YAML_TYPE_TEXT, offsetof(type_, member), (fallback_), 0, 0                                                      \
    }
#define YAML_INT(type_, member, fallback_, min_, max_)                                                                           \
    {                                                                                                                            \
#member, YAML_TYPE_INT, offsetof(type_, member), (fallback_), (min_), (max_)                                             \
    }
#define YAML_DOUBLE(type_, member, fallback_, min_, max_)                                                                        \
    {                                                                                                                            \
#member, YAML_TYPE_DOUBLE, offsetof(type_, member), (fallback_), (min_), (max_)                                          \
    }
#define YAML_BOOL(type_, member, fallback_)                                                                                      \
    {                                                                                                                            \
#member, YAML_TYPE_BOOL, offsetof(type_, member), (fallback_), 0, 0                                                      \
    }
#define YAML_TEXT_LIST(type_, member)                                                                                            \
    {                                                                                                                            \
#member, YAML_TYPE_TEXT_LIST, offsetof(type_, member), "", 0, 0                                                          \
    }

/** Says whether a scalar at `path` (e.g. kafka.brokers) is overridden: the text, or NULL. `origin` gets where it comes from. */
typedef const char *(*yaml_override_fn)(void *ctx, const char *path, const char **origin);

/** One field as it was bound. Texts are borrowed for the time of the call. */
struct yaml_value {
    const char *path;   /**< kafka.brokers */
    const char *text;   /**< as it stands there; the elements of a list with commas between them */
    const char *origin; /**< what overrides it (a flag or a variable), NULL: the file or a default */
    int line;           /**< in the file, from 1; 0: not from the file */
};
typedef void (*yaml_watch_fn)(void *ctx, const struct yaml_value *value);

/** Parses a file. NULL on failure. */
struct yaml_file *yaml_open(const char *path, yaml_override_fn override, void *ctx, struct error *error) MUST_CHECK;
/** Parses a text; `name` stands for the file in errors. */
struct yaml_file *yaml_open_text(const char *name, struct str text, yaml_override_fn override, void *ctx,
                                 struct error *error) MUST_CHECK;
/** Appends the bytes of a file to `text`, for callers that need them beside the parsed form (yaml_open_text). */
bool yaml_read(const char *path, struct buf *text, struct error *error) MUST_CHECK;
void yaml_close(struct yaml_file *file);
/** Has each field told to `watch` when yaml_bind has filled it. NULL: nobody watches. */
void yaml_watch(struct yaml_file *file, yaml_watch_fn watch, void *ctx);

/** The root mapping. */
const struct yaml_node *yaml_root(const struct yaml_file *file);
/** Number of entries of a mapping (0 for NULL). */
size_t yaml_count(const struct yaml_node *mapping);
/** Entry `i` of a mapping: its key (borrowed until yaml_close) and value. */
const struct yaml_node *yaml_entry(const struct yaml_file *file, const struct yaml_node *mapping, size_t i, const char **key);
/** The value of a key, or NULL. */
const struct yaml_node *yaml_get(const struct yaml_file *file, const struct yaml_node *mapping, const char *key);
/** True for a mapping; false fills `error` ("must be a mapping"). */
bool yaml_is_mapping(const struct yaml_file *file, const struct yaml_node *node, const char *path,
                     struct error *error) MUST_CHECK;
/** The text of a scalar node; NULL and an error otherwise. */
const char *yaml_text(const struct yaml_file *file, const struct yaml_node *node, const char *path,
                      struct error *error) MUST_CHECK;
/** Line of a node, from 1. */
int yaml_line(const struct yaml_node *node);

/**
 * Fills `target` from a mapping (NULL node: all defaults). Keys that are neither fields nor in `children` (NULL-terminated,
 * may be NULL) are errors that name the nearest known key. Texts are copied into `memory`. `path` is the field's name in errors
 * and overrides.
 */
bool yaml_bind(const struct yaml_file *file, const struct yaml_node *mapping, const char *path, const struct yaml_field *fields,
               size_t field_count, const char *const *children, void *target, struct arena *memory,
               struct error *error) MUST_CHECK;

/** Fills `error` with `file:line: path: message`; ERROR_USAGE. Returns false. */
bool yaml_error(const struct yaml_file *file, const struct yaml_node *node, const char *path, struct error *error,
                const char *fmt, ...) PRINTF_LIKE(5, 6);

/** Longest path of a field in errors and overrides, with the NUL. */
#define YAML_PATH_MAX 256

/** The text that overrides the field at `path`, or NULL; `origin` gets where it comes from. */
const char *yaml_overridden(const struct yaml_file *file, const char *path, const char **origin);

/**
 * Like yaml_error for field `path`.`field` of `mapping` (may be NULL): the position is that of its value, or the flag or
 * variable that overrides it.
 */
bool yaml_field_error(const struct yaml_file *file, const struct yaml_node *mapping, const char *path, const char *field,
                      struct error *error, const char *fmt, ...) PRINTF_LIKE(6, 7);

/** Refuses what is no mapping, and keys that are neither fields nor children (what yaml_bind does first). NULL is fine. */
bool yaml_check_keys(const struct yaml_file *file, const struct yaml_node *mapping, const char *path,
                     const struct yaml_field *fields, size_t field_count, const char *const *children,
                     struct error *error) MUST_CHECK;

/** The word of `words` nearest to `word` by edit distance, or NULL when none is near. For "did you mean". */
const char *nearest_word(const char *word, const char *const *words, size_t count);

#endif
