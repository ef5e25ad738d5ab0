#include "board/target.h"

#include <string.h>

#include "base/utf8.h"

/** The value of a hexadecimal digit, or -1. */
static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/** One byte of an encoded text at `*i`, which is moved behind it; -1: a percent sign without two digits. */
static int decode_byte(struct str text, bool plus_is_blank, size_t *i)
{
    const char c = text.ptr[(*i)++];
    if (c == '+' && plus_is_blank)
        return ' ';
    if (c != '%')
        return (unsigned char)c;
    if (text.len - *i < 2 || hex_digit(text.ptr[*i]) < 0 || hex_digit(text.ptr[*i + 1]) < 0)
        return -1;
    const int byte = hex_digit(text.ptr[*i]) * 16 + hex_digit(text.ptr[*i + 1]);
    *i += 2;
    return byte;
}

/** Percent-decodes. */
static bool decode(struct str text, bool plus_is_blank, struct arena *arena, struct str *out, struct error *error)
{
    char *bytes = arena_alloc(arena, text.len + 1);
    size_t len = 0;
    for (size_t i = 0; i < text.len;) {
        const int byte = decode_byte(text, plus_is_blank, &i);
        if (byte < 0)
            return error_set(error, ERROR_INVALID, "a percent sign in the address is not followed by two hexadecimal digits");
        if (byte < ' ' || byte == 0x7F)
            return error_set(error, ERROR_INVALID, "the address has a control character");
        bytes[len++] = (char)byte;
    }
    *out = (struct str){.ptr = bytes, .len = len};
    return utf8_valid(*out) || error_set(error, ERROR_INVALID, "the address is not UTF-8");
}

/** The part of `*rest` before `separator`; `*rest` goes on behind it. */
static struct str cut(struct str *rest, char separator)
{
    const char *end = rest->len ? memchr(rest->ptr, separator, rest->len) : NULL;
    const struct str part = {.ptr = rest->ptr, .len = end ? (size_t)(end - rest->ptr) : rest->len};
    const size_t taken = end ? part.len + 1 : part.len;
    *rest = (struct str){.ptr = rest->ptr + taken, .len = rest->len - taken};
    return part;
}

/** Reads what stands between the slashes: `/a/b` has two segments, `/a/` a second one that is empty, `/` none. */
static bool read_path(struct str path, struct arena *arena, struct target *target, struct error *error)
{
    if (path.len == 0 || path.ptr[0] != '/')
        return error_set(error, ERROR_INVALID, "the address does not begin with a slash");
    for (bool more = path.len > 1; more;) {
        path = (struct str){.ptr = path.ptr + 1, .len = path.len - 1};
        const char *slash = path.len ? memchr(path.ptr, '/', path.len) : NULL;
        const struct str segment = {.ptr = path.ptr, .len = slash ? (size_t)(slash - path.ptr) : path.len};
        if (target->segment_count == TARGET_SEGMENTS_MAX)
            return error_set(error, ERROR_LIMIT, "the address has more than %d parts", TARGET_SEGMENTS_MAX);
        if (!decode(segment, false, arena, &target->segments[target->segment_count++], error))
            return false;
        path = (struct str){.ptr = path.ptr + segment.len, .len = path.len - segment.len};
        more = slash != NULL;
    }
    return true;
}

/** Reads the pairs of a query. */
static bool read_query(struct str query, struct arena *arena, struct target *target, struct error *error)
{
    while (query.len) {
        struct str value = cut(&query, '&');
        if (value.len == 0)
            continue;
        if (target->pair_count == TARGET_PAIRS_MAX)
            return error_set(error, ERROR_LIMIT, "the query has more than %d parameters", TARGET_PAIRS_MAX);
        struct target_pair *pair = &target->pairs[target->pair_count++];
        const struct str name = cut(&value, '=');
        if (!decode(name, true, arena, &pair->name, error) || !decode(value, true, arena, &pair->value, error))
            return false;
    }
    return true;
}

bool target_parse(struct str raw, struct arena *arena, struct target *target, struct error *error)
{
    *target = (struct target){0};
    if (raw.len > TARGET_MAX)
        return error_set(error, ERROR_LIMIT, "the address is longer than %d bytes", TARGET_MAX);
    const struct str path = cut(&raw, '?');
    return read_path(path, arena, target, error) && read_query(raw, arena, target, error);
}
