#include "tests/sim/json_out.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/json_text.h"

#define NUMBER_MAX 64

/** A new line with the blanks of the present depth. */
static void new_line(struct json_out *out)
{
    if (out->indent)
        buf_printf(out->buf, "\n%*s", out->indent * out->depth, "");
}

/** What stands before a value: comma, line and key. */
static void before_value(struct json_out *out, const char *key)
{
    if (out->comma)
        buf_append_str(out->buf, STR(","));
    if (out->depth)
        new_line(out);
    if (key) {
        json_put_string(out->buf, str_from(key));
        buf_append_str(out->buf, out->indent ? STR(": ") : STR(":"));
    }
    out->comma = true;
}

void out_begin(struct json_out *out, const char *key, char bracket)
{
    before_value(out, key);
    buf_append(out->buf, &bracket, 1);
    out->depth++;
    out->comma = false;
}

void out_end(struct json_out *out, char bracket)
{
    out->depth--;
    if (out->comma)
        new_line(out);
    buf_append(out->buf, &bracket, 1);
    out->comma = true;
}

void out_text(struct json_out *out, const char *key, const char *value)
{
    if (!value) {
        out_null(out, key);
        return;
    }
    before_value(out, key);
    json_put_string(out->buf, str_from(value));
}

void out_int(struct json_out *out, const char *key, int64_t value)
{
    before_value(out, key);
    buf_printf(out->buf, "%" PRId64, value);
}

void out_num(struct json_out *out, const char *key, double value)
{
    before_value(out, key);
    json_put_double(out->buf, value);
}

void out_bool(struct json_out *out, const char *key, bool value)
{
    before_value(out, key);
    buf_append_str(out->buf, value ? STR("true") : STR("false"));
}

void out_null(struct json_out *out, const char *key)
{
    before_value(out, key);
    buf_append_str(out->buf, STR("null"));
}

double round_decimals(double value, int digits)
{
    char text[400];
    snprintf(text, sizeof(text), "%.*f", digits, value);
    return strtod(text, NULL);
}

double round_significant(double value, int digits)
{
    char text[NUMBER_MAX];
    snprintf(text, sizeof(text), "%.*e", digits - 1, value);
    return strtod(text, NULL);
}
