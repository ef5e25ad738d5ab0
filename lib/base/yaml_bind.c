#include <assert.h>
#include <errno.h>
#include <locale.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/config.h"
#include "base/utf8.h"
#include "base/yaml_tree.h"

/** Known keys that an "unknown key" error compares with. */
#define KEYS_MAX 64

/** One field on its way from text into the struct. */
struct binding {
    const struct yaml_file *file;
    const struct yaml_node *mapping;
    const char *path;
    const struct yaml_field *field;
    void *place;
    struct arena *memory;
    struct error *error;
};

/** An error at the field, wherever its value came from. Returns false. */
#define FAIL(binding, ...)                                                                                                       \
    yaml_field_error((binding)->file, (binding)->mapping, (binding)->path, (binding)->field->name, (binding)->error, __VA_ARGS__)

/** Refuses what no text of a configuration has, and what would end or garble a line, a header or a record that it goes into. */
static bool check_text(const struct binding *binding, const char *text)
{
    for (const char *p = text; *p; p++) {
        if ((unsigned char)*p < ' ' || *p == 0x7f)
            return FAIL(binding, "'%.60s' has a control character (byte 0x%02x)", text, (unsigned char)*p);
    }
    return utf8_valid(str_from(text)) || FAIL(binding, "'%.60s' is not valid UTF-8", text);
}

/** Text, copied. */
static bool put_text(const struct binding *binding, const char *text)
{
    if (!check_text(binding, text))
        return false;
    *(char **)binding->place = arena_strdup(binding->memory, str_from(text));
    return true;
}

/** A whole decimal number within the field's bounds. */
static bool put_int(const struct binding *binding, const char *text)
{
    const size_t sign = *text == '-';
    const size_t digits = strspn(text + sign, "0123456789");
    errno = 0;
    const long long value = strtoll(text, NULL, 10);
    if (digits == 0 || text[sign + digits] != '\0' || errno == ERANGE)
        return FAIL(binding, "'%.60s' is not a whole number", text);
    if ((double)value < binding->field->min || (double)value > binding->field->max)
        return FAIL(binding, "%lld is not between %.0f and %.0f", value, binding->field->min, binding->field->max);
    *(int64_t *)binding->place = value;
    return true;
}

/** A finite decimal number within the field's bounds, with a point whatever the locale. */
static bool put_double(const struct binding *binding, const char *text)
{
    char *end = NULL;
    double value = NAN;
    if (*text && strspn(text, "0123456789.eE+-") == strlen(text)) {
        const locale_t neutral = newlocale(LC_ALL_MASK, "C", (locale_t)0);
        value = strtod_l(text, &end, neutral);
        freelocale(neutral);
    }
    if (!end || *end != '\0' || !isfinite(value))
        return FAIL(binding, "'%.60s' is not a number", text);
    if (value < binding->field->min || value > binding->field->max)
        return FAIL(binding, "%.60s is not between %g and %g", text, binding->field->min, binding->field->max);
    *(double *)binding->place = value;
    return true;
}

/** true or false. */
static bool put_bool(const struct binding *binding, const char *text)
{
    if (strcmp(text, "true") != 0 && strcmp(text, "false") != 0)
        return FAIL(binding, "'%.60s' is neither true nor false", text);
    *(bool *)binding->place = *text == 't';
    return true;
}

/** A list written in one text, separated by commas. */
static bool put_list(const struct binding *binding, const char *text)
{
    struct string_list *list = binding->place;
    *list = (struct string_list){0};
    if (*text == '\0')
        return true;
    if (!check_text(binding, text))
        return false;
    size_t commas = 0;
    for (const char *p = text; *p; p++)
        commas += *p == ',';
    list->items = arena_alloc(binding->memory, (commas + 1) * sizeof(*list->items));
    for (const char *p = text; p; p = strchr(p, ',') ? strchr(p, ',') + 1 : NULL) {
        p += strspn(p, " ");
        size_t len = strcspn(p, ",");
        while (len && p[len - 1] == ' ')
            len--;
        if (len == 0)
            return FAIL(binding, "'%.60s' has an empty element", text);
        list->items[list->count++] = arena_strdup(binding->memory, (struct str){.ptr = p, .len = len});
    }
    return true;
}

static bool (*const put[])(const struct binding *, const char *) = {
    [YAML_TYPE_TEXT] = put_text, [YAML_TYPE_INT] = put_int,        [YAML_TYPE_DOUBLE] = put_double,
    [YAML_TYPE_BOOL] = put_bool, [YAML_TYPE_TEXT_LIST] = put_list,
};

/** A list written as a YAML sequence of single values. */
static bool put_sequence(const struct binding *binding, const struct yaml_node *node)
{
    struct string_list *list = binding->place;
    if (node->kind != YAML_SEQUENCE)
        return FAIL(binding, "must be a list, e.g. [a, b]");
    *list = (struct string_list){.items = arena_alloc(binding->memory, node->count * sizeof(*list->items))};
    for (size_t i = 0; i < node->count; i++) {
        const struct yaml_node *element = node->items[i].value;
        if (element->kind != YAML_SCALAR || yaml_is_null(element) || *element->text == '\0')
            return FAIL(binding, "element %zu must be a single value", i + 1);
        if (!check_text(binding, element->text))
            return false;
        list->items[list->count++] = arena_strdup(binding->memory, str_from(element->text));
    }
    return true;
}

/** Tells whoever watches about a list that the file has as a sequence: as one text. */
static void tell_sequence(const struct binding *binding, struct yaml_value *value)
{
    const struct string_list *list = binding->place;
    struct buf text = {0};
    for (size_t i = 0; i < list->count; i++)
        buf_printf(&text, "%s%s", i ? ", " : "", list->items[i]);
    buf_append(&text, "", 1);
    value->text = (const char *)text.data;
    binding->file->watch(binding->file->watch_ctx, value);
    buf_clear(&text);
}

/** Finds where a field's text comes from: an override, the file, or its default. *sequence gets a list of the file. */
static bool find_value(const struct binding *binding, struct yaml_value *value, const struct yaml_node **sequence)
{
    const struct yaml_field *field = binding->field;
    value->text = yaml_overridden(binding->file, value->path, &value->origin);
    if (value->text)
        return true;
    const struct yaml_item *item = yaml_find(binding->mapping, field->name);
    if (!item && !field->fallback)
        return yaml_error(binding->file, binding->mapping, value->path, binding->error, "is required");
    value->text = field->fallback;
    if (!item)
        return true;
    value->line = item->line;
    if (field->type == YAML_TYPE_TEXT_LIST)
        *sequence = item->value;
    else
        value->text = yaml_text(binding->file, item->value, value->path, binding->error);
    return *sequence || value->text;
}

/** Fills one field and tells whoever watches. */
static bool bind_field(const struct binding *binding)
{
    char path[YAML_PATH_MAX];
    struct yaml_value value = {.path = path};
    const struct yaml_node *sequence = NULL;
    const int len = snprintf(path, sizeof(path), "%s%s%s", binding->path, *binding->path ? "." : "", binding->field->name);
    if (len < 0 || (size_t)len >= sizeof(path))
        return yaml_error(binding->file, binding->mapping, "", binding->error, "the key %.60s... is too long", binding->path);
    if (!find_value(binding, &value, &sequence))
        return false;
    if (sequence ? !put_sequence(binding, sequence) : !put[binding->field->type](binding, value.text))
        return false;
    if (binding->file->watch && sequence)
        tell_sequence(binding, &value);
    else if (binding->file->watch)
        binding->file->watch(binding->file->watch_ctx, &value);
    return true;
}

/** Refuses a key that is neither field nor child, naming the nearest one. */
static bool check_key(const struct yaml_file *file, const struct yaml_item *item, const char *path, const char *const *known,
                      size_t known_count, struct error *error)
{
    char full[YAML_PATH_MAX];
    for (size_t i = 0; i < known_count; i++) {
        if (strcmp(known[i], item->key) == 0)
            return true;
    }
    const struct yaml_node at = {.line = item->line};
    const char *nearest = nearest_word(item->key, known, known_count);
    snprintf(full, sizeof(full), "%s%s%.80s", path, *path ? "." : "", item->key);
    if (nearest)
        return yaml_error(file, &at, full, error, "unknown key; did you mean %s?", nearest);
    struct buf all = {0};
    for (size_t i = 0; i < known_count; i++)
        buf_printf(&all, "%s%s", i ? ", " : "", known[i]);
    yaml_error(file, &at, full, error, "unknown key; known are %.*s", STR_ARG(buf_str(&all)));
    buf_clear(&all);
    return false;
}

bool yaml_check_keys(const struct yaml_file *file, const struct yaml_node *mapping, const char *path,
                     const struct yaml_field *fields, size_t field_count, const char *const *children, struct error *error)
{
    const char *known[KEYS_MAX];
    size_t known_count = 0;
    if (!mapping)
        return true;
    if (!yaml_is_mapping(file, mapping, path, error))
        return false;
    for (size_t i = 0; i < field_count && known_count < KEYS_MAX; i++)
        known[known_count++] = fields[i].name;
    for (; children && *children && known_count < KEYS_MAX; children++)
        known[known_count++] = *children;
    assert(known_count < KEYS_MAX && "a table has fewer fields");
    for (size_t i = 0; i < mapping->count; i++) {
        if (!check_key(file, &mapping->items[i], path, known, known_count, error))
            return false;
    }
    return true;
}

bool yaml_bind(const struct yaml_file *file, const struct yaml_node *mapping, const char *path, const struct yaml_field *fields,
               size_t field_count, const char *const *children, void *target, struct arena *memory, struct error *error)
{
    if (!yaml_check_keys(file, mapping, path, fields, field_count, children, error))
        return false;
    for (size_t i = 0; i < field_count; i++) {
        const struct binding binding = {.file = file,
                                        .mapping = mapping,
                                        .path = path,
                                        .field = &fields[i],
                                        .place = (char *)target + fields[i].offset,
                                        .memory = memory,
                                        .error = error};
        if (!bind_field(&binding))
            return false;
    }
    return true;
}
