#include "ingest/json.h"

#include <math.h>
#include <stdio.h>
#include <strings.h>

#include "base/clock.h"
#include "ingest/number.h"

/** Entries of an array that json_find looks at. */
#define FIND_MAX 2000
/** 9999-12-31T23:59:59Z. */
#define EPOCH_MAX_S 253402300799.0

/** Where the scan is in a text. */
struct scan {
    size_t depth;
    size_t nodes;
    bool in_string;
    bool escaped;
};

/** Follows strings, so that brackets in them do not count. */
static void scan_string(struct scan *scan, char c)
{
    if (scan->escaped) {
        scan->escaped = false;
    } else if (c == '\\') {
        scan->escaped = true;
    } else if (c == '"') {
        scan->in_string = false;
    }
}

/** Counts brackets and commas outside of strings; false when a bound is passed. */
static bool scan_structure(struct scan *scan, char c)
{
    switch (c) {
    case '"':
        scan->in_string = true;
        break;
    case '[':
    case '{':
        scan->depth++;
        scan->nodes++;
        break;
    case ']':
    case '}':
        scan->depth -= scan->depth > 0 ? 1 : 0;
        break;
    case ',':
        scan->nodes++;
        break;
    default:
        break;
    }
    return scan->depth <= JSON_DEPTH_MAX && scan->nodes <= JSON_NODES_MAX;
}

/** Whether a body keeps to the bounds of depth and number of values. */
static bool within_bounds(struct str body)
{
    struct scan scan = {0};
    for (size_t i = 0; i < body.len; i++) {
        if (scan.in_string) {
            scan_string(&scan, body.ptr[i]);
        } else if (!scan_structure(&scan, body.ptr[i])) {
            return false;
        }
    }
    return true;
}

/** What is wrong, in our own words: jansson's repeat the body, which may repeat an API key. */
static const char *problem_words(const json_error_t *error)
{
    switch (json_error_code(error)) {
    case json_error_premature_end_of_input:
        return "it ends too early";
    case json_error_end_of_input_expected:
        return "there is more behind its end";
    case json_error_invalid_utf8:
        return "it is not UTF-8";
    case json_error_duplicate_key:
        return "a key stands twice";
    case json_error_numeric_overflow:
        return "a number is out of range";
    default:
        return "its syntax is wrong";
    }
}

json_t *json_read(struct str body, char why[120])
{
    json_error_t error;
    if (!within_bounds(body)) {
        snprintf(why, 120, "nested deeper than %d or more than %d values", JSON_DEPTH_MAX, JSON_NODES_MAX);
        return NULL;
    }
    json_t *root = json_loadb(body.ptr, body.len, JSON_REJECT_DUPLICATES | JSON_DECODE_INT_AS_REAL, &error);
    if (root == NULL) {
        snprintf(why, 120, "%s (byte %d)", problem_words(&error), error.position);
    }
    return root;
}

/** A finite number; unset for anything else. */
static struct opt_double number_of(const json_t *value)
{
    if (!json_is_number(value) || !isfinite(json_number_value(value))) {
        return (struct opt_double){0};
    }
    return SOME_DOUBLE(json_number_value(value));
}

/** A number, or a text that is one. */
static struct opt_double number_or_text_of(const json_t *value)
{
    double number;
    if (!json_is_string(value)) {
        return number_of(value);
    }
    const struct str text = {.ptr = json_string_value(value), .len = json_string_length(value)};
    return number_from_text(text, &number) ? SOME_DOUBLE(number) : (struct opt_double){0};
}

struct opt_double json_number(const json_t *object, const char *key)
{
    return number_of(json_object_get(object, key));
}

struct opt_double json_number_text(const json_t *object, const char *key)
{
    return number_or_text_of(json_object_get(object, key));
}

struct opt_double json_number_text_at(const json_t *array, size_t index)
{
    return number_or_text_of(json_array_get(array, index));
}

struct opt_str json_text(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    if (!json_is_string(value)) {
        return (struct opt_str){0};
    }
    return SOME_STR(((struct str){.ptr = json_string_value(value), .len = json_string_length(value)}));
}

/** A time in units of `unit_us` since the epoch. */
static struct opt_long epoch_of(struct opt_double time, int64_t unit_us)
{
    if (!time.set || time.value < 0 || time.value * (double)unit_us > EPOCH_MAX_S * (double)US_PER_S) {
        return (struct opt_long){0};
    }
    return SOME_LONG((int64_t)(time.value * (double)unit_us));
}

struct opt_long json_epoch_us(const json_t *object, const char *key)
{
    return epoch_of(json_number(object, key), US_PER_S);
}

struct opt_long json_epoch_ms_us(const json_t *object, const char *key)
{
    return epoch_of(json_number(object, key), US_PER_MS);
}

const json_t *json_find(const json_t *array, const char *key, const char *value)
{
    size_t count = json_array_size(array);
    for (size_t i = 0; i < count && i < FIND_MAX; i++) {
        const json_t *entry = json_array_get(array, i);
        const char *text = json_string_value(json_object_get(entry, key));
        if (text != NULL && strcasecmp(text, value) == 0) {
            return entry;
        }
    }
    return NULL;
}
