#include "cli/csv.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/number_text.h"

void csv_put(struct buf *out, struct str text)
{
    bool plain = text.len > 0;
    for (size_t i = 0; plain && i < text.len; i++)
        plain = text.ptr[i] == '\0' || !strchr("\",\r\n", text.ptr[i]);
    if (plain) {
        buf_append_str(out, text);
        return;
    }
    buf_append_str(out, STR("\""));
    for (size_t i = 0; i < text.len; i++)
        buf_append(out, text.ptr[i] == '"' ? "\"\"" : &text.ptr[i], text.ptr[i] == '"' ? 2 : 1);
    buf_append_str(out, STR("\""));
}

/** A list or an object. */
static void put_structure(struct buf *out, const json_t *value)
{
    char *text = json_dumps(value, JSON_COMPACT);
    csv_put(out, str_from(text ? text : ""));
    free(text);
}

void csv_put_json(struct buf *out, const json_t *value)
{
    char number[DOUBLE_TEXT_MAX];
    switch (json_typeof(value)) {
    case JSON_NULL:
        break;
    case JSON_TRUE:
    case JSON_FALSE:
        buf_append_str(out, json_is_true(value) ? STR("true") : STR("false"));
        break;
    case JSON_INTEGER:
        buf_printf(out, "%" PRId64, (int64_t)json_integer_value(value));
        break;
    case JSON_REAL:
        buf_append_str(out, str_from(double_text(json_real_value(value), number)));
        break;
    case JSON_STRING:
        csv_put(out, (struct str){.ptr = json_string_value(value), .len = json_string_length(value)});
        break;
    default:
        put_structure(out, value);
    }
}

void csv_end(struct buf *out)
{
    buf_append_str(out, STR("\r\n"));
}
