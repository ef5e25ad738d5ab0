#include "base/json_text.h"

#include <math.h>
#include <string.h>

#include "base/clock.h"
#include "base/number_text.h"

/** Appends one byte that may not stand in a JSON string as it is. */
static void put_escaped(struct buf *out, unsigned char byte)
{
    static const char from[] = "\"\\\n\r\t\b\f";
    static const char to[] = "\"\\nrtbf";
    const char *found = byte ? strchr(from, byte) : NULL;
    if (found)
        buf_append(out, (const char[]){'\\', to[found - from]}, 2);
    else
        buf_printf(out, "\\u%04x", byte);
}

void json_put_string(struct buf *out, struct str text)
{
    buf_append_str(out, STR("\""));
    size_t begun = 0; /* of the run that needs no escape */
    for (size_t i = 0; i < text.len; i++) {
        const unsigned char byte = (unsigned char)text.ptr[i];
        if (byte >= 0x20 && byte != '"' && byte != '\\')
            continue;
        buf_append(out, text.ptr + begun, i - begun);
        put_escaped(out, byte);
        begun = i + 1;
    }
    if (begun < text.len)
        buf_append(out, text.ptr + begun, text.len - begun);
    buf_append_str(out, STR("\""));
}

void json_put_double(struct buf *out, double value)
{
    char digits[DOUBLE_TEXT_MAX];
    const struct str text = str_from(double_text(value, digits));
    if (isfinite(value))
        buf_append_str(out, text);
    else
        json_put_string(out, text);
}

void json_put_time(struct buf *out, int64_t us)
{
    char text[TIME_TEXT_MAX];
    json_put_string(out, str_from(time_format_us(us, text)));
}

void json_put_base64(struct buf *out, struct str bytes)
{
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    buf_append_str(out, STR("\""));
    for (size_t i = 0; i < bytes.len; i += 3) {
        uint32_t three = 0;
        for (size_t k = 0; k < 3; k++)
            three = three << 8 | (i + k < bytes.len ? (uint8_t)bytes.ptr[i + k] : 0U);
        char four[4];
        for (size_t k = 0; k < 4; k++)
            four[k] = i + k > bytes.len ? '=' : alphabet[three >> (18 - 6 * k) & 63];
        buf_append(out, four, sizeof(four));
    }
    buf_append_str(out, STR("\""));
}
