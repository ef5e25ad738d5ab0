/*
 * Random values of any schema, made and encoded by avro-c: the independent witness of the codec's tests, and input of the bench.
 * The same seed gives the same values.
 */
#ifndef QUOTEBUS_TESTS_AVRO_VALUES_H
#define QUOTEBUS_TESTS_AVRO_VALUES_H

#include <avro.h>
#include <stdint.h>
#include <string.h>

#include "base/bytes.h"

/** The next number of a seeded sequence (splitmix64). */
static inline uint64_t random_next(uint64_t *seed)
{
    uint64_t mixed = *seed += UINT64_C(0x9e3779b97f4a7c15);
    mixed = (mixed ^ mixed >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    mixed = (mixed ^ mixed >> 27) * UINT64_C(0x94d049bb133111eb);
    return mixed ^ mixed >> 31;
}

/** A number of random size, so that varints of all lengths occur. */
static inline int64_t random_long(uint64_t *seed)
{
    const unsigned shift = (unsigned)(random_next(seed) % 64);
    return (int64_t)(random_next(seed) >> shift) * (random_next(seed) & 1 ? 1 : -1);
}

/** Any bit pattern: also NaN, infinities, -0; often a price. */
static inline double random_double(uint64_t *seed)
{
    if (random_next(seed) % 2)
        return (double)(random_next(seed) % 10000000) / 100.0;
    const uint64_t bits = random_next(seed);
    double value;
    memcpy(&value, &bits, sizeof(value));
    return value;
}

/** A text of up to 3 * 40 bytes with characters of one to four bytes; returns its length. */
static inline size_t random_text(uint64_t *seed, char text[128])
{
    static const char *const pieces[] = {"A", "z", "7", ":", "é", "€", "😀", "\"", "\\", "\n", "BTC"};
    size_t len = 0;
    for (uint64_t left = random_next(seed) % 30; left > 0; left--) {
        const char *piece = pieces[random_next(seed) % (sizeof(pieces) / sizeof(pieces[0]))];
        memcpy(text + len, piece, strlen(piece));
        len += strlen(piece);
    }
    text[len] = '\0';
    return len;
}

static inline int random_fill(uint64_t *seed, avro_value_t *value);

/** Fills the fields of a record. */
static inline int random_fill_record(uint64_t *seed, avro_value_t *record)
{
    size_t count = 0;
    int failed = avro_value_get_size(record, &count);
    for (size_t i = 0; !failed && i < count; i++) {
        avro_value_t field;
        failed = avro_value_get_by_index(record, i, &field, NULL) || random_fill(seed, &field);
    }
    return failed;
}

/** Fills an array with up to 5 items. */
static inline int random_fill_array(uint64_t *seed, avro_value_t *array)
{
    int failed = 0;
    for (uint64_t left = random_next(seed) % 6; !failed && left > 0; left--) {
        avro_value_t item;
        failed = avro_value_append(array, &item, NULL) || random_fill(seed, &item);
    }
    return failed;
}

/** Fills a union: any branch. */
static inline int random_fill_union(uint64_t *seed, avro_value_t *value)
{
    avro_value_t branch;
    const size_t count = avro_schema_union_size(avro_value_get_schema(value));
    return avro_value_set_branch(value, (int)(random_next(seed) % count), &branch) || random_fill(seed, &branch);
}

/** Fills a value of any type that the project's schemas use; non-zero on failure, as avro-c has it. */
static inline int random_fill(uint64_t *seed, avro_value_t *value)
{
    char text[128];
    switch (avro_value_get_type(value)) {
    case AVRO_STRING:
        return avro_value_set_string_len(value, text, random_text(seed, text) + 1);
    case AVRO_DOUBLE:
        return avro_value_set_double(value, random_double(seed));
    case AVRO_INT64:
        return avro_value_set_long(value, random_long(seed));
    case AVRO_INT32:
        return avro_value_set_int(value, (int32_t)random_long(seed));
    case AVRO_BOOLEAN:
        return avro_value_set_boolean(value, (int)(random_next(seed) & 1));
    case AVRO_NULL:
        return avro_value_set_null(value);
    case AVRO_ENUM:
        return avro_value_set_enum(
            value, (int)(random_next(seed) % (uint64_t)avro_schema_enum_number_of_symbols(avro_value_get_schema(value))));
    case AVRO_RECORD:
        return random_fill_record(seed, value);
    case AVRO_ARRAY:
        return random_fill_array(seed, value);
    case AVRO_UNION:
        return random_fill_union(seed, value);
    default:
        return -1;
    }
}

/** One schema with a value to fill and encode. */
struct avro_maker {
    avro_schema_t schema;
    avro_value_iface_t *iface;
    avro_value_t value;
};

/** Makes a maker; non-zero on failure. */
static inline int avro_maker_init(struct avro_maker *maker, const char *schema_json)
{
    if (avro_schema_from_json_length(schema_json, strlen(schema_json), &maker->schema))
        return -1;
    maker->iface = avro_generic_class_from_schema(maker->schema);
    return avro_generic_value_new(maker->iface, &maker->value);
}

static inline void avro_maker_clear(struct avro_maker *maker)
{
    avro_value_decref(&maker->value);
    avro_value_iface_decref(maker->iface);
    avro_schema_decref(maker->schema);
}

/** Appends the maker's value as avro-c encodes it; non-zero on failure. */
static inline int avro_maker_encode(struct avro_maker *maker, struct buf *out)
{
    size_t size;
    if (avro_value_sizeof(&maker->value, &size))
        return -1;
    avro_writer_t writer = avro_writer_memory((const char *)buf_reserve(out, size), (int64_t)size);
    const int failed = avro_value_write(writer, &maker->value);
    avro_writer_free(writer);
    out->len += failed ? 0 : size;
    return failed;
}

/** Appends the next random value; non-zero on failure. */
static inline int avro_maker_next(struct avro_maker *maker, uint64_t *seed, struct buf *out)
{
    return avro_value_reset(&maker->value) || random_fill(seed, &maker->value) || avro_maker_encode(maker, out);
}

#endif
