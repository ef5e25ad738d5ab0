#include "cli/body_diff.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/number_text.h"
#include "bus/avro_json.h"

const struct column body_diff_columns[3] = {
    {"field", "FIELD", COLUMN_TEXT}, {"live", "LIVE", COLUMN_TEXT}, {"again", "AGAIN", COLUMN_TEXT}};

/** A body as a JSON object; NULL when it is none. */
static json_t *parse(const struct avro_shape *shape, struct str body, struct error *error)
{
    struct buf text = {0};
    json_t *value = NULL;
    if (avro_shape_walk(shape, body, &text, error)) {
        value = json_loadb((const char *)text.data, text.len, 0, NULL);
        if (!json_is_object(value)) {
            json_decref(value);
            value = NULL;
            (void)error_set(error, ERROR_INVALID, "the record cannot be shown as a JSON object");
        }
    }
    buf_clear(&text);
    return value;
}

void body_diff_row(struct grid *grid, const char *field, const char *live, const char *again)
{
    grid_text(grid, field);
    grid_text(grid, live);
    grid_text(grid, again);
}

/** A value as JSON text; freed with free(). Numbers as they are written everywhere else. */
static char *value_text(json_t *value)
{
    char number[DOUBLE_TEXT_MAX];
    if (json_is_real(value))
        return xstrdup(double_text(json_real_value(value), number));
    return value ? json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY | JSON_REAL_PRECISION(17)) : NULL;
}

/** Adds a row for each key whose values differ. */
static void diff_objects(json_t *live, json_t *again, struct grid *grid)
{
    const char *key;
    json_t *value;
    json_object_foreach(live, key, value)
    {
        char *one = value_text(value);
        char *other = value_text(json_object_get(again, key));
        if (!one || !other || strcmp(one, other) != 0)
            body_diff_row(grid, key, one, other);
        free(one);
        free(other);
    }
}

bool body_diff(const char *schema_json, struct str live, struct str again, struct grid *grid, struct error *error)
{
    struct avro_shape *shape = avro_shape_new(schema_json, error);
    json_t *one = shape ? parse(shape, live, error) : NULL;
    json_t *other = one ? parse(shape, again, error) : NULL;
    if (other)
        diff_objects(one, other, grid);
    const bool ok = other != NULL;
    json_decref(one);
    json_decref(other);
    avro_shape_free(shape);
    return ok;
}
