#include "base/log.h"

#include <math.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/utf8.h"

/** Longest value written; the rest of a longer one is cut, so that a hostile text cannot flood the log. */
#define VALUE_MAX 2048
#define OVERRIDE_MAX 64
/** Longest component that can have a level of its own. */
#define COMPONENT_MAX 63

static const char *const level_names[] = {"debug", "info", "warn", "error", "off"};

/** Level of one component and of all below it. */
struct level_override {
    char component[COMPONENT_MAX + 1];
    enum log_level level;
};

static struct {
    enum log_format format;
    enum log_level level;
    struct level_override overrides[OVERRIDE_MAX];
    size_t override_count;
    const char *stage;
} settings = {.format = LOG_FORMAT_LOGFMT, .level = LOG_LEVEL_INFO, .stage = "quotebus"};

/** Finds a level by its name. */
static bool level_from(struct str name, enum log_level *level)
{
    for (size_t i = 0; i < sizeof(level_names) / sizeof(level_names[0]); i++) {
        if (str_is(name, level_names[i])) {
            *level = (enum log_level)i;
            return true;
        }
    }
    return false;
}

/** Reads one `component=level`. */
static bool add_override(const char *text, struct error *error)
{
    const char *equals = strchr(text, '=');
    enum log_level level;
    if (!equals || equals == text || equals - text > COMPONENT_MAX || !level_from(str_from(equals + 1), &level))
        return error_set(error, ERROR_USAGE,
                         "log component '%.80s': write component=level, the level one of debug, info, warn, error, off", text);
    struct level_override *override = &settings.overrides[settings.override_count++];
    *override = (struct level_override){.level = level};
    memcpy(override->component, text, (size_t)(equals - text));
    return true;
}

bool log_configure(enum log_format format, const char *level, const char *const *overrides, size_t override_count,
                   struct error *error)
{
    enum log_level base;
    if (!level_from(str_from(level), &base))
        return error_set(error, ERROR_USAGE, "log level '%.40s': write debug, info, warn, error or off", level);
    if (override_count > OVERRIDE_MAX)
        return error_set(error, ERROR_USAGE, "log components: %zu are given, at most %d are taken", override_count, OVERRIDE_MAX);
    settings.format = format;
    settings.level = base;
    settings.override_count = 0;
    for (size_t i = 0; i < override_count; i++) {
        if (!add_override(overrides[i], error))
            return false;
    }
    return true;
}

void log_set_stage(const char *stage)
{
    settings.stage = stage;
}

/** Whether `prefix` is the component itself or a dotted ancestor of it. */
static bool covers(const char *prefix, const char *component)
{
    const size_t len = strlen(prefix);
    return strncmp(component, prefix, len) == 0 && (component[len] == '\0' || component[len] == '.');
}

bool log_enabled(enum log_level level, const char *component)
{
    enum log_level threshold = settings.level;
    size_t longest = 0;
    for (size_t i = 0; i < settings.override_count; i++) {
        const struct level_override *override = &settings.overrides[i];
        const size_t len = strlen(override->component);
        if (len >= longest && covers(override->component, component)) {
            longest = len;
            threshold = override->level;
        }
    }
    return level >= threshold && level < LOG_LEVEL_OFF;
}

/** Whether a field's value must not be shown. */
static bool is_secret(const char *key)
{
    static const char *const secrets[] = {"password", "secret", "token", "key", "api_key", "apikey", "conninfo"};
    for (size_t i = 0; i < sizeof(secrets) / sizeof(secrets[0]); i++) {
        if (strcasecmp(key, secrets[i]) == 0)
            return true;
    }
    return false;
}

/** Bytes that can be written as they are inside of quotes, 0 when the first must be escaped. */
static size_t plain_length(const uint8_t *at, const uint8_t *end)
{
    /* C1 controls drive terminals just as ESC does. */
    const bool c1_control = *at == 0xc2 && at + 1 < end && at[1] < 0xa0;
    if (*at < 0x20 || *at == 0x7f || *at == '"' || *at == '\\' || c1_control)
        return 0;
    return utf8_character(at, end);
}

/** Writes one byte as it stands inside of quotes. */
static void append_escaped_byte(struct buf *out, unsigned char c)
{
    static const char plain[] = "\"\\\n\r\t";
    static const char letters[] = "\"\\nrt";
    const char *found = c ? strchr(plain, c) : NULL;
    if (found)
        buf_printf(out, "\\%c", letters[found - plain]);
    else
        buf_printf(out, "\\u%04x", c);
}

/** Appends a quoted text that no reader takes for more than one value: valid in JSON and in logfmt. */
static void append_quoted(struct buf *out, struct str text)
{
    const size_t shown = text.len < VALUE_MAX ? text.len : VALUE_MAX;
    const uint8_t *at = (const uint8_t *)text.ptr;
    const uint8_t *end = shown ? at + shown : at;
    buf_append(out, "\"", 1);
    while (at < end) {
        const size_t length = plain_length(at, end);
        if (length)
            buf_append(out, at, length);
        else
            append_escaped_byte(out, *at);
        at += length ? length : 1;
    }
    buf_append_str(out, text.len > VALUE_MAX ? STR("...\"") : STR("\""));
}

/** Appends a logfmt value, quoted only when it must be. */
static void append_logfmt(struct buf *out, struct str text)
{
    bool bare = text.len > 0 && text.len <= VALUE_MAX;
    for (size_t i = 0; bare && i < text.len; i++)
        bare = text.ptr[i] > ' ' && text.ptr[i] < 0x7f && text.ptr[i] != '"' && text.ptr[i] != '=' && text.ptr[i] != '\\';
    if (bare)
        buf_append_str(out, text);
    else
        append_quoted(out, text);
}

/** Appends `key=` or `,"key":`. */
static void append_key(struct buf *out, enum log_format format, const char *key)
{
    if (format == LOG_FORMAT_LOGFMT) {
        buf_printf(out, " %s=", key);
        return;
    }
    buf_append(out, ",", 1);
    append_quoted(out, str_from(key));
    buf_append(out, ":", 1);
}

/** Appends a pair whose value is text. */
static void append_text(struct buf *out, enum log_format format, const char *key, struct str value)
{
    append_key(out, format, key);
    if (format == LOG_FORMAT_LOGFMT)
        append_logfmt(out, value);
    else
        append_quoted(out, value);
}

/** Appends a field by its kind. JSON has no NaN or infinity, so they become null there. */
static void append_field(struct buf *out, enum log_format format, const struct log_field *field)
{
    if (is_secret(field->key)) {
        append_text(out, format, field->key, STR("****"));
        return;
    }
    if (field->kind == LOG_FIELD_STR) {
        append_text(out, format, field->key, field->str);
        return;
    }
    append_key(out, format, field->key);
    if (field->kind == LOG_FIELD_INT)
        buf_printf(out, "%lld", (long long)field->integer);
    else if (format == LOG_FORMAT_JSON && !isfinite(field->real))
        buf_append_str(out, STR("null"));
    else
        buf_printf(out, "%.10g", field->real);
}

void log_format_line(struct buf *out, enum log_format format, int64_t now_us, enum log_level level, const char *stage,
                     const char *component, const char *message, const struct log_field *fields)
{
    char time_text[TIME_TEXT_MAX];
    const bool json = format == LOG_FORMAT_JSON;
    buf_printf(out, "%s%s%s", json ? "{\"ts\":\"" : "ts=", time_format_us(now_us, time_text), json ? "\"" : "");
    append_text(out, format, "level", str_from(level_names[level]));
    append_text(out, format, "stage", str_from(stage));
    append_text(out, format, "component", str_from(component));
    append_text(out, format, "msg", str_from(message));
    for (; fields && fields->kind != LOG_FIELD_END; fields++)
        append_field(out, format, fields);
    buf_append_str(out, json ? STR("}\n") : STR("\n"));
}

void log_write(enum log_level level, const char *component, const char *message, const struct log_field *fields)
{
    if (!log_enabled(level, component))
        return;
    struct buf line = {0};
    log_format_line(&line, settings.format, clock_wall_us(), level, settings.stage, component, message, fields);
    /* A log that cannot be written must not stop the stage. */
    const ssize_t written = write(STDERR_FILENO, line.data, line.len);
    (void)written;
    buf_clear(&line);
}
