/*
 * Encodes a record as a row of COPY BINARY with keys that need no database, and looks at the row's fields by column.
 */
#ifndef QUOTEBUS_TESTS_TABLE_ROWS_H
#define QUOTEBUS_TESTS_TABLE_ROWS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "persist/table.h"
#include "persist/tables/tables.h"
#include "quotebus_records.h"

#define FETCHED_AT_US INT64_C(1767323045678901) /* 2026-01-02T03:04:05.678901Z */

static struct arena arena;
static struct buf body;
static struct buf out;
static struct dimensions *dimensions;

/** Keys by the length of the name: assets 1000 and more, sources below. */
static inline bool resolve(void *ctx, enum dimension kind, struct str name, int32_t *id, struct error *error)
{
    (void)ctx;
    (void)error;
    *id = (kind == DIMENSION_ASSET ? 1000 : 0) + (int32_t)name.len;
    return true;
}

static inline int set_up(void **state)
{
    (void)state;
    const struct dimension_source source = {.resolve = resolve};
    dimensions = dimensions_new(&source);
    return 0;
}

static inline int tear_down(void **state)
{
    (void)state;
    dimensions_free(dimensions);
    arena_clear(&arena);
    buf_clear(&body);
    buf_clear(&out);
    return 0;
}

/** One field of an encoded row. */
struct field {
    const uint8_t *data;
    int32_t len; /* -1: null */
};

static inline uint64_t number(const uint8_t *at, size_t size)
{
    uint64_t value = 0;
    for (size_t i = 0; i < size; i++)
        value = value << 8 | at[i];
    return value;
}

/** The field of a column of the one row in `out`, found by the column's name in the table's list. */
static inline struct field field_of(const struct table *table, const char *column)
{
    const uint8_t *at = out.data + 2;
    const char *name = table->columns;
    assert_int_equal(number(out.data, 2), table->column_count);
    for (;;) {
        const struct field field = {.data = at + 4, .len = (int32_t)number(at, 4)};
        const size_t len = strcspn(name, ",");
        if (len == strlen(column) && strncmp(name, column, len) == 0)
            return field;
        at += 4 + (field.len > 0 ? field.len : 0);
        assert_true(at <= out.data + out.len);
        if (name[len] == '\0')
            fail_msg("no column %s", column);
        name += len + strspn(name + len, ", ");
    }
}

static inline void assert_text_field(const struct table *table, const char *column, const char *expected)
{
    const struct field field = field_of(table, column);
    assert_int_equal(field.len, strlen(expected));
    assert_memory_equal(field.data, expected, strlen(expected));
}

static inline void assert_int_field(const struct table *table, const char *column, int64_t expected, int32_t size)
{
    const struct field field = field_of(table, column);
    assert_int_equal(field.len, size);
    assert_int_equal(number(field.data, (size_t)size), (uint64_t)expected & (UINT64_MAX >> (64 - 8 * size)));
}

static inline void assert_double_field(const struct table *table, const char *column, double expected)
{
    uint64_t bits;
    memcpy(&bits, &expected, sizeof(bits));
    assert_int_field(table, column, (int64_t)bits, 8);
}

/** Encodes what is in `body` as partition 3, offset 77. */
static inline bool encode(const struct table *table, int64_t *at_us, struct error *error)
{
    const struct encode_context context = {.origin = {.partition = 3, .offset = 77}, .dimensions = dimensions, .arena = &arena};
    return table_encode(table, buf_str(&body), &context, &out, at_us, error);
}

/** The record in `body` is refused with that cause, and nothing stays in `out`. */
static inline void assert_refused(const struct table *table, const char *cause, const char *part)
{
    struct error error = {0};
    int64_t at_us;
    assert_false(encode(table, &at_us, &error));
    assert_int_equal(error.code, ERROR_INVALID);
    assert_string_equal(error.cause, cause);
    assert_non_null(strstr(error.message, part));
    assert_int_equal(out.len, 0);
    buf_reset(&body);
}

#endif
