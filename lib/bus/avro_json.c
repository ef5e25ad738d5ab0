#include "bus/avro_json.h"

#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/avro.h"
#include "base/clock.h"
#include "base/json_text.h"
#include "bus/avro_shape.h"

/** Most types visited in one value: types of no bytes inside each other could go on for ever. */
#define STEPS_MAX ((size_t)AVRO_ITEMS_MAX * 64)

/** Most JSON of one value: field names may be much longer than what they name. */
#define JSON_BYTES_MAX ((size_t)64 * 1024 * 1024)

/** One way through the bytes of a value. */
struct walk {
    struct avro_reader in;
    struct buf *json;  /* NULL: no text is wanted */
    size_t json_limit; /* its longest length */
    struct buf *copy;  /* NULL: no copy is wanted */
    const struct avro_patch *patches;
    const uint8_t *copied; /* what lies before is in the copy */
    size_t items;
    size_t steps;
    unsigned depth;
};

static bool walk_node(struct walk *walk, const struct avro_node *node);

/** Appends text to the JSON, if that is wanted. */
static void put(struct walk *walk, struct str text)
{
    if (walk->json)
        buf_append_str(walk->json, text);
}

/** Brings the copy up to `end`. */
static void copy_until(struct walk *walk, const uint8_t *end)
{
    if (!walk->copy)
        return;
    buf_append(walk->copy, walk->copied, (size_t)(end - walk->copied));
    walk->copied = end;
}

/** Puts a number into the copy in place of what was read since copy_until. */
static void copy_long_instead(struct walk *walk, int64_t value)
{
    if (!walk->copy)
        return;
    uint8_t *place = buf_reserve(walk->copy, AVRO_LONG_BYTES);
    walk->copy->len += (size_t)(avro_write_long(place, value) - place);
    walk->copied = walk->in.at;
}

/** Appends a float with the fewest digits that read as the same float, not as the double next to it. */
static void put_float(struct buf *json, float value)
{
    char text[32];
    if (!isfinite(value)) {
        json_put_double(json, (double)value);
        return;
    }
    for (int digits = FLT_DIG; digits <= FLT_DECIMAL_DIG; digits++) {
        snprintf(text, sizeof(text), "%.*g", digits, (double)value);
        if (strtof(text, NULL) == value)
            break;
    }
    buf_append_str(json, str_from(text));
}

/** Appends a long: a point in time as text where its year has four digits, else the number. */
static void put_long(struct buf *json, int64_t value, enum avro_time time)
{
    const int64_t unit_us = time == AVRO_TIME_MILLIS ? US_PER_MS : 1;
    const int64_t first_us = time_day_from_civil(1, 1, 1) * US_PER_DAY, end_us = time_day_from_civil(10000, 1, 1) * US_PER_DAY;
    if (time != AVRO_TIME_NONE && value >= first_us / unit_us && value < end_us / unit_us)
        json_put_time(json, value * unit_us);
    else
        buf_printf(json, "%" PRId64, value);
}

/** Appends an int: a day as a date where its year has four digits, else the number. */
static void put_int(struct buf *json, int32_t value, enum avro_time time)
{
    if (time != AVRO_TIME_DATE || value < time_day_from_civil(1, 1, 1) || value >= time_day_from_civil(10000, 1, 1)) {
        buf_printf(json, "%" PRId32, value);
        return;
    }
    int year, month, day;
    time_civil(value, &year, &month, &day);
    buf_printf(json, "\"%04d-%02d-%02d\"", year, month, day);
}

/** No bytes. */
static bool walk_null(struct walk *walk, const struct avro_node *node)
{
    (void)node;
    put(walk, STR("null"));
    return true;
}

/** One byte, 0 or 1. */
static bool walk_boolean(struct walk *walk, const struct avro_node *node)
{
    (void)node;
    bool value;
    if (!avro_read_boolean(&walk->in, &value))
        return false;
    put(walk, value ? STR("true") : STR("false"));
    return true;
}

/** A varint of 32 bits. */
static bool walk_int(struct walk *walk, const struct avro_node *node)
{
    int32_t value;
    if (!avro_read_int(&walk->in, &value))
        return false;
    if (walk->json)
        put_int(walk->json, value, node->time);
    return true;
}

/** A varint of 64 bits, perhaps a point in time. */
static bool walk_long(struct walk *walk, const struct avro_node *node)
{
    int64_t value;
    if (!avro_read_long(&walk->in, &value))
        return false;
    if (walk->json)
        put_long(walk->json, value, node->time);
    return true;
}

/** Four bytes, little-endian. */
static bool walk_float(struct walk *walk, const struct avro_node *node)
{
    (void)node;
    if (walk->in.end - walk->in.at < 4)
        return avro_fail(&walk->in, "truncated");
    uint32_t bits = 0;
    for (int i = 0; i < 4; i++)
        bits |= (uint32_t)*walk->in.at++ << (8 * i);
    float value;
    memcpy(&value, &bits, sizeof(value));
    if (walk->json)
        put_float(walk->json, value);
    return true;
}

/** Eight bytes, little-endian. */
static bool walk_double(struct walk *walk, const struct avro_node *node)
{
    (void)node;
    double value;
    if (!avro_read_double(&walk->in, &value))
        return false;
    if (walk->json)
        json_put_double(walk->json, value);
    return true;
}

/** Takes `len` bytes that are no text. */
static bool take_bytes(struct walk *walk, int64_t len)
{
    if (len < 0)
        return avro_fail(&walk->in, "bad_length");
    if (len > AVRO_STRING_MAX)
        return avro_fail(&walk->in, "too_large");
    if (len > walk->in.end - walk->in.at)
        return avro_fail(&walk->in, "truncated");
    if (walk->json)
        json_put_base64(walk->json, (struct str){.ptr = (const char *)walk->in.at, .len = (size_t)len});
    walk->in.at += len;
    return true;
}

/** A length and that many bytes. */
static bool walk_bytes(struct walk *walk, const struct avro_node *node)
{
    (void)node;
    int64_t len;
    return avro_read_long(&walk->in, &len) && take_bytes(walk, len);
}

/** As many bytes as the schema says. */
static bool walk_fixed(struct walk *walk, const struct avro_node *node)
{
    return take_bytes(walk, (int64_t)node->count);
}

/** A length and that much UTF-8. */
static bool walk_string(struct walk *walk, const struct avro_node *node)
{
    (void)node;
    struct str text;
    if (!avro_read_string(&walk->in, &text))
        return false;
    if (walk->json)
        json_put_string(walk->json, text);
    return true;
}

/** The number of a symbol; in a copy that of the reader's. */
static bool walk_enum(struct walk *walk, const struct avro_node *node)
{
    int64_t symbol;
    const uint8_t *start = walk->in.at;
    if (!avro_read_index(&walk->in, (int64_t)node->count, "bad_enum", &symbol))
        return false;
    if (walk->json)
        buf_printf(walk->json, "\"%s\"", node->symbols[symbol]);
    if (!walk->copy || !walk->patches[node->id].symbols)
        return true;
    if (walk->patches[node->id].symbols[symbol] < 0)
        return avro_fail(&walk->in, "bad_enum");
    copy_until(walk, start);
    copy_long_instead(walk, walk->patches[node->id].symbols[symbol]);
    return true;
}

/** All fields in order; in a copy the fields that the reader has in addition follow. */
static bool walk_record(struct walk *walk, const struct avro_node *node)
{
    for (size_t i = 0; i < node->count; i++) {
        if (walk->json)
            buf_printf(walk->json, "%c\"%s\":", i ? ',' : '{', node->fields[i].name);
        if (!walk_node(walk, node->fields[i].type))
            return false;
    }
    put(walk, node->count ? STR("}") : STR("{}"));
    if (walk->copy && walk->patches[node->id].suffix.len) {
        copy_until(walk, walk->in.at);
        buf_append_str(walk->copy, walk->patches[node->id].suffix);
    }
    return true;
}

/** One item of an array or map, with its key. */
static bool walk_item(struct walk *walk, const struct avro_node *node)
{
    struct str key;
    if (node->kind == AVRO_KIND_MAP) {
        if (!avro_read_string(&walk->in, &key))
            return false;
        if (walk->json)
            json_put_string(walk->json, key);
        put(walk, STR(":"));
    }
    return walk_node(walk, node->items);
}

/** An array or a map: blocks of items, ended by an empty one. */
static bool walk_items(struct walk *walk, const struct avro_node *node)
{
    size_t more = 1;
    bool first = true;
    put(walk, node->kind == AVRO_KIND_MAP ? STR("{") : STR("["));
    while (more > 0) {
        copy_until(walk, walk->in.at);
        if (!avro_read_block(&walk->in, 0, walk->items, &more))
            return false;
        copy_long_instead(walk, (int64_t)more);
        walk->items += more;
        for (size_t i = 0; i < more; i++, first = false) {
            put(walk, first ? STR("") : STR(","));
            if (!walk_item(walk, node))
                return false;
        }
    }
    put(walk, node->kind == AVRO_KIND_MAP ? STR("}") : STR("]"));
    return true;
}

/** The number of a branch, and its value. */
static bool walk_union(struct walk *walk, const struct avro_node *node)
{
    int64_t branch;
    return avro_read_index(&walk->in, (int64_t)node->count, "bad_union", &branch) && walk_node(walk, node->branches[branch]);
}

/** Takes one value of any type; bounds depth, work and text. */
static bool walk_node(struct walk *walk, const struct avro_node *node)
{
    static bool (*const walks[AVRO_KIND_COUNT])(struct walk *, const struct avro_node *) = {
        [AVRO_KIND_NULL] = walk_null,   [AVRO_KIND_BOOLEAN] = walk_boolean, [AVRO_KIND_INT] = walk_int,
        [AVRO_KIND_LONG] = walk_long,   [AVRO_KIND_FLOAT] = walk_float,     [AVRO_KIND_DOUBLE] = walk_double,
        [AVRO_KIND_BYTES] = walk_bytes, [AVRO_KIND_STRING] = walk_string,   [AVRO_KIND_RECORD] = walk_record,
        [AVRO_KIND_ENUM] = walk_enum,   [AVRO_KIND_FIXED] = walk_fixed,     [AVRO_KIND_ARRAY] = walk_items,
        [AVRO_KIND_MAP] = walk_items,   [AVRO_KIND_UNION] = walk_union,
    };
    const bool json_full = walk->json && walk->json->len > walk->json_limit;
    if (walk->depth >= AVRO_DEPTH_MAX || walk->steps >= STEPS_MAX || json_full)
        return avro_fail(&walk->in, "too_large");
    walk->steps++;
    walk->depth++;
    const bool ok = walks[node->kind](walk, node);
    walk->depth--;
    return ok;
}

/** How errors call a value. */
static const char *value_name(const struct avro_shape *shape)
{
    return shape->root->name ? shape->root->name : "a value";
}

bool avro_shape_walk(const struct avro_shape *shape, struct str body, struct buf *json, struct error *error)
{
    const size_t before = json ? json->len : 0;
    struct walk walk = {.in = avro_reader_of(body), .json = json, .json_limit = before + JSON_BYTES_MAX};
    (void)walk_node(&walk, shape->root);
    const bool ok = avro_read_end(&walk.in, value_name(shape), error);
    if (!ok && json)
        json->len = before;
    return ok;
}

bool avro_shape_first(const struct avro_shape *shape, struct str bytes, size_t *len, struct error *error)
{
    struct walk walk = {.in = avro_reader_of(bytes)};
    if (walk_node(&walk, shape->root))
        walk.in.end = walk.in.at;
    *len = (size_t)(walk.in.at - walk.in.start);
    return avro_read_end(&walk.in, value_name(shape), error);
}

bool avro_shape_copy(const struct avro_shape *shape, struct str body, const struct avro_patch *patches, struct buf *copy,
                     struct error *error)
{
    struct walk walk = {.in = avro_reader_of(body), .copy = copy, .patches = patches};
    walk.copied = walk.in.start;
    (void)walk_node(&walk, shape->root);
    if (!avro_read_end(&walk.in, value_name(shape), error))
        return false;
    copy_until(&walk, walk.in.end);
    return true;
}
