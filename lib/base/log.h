/*
 * Structured log to stderr: logfmt or one JSON object per line.
 *
 *     log_warn("ingest.fetch", "fetch failed", F_STR("provider", name), F_INT("http_status", 429));
 *
 * The component is dotted; its level is that of the longest configured prefix (`ingest.fetch=debug`). Values are escaped, so
 * hostile text cannot forge a line. A field whose key is password, secret, token, key or conninfo is written as ****.
 *
 * Threads: any; a line is written by one write(2).
 */
#ifndef QUOTEBUS_BASE_LOG_H
#define QUOTEBUS_BASE_LOG_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/error.h"

enum log_level { LOG_LEVEL_DEBUG, LOG_LEVEL_INFO, LOG_LEVEL_WARN, LOG_LEVEL_ERROR, LOG_LEVEL_OFF };
enum log_format { LOG_FORMAT_LOGFMT, LOG_FORMAT_JSON };

enum log_field_kind { LOG_FIELD_END = 0, LOG_FIELD_STR, LOG_FIELD_INT, LOG_FIELD_DOUBLE };
struct log_field {
    enum log_field_kind kind;
    const char *key;
    struct str str;
    int64_t integer;
    double real;
};

#define F_STR(k, v) ((struct log_field){.kind = LOG_FIELD_STR, .key = (k), .str = str_from(v)})
#define F_SLICE(k, v) ((struct log_field){.kind = LOG_FIELD_STR, .key = (k), .str = (v)})
#define F_INT(k, v) ((struct log_field){.kind = LOG_FIELD_INT, .key = (k), .integer = (int64_t)(v)})
#define F_DOUBLE(k, v) ((struct log_field){.kind = LOG_FIELD_DOUBLE, .key = (k), .real = (v)})
/** The message of a struct error, as field `error`. */
#define F_ERR(e) F_STR("error", (e)->message)

/** Sets format and level. `overrides`: `component=level` texts (may be NULL). Call before threads start. */
bool log_configure(enum log_format format, const char *level, const char *const *overrides, size_t override_count,
                   struct error *error) MUST_CHECK;
/** Name put on every line as `stage=`; kept by reference. */
void log_set_stage(const char *stage);
/** Whether a line of that level would be written. */
bool log_enabled(enum log_level level, const char *component);
/** Writes one line; `fields` ends with a zeroed entry. */
void log_write(enum log_level level, const char *component, const char *message, const struct log_field *fields);
/** Formats one line into `out` without writing it: the pure half, for tests. */
void log_format_line(struct buf *out, enum log_format format, int64_t now_us, enum log_level level, const char *stage,
                     const char *component, const char *message, const struct log_field *fields);

#define LOG_FIELDS(level, component, message, ...)                                                                               \
    log_write((level), (component), (message), (const struct log_field[]){__VA_ARGS__})
/** log_write with the message and any number of fields as variable arguments; the zeroed entry ends them. */
#define LOG_AT(level, component, ...) LOG_FIELDS(level, component, __VA_ARGS__, {0})
#define log_debug(component, ...) LOG_AT(LOG_LEVEL_DEBUG, component, __VA_ARGS__)
#define log_info(component, ...) LOG_AT(LOG_LEVEL_INFO, component, __VA_ARGS__)
#define log_warn(component, ...) LOG_AT(LOG_LEVEL_WARN, component, __VA_ARGS__)
#define log_error(component, ...) LOG_AT(LOG_LEVEL_ERROR, component, __VA_ARGS__)

#endif
