#include "bus/avro_default.h"

#include <string.h>

#include "base/avro.h"

static bool encode(const struct avro_node *type, const json_t *json, unsigned depth, struct buf *out);

/** Appends a long, also for what is encoded as one. */
static bool put_long(struct buf *out, int64_t value)
{
    uint8_t *place = buf_reserve(out, AVRO_LONG_BYTES);
    out->len += (size_t)(avro_write_long(place, value) - place);
    return true;
}

/** An int or a long, from a number without point. */
static bool encode_integer(const struct avro_node *type, const json_t *json, struct buf *out)
{
    const json_int_t value = json_integer_value(json);
    const bool fits = type->kind == AVRO_KIND_LONG || (value >= INT32_MIN && value <= INT32_MAX);
    return json_is_integer(json) && fits && put_long(out, value);
}

/** A float or a double, from any number. */
static bool encode_real(const struct avro_node *type, const json_t *json, struct buf *out)
{
    if (!json_is_number(json))
        return false;
    const double wide = json_number_value(json);
    if (type->kind == AVRO_KIND_DOUBLE) {
        out->len = (size_t)(avro_write_double(buf_reserve(out, sizeof(wide)), wide) - out->data);
        return true;
    }
    const float narrow = (float)wide;
    uint32_t bits;
    memcpy(&bits, &narrow, sizeof(bits));
    for (int i = 0; i < 4; i++)
        buf_append(out, &(uint8_t){(uint8_t)(bits >> (8 * i))}, 1);
    return true;
}

/** A text as it is. */
static bool encode_string(const json_t *json, struct buf *out)
{
    if (!json_is_string(json))
        return false;
    put_long(out, (int64_t)json_string_length(json));
    buf_append(out, json_string_value(json), json_string_length(json));
    return true;
}

/** Bytes and fixed: each code point of the text is a byte, so that UTF-8 takes one or two. */
static bool encode_bytes(const struct avro_node *type, const json_t *json, struct buf *out)
{
    const uint8_t *text = (const uint8_t *)json_string_value(json);
    if (!text)
        return false;
    struct buf bytes = {0};
    for (; *text; text++) {
        uint8_t byte = *text;
        if (byte >= 0xc4)
            break;
        if (byte >= 0xc2)
            byte = (uint8_t)(byte << 6 | (*++text & 0x3f));
        buf_append(&bytes, &byte, 1);
    }
    const bool ok = *text == '\0' && (type->kind == AVRO_KIND_BYTES || bytes.len == type->count);
    if (ok && type->kind == AVRO_KIND_BYTES)
        put_long(out, (int64_t)bytes.len);
    if (ok)
        buf_append(out, bytes.data, bytes.len);
    buf_clear(&bytes);
    return ok;
}

/** The number of the named symbol. */
static bool encode_enum(const struct avro_node *type, const json_t *json, struct buf *out)
{
    for (size_t i = 0; json_is_string(json) && i < type->count; i++) {
        if (strcmp(type->symbols[i], json_string_value(json)) == 0)
            return put_long(out, (int64_t)i);
    }
    return false;
}

/** All fields in order, given or by their own defaults. */
static bool encode_record(const struct avro_node *type, const json_t *json, unsigned depth, struct buf *out)
{
    bool ok = json_is_object(json);
    for (size_t i = 0; ok && i < type->count; i++) {
        const json_t *given = json_object_get(json, type->fields[i].name);
        ok = encode(type->fields[i].type, given ? given : type->fields[i].fallback, depth, out);
    }
    return ok;
}

/** One block of items. */
static bool encode_array(const struct avro_node *type, const json_t *json, unsigned depth, struct buf *out)
{
    if (!json_is_array(json))
        return false;
    if (json_array_size(json))
        put_long(out, (int64_t)json_array_size(json));
    for (size_t i = 0; i < json_array_size(json); i++) {
        if (!encode(type->items, json_array_get(json, i), depth, out))
            return false;
    }
    return put_long(out, 0);
}

/** One block of entries, in the order of the JSON. */
static bool encode_map(const struct avro_node *type, const json_t *json, unsigned depth, struct buf *out)
{
    if (!json_is_object(json))
        return false;
    if (json_object_size(json))
        put_long(out, (int64_t)json_object_size(json));
    json_t *entries = (json_t *)json; /* jansson's iterator wants it so, and changes nothing */
    for (void *at = json_object_iter(entries); at; at = json_object_iter_next(entries, at)) {
        const struct str key = {.ptr = json_object_iter_key(at), .len = json_object_iter_key_len(at)};
        put_long(out, (int64_t)key.len);
        buf_append_str(out, key);
        if (!encode(type->items, json_object_iter_value(at), depth, out))
            return false;
    }
    return put_long(out, 0);
}

/** Encodes a value that holds others. */
static bool encode_complex(const struct avro_node *type, const json_t *json, unsigned depth, struct buf *out)
{
    switch (type->kind) {
    case AVRO_KIND_RECORD:
        return encode_record(type, json, depth, out);
    case AVRO_KIND_ARRAY:
        return encode_array(type, json, depth, out);
    case AVRO_KIND_MAP:
        return encode_map(type, json, depth, out);
    default:
        return put_long(out, 0) && encode(type->branches[0], json, depth, out);
    }
}

/** Encodes any value, unless it nests too deep (a recursive record whose default contains itself). */
static bool encode(const struct avro_node *type, const json_t *json, unsigned depth, struct buf *out)
{
    if (!json || depth >= AVRO_DEPTH_MAX)
        return false;
    switch (type->kind) {
    case AVRO_KIND_NULL:
        return json_is_null(json);
    case AVRO_KIND_BOOLEAN:
        buf_append(out, json_is_true(json) ? "\1" : "\0", 1);
        return json_is_boolean(json);
    case AVRO_KIND_INT:
    case AVRO_KIND_LONG:
        return encode_integer(type, json, out);
    case AVRO_KIND_FLOAT:
    case AVRO_KIND_DOUBLE:
        return encode_real(type, json, out);
    case AVRO_KIND_STRING:
        return encode_string(json, out);
    case AVRO_KIND_BYTES:
    case AVRO_KIND_FIXED:
        return encode_bytes(type, json, out);
    case AVRO_KIND_ENUM:
        return encode_enum(type, json, out);
    default:
        return encode_complex(type, json, depth + 1, out);
    }
}

bool avro_default_encode(const struct avro_node *type, const json_t *json, struct buf *out)
{
    return encode(type, json, 0, out);
}
