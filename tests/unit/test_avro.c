#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/avro.h"

/** A reader over a byte literal. */
#define READER(literal) avro_reader_of(STR(literal))

struct long_sample {
    int64_t value;
    const char *bytes;
    size_t len;
};

/* From the specification's table, and both ends of every width. */
static const struct long_sample longs[] = {
    {0, "\x00", 1},
    {-1, "\x01", 1},
    {1, "\x02", 1},
    {-2, "\x03", 1},
    {-64, "\x7f", 1},
    {64, "\x80\x01", 2},
    {8191, "\xfe\x7f", 2},
    {-8192, "\xff\x7f", 2},
    {8192, "\x80\x80\x01", 3},
    {INT32_MAX, "\xfe\xff\xff\xff\x0f", 5},
    {INT32_MIN, "\xff\xff\xff\xff\x0f", 5},
    {INT64_MAX, "\xfe\xff\xff\xff\xff\xff\xff\xff\xff\x01", 10},
    {INT64_MIN, "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 10},
};

static void longs_are_written_and_read_as_the_specification_says(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(longs) / sizeof(longs[0]); i++) {
        uint8_t bytes[AVRO_LONG_BYTES];
        const uint8_t *end = avro_write_long(bytes, longs[i].value);
        assert_int_equal(end - bytes, longs[i].len);
        assert_memory_equal(bytes, longs[i].bytes, longs[i].len);
        struct avro_reader in = avro_reader_of((struct str){.ptr = longs[i].bytes, .len = longs[i].len});
        int64_t value;
        assert_true(avro_read_long(&in, &value));
        assert_true(value == longs[i].value);
        assert_true(avro_read_end(&in, "test", NULL));
    }
}

static void long_truncated_at_every_position_is_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(longs) / sizeof(longs[0]); i++) {
        for (size_t len = 0; len < longs[i].len; len++) {
            struct avro_reader in = avro_reader_of((struct str){.ptr = longs[i].bytes, .len = len});
            int64_t value;
            assert_false(avro_read_long(&in, &value));
            assert_string_equal(in.cause, "truncated");
        }
    }
}

static void overlong_numbers_are_refused(void **state)
{
    (void)state;
    int64_t value;
    struct avro_reader in = READER("\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01");
    assert_false(avro_read_long(&in, &value));
    assert_string_equal(in.cause, "bad_varint");
    /* The tenth byte has room for one bit only. */
    in = READER("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02");
    assert_false(avro_read_long(&in, &value));
    assert_string_equal(in.cause, "bad_varint");
    in = READER("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff");
    assert_false(avro_read_long(&in, &value));
    assert_string_equal(in.cause, "bad_varint");
}

static void int_outside_of_32_bits_is_refused(void **state)
{
    (void)state;
    static const int64_t wrong[] = {(int64_t)INT32_MAX + 1, (int64_t)INT32_MIN - 1, INT64_MAX, INT64_MIN};
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        uint8_t bytes[AVRO_LONG_BYTES];
        const size_t len = (size_t)(avro_write_long(bytes, wrong[i]) - bytes);
        struct avro_reader in = avro_reader_of((struct str){.ptr = (const char *)bytes, .len = len});
        int32_t value;
        assert_false(avro_read_int(&in, &value));
        assert_string_equal(in.cause, "bad_varint");
    }
    struct avro_reader in = READER("\xff\xff\xff\xff\x0f");
    int32_t value;
    assert_true(avro_read_int(&in, &value));
    assert_int_equal(value, INT32_MIN);
}

static void doubles_keep_every_bit(void **state)
{
    (void)state;
    static const double values[] = {0.0, -0.0, 1.5, -61234.56, 5e-324, 1.7976931348623157e308, INFINITY, -INFINITY, NAN};
    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        uint8_t bytes[8];
        assert_ptr_equal(avro_write_double(bytes, values[i]), bytes + 8);
        for (size_t len = 0; len <= 8; len++) {
            struct avro_reader in = avro_reader_of((struct str){.ptr = (const char *)bytes, .len = len});
            double value;
            assert_int_equal(avro_read_double(&in, &value), len == 8);
            if (len == 8)
                assert_memory_equal(&value, &values[i], 8);
            else
                assert_string_equal(in.cause, "truncated");
        }
    }
    uint8_t bytes[8];
    avro_write_double(bytes, 1.5);
    assert_memory_equal(bytes, "\0\0\0\0\0\0\xf8\x3f", 8);
}

static void boolean_is_one_byte_of_two_values(void **state)
{
    (void)state;
    uint8_t bytes[2];
    bool value;
    assert_ptr_equal(avro_write_boolean(avro_write_boolean(bytes, true), false), bytes + 2);
    assert_memory_equal(bytes, "\x01\x00", 2);
    struct avro_reader in = READER("\x01\x00\x02");
    assert_true(avro_read_boolean(&in, &value) && value);
    assert_true(avro_read_boolean(&in, &value) && !value);
    assert_false(avro_read_boolean(&in, &value));
    assert_string_equal(in.cause, "bad_boolean");
    in = READER("");
    assert_false(avro_read_boolean(&in, &value));
    assert_string_equal(in.cause, "truncated");
}

static void string_is_borrowed_and_truncation_is_found_everywhere(void **state)
{
    (void)state;
    uint8_t bytes[200];
    const struct str text = STR("Z\xc3\xbcrich, and enough to need two bytes of length: 0123456789 0123456789");
    const size_t whole = (size_t)(avro_write_string(bytes, text) - bytes);
    assert_int_equal(whole, text.len + 2);
    for (size_t len = 0; len < whole; len++) {
        struct avro_reader in = avro_reader_of((struct str){.ptr = (const char *)bytes, .len = len});
        struct str got;
        assert_false(avro_read_string(&in, &got));
        assert_string_equal(in.cause, "truncated");
    }
    struct avro_reader in = avro_reader_of((struct str){.ptr = (const char *)bytes, .len = whole});
    struct str got;
    assert_true(avro_read_string(&in, &got));
    assert_true(str_equal(got, text));
    assert_ptr_equal(got.ptr, bytes + 2);
    assert_true(avro_read_end(&in, "test", NULL));
    assert_int_equal(avro_write_string(bytes, (struct str){0}) - bytes, 1);
}

/** Reads a string whose length field says len, with left bytes behind it; returns the cause. */
static const char *cause_of_length(int64_t len, size_t left)
{
    static uint8_t bytes[AVRO_LONG_BYTES + AVRO_STRING_MAX + 16];
    memset(bytes, 'x', sizeof(bytes));
    const size_t head = (size_t)(avro_write_long(bytes, len) - bytes);
    struct avro_reader in = avro_reader_of((struct str){.ptr = (const char *)bytes, .len = head + left});
    struct str got;
    return avro_read_string(&in, &got) ? NULL : in.cause;
}

static void string_lengths_are_checked_against_the_cap_and_the_bytes_left(void **state)
{
    (void)state;
    assert_string_equal(cause_of_length(-1, 10), "bad_length");
    assert_string_equal(cause_of_length(INT64_MIN, 10), "bad_length");
    assert_null(cause_of_length(10, 10));
    assert_string_equal(cause_of_length(11, 10), "truncated");
    assert_string_equal(cause_of_length(INT64_MAX, 10), "too_large");
    assert_null(cause_of_length(AVRO_STRING_MAX, AVRO_STRING_MAX));
    assert_string_equal(cause_of_length(AVRO_STRING_MAX + 1, AVRO_STRING_MAX + 1), "too_large");
}

static void string_that_is_no_utf8_is_refused(void **state)
{
    (void)state;
    struct avro_reader in = READER("\x04\xc0\x80");
    struct str got;
    assert_false(avro_read_string(&in, &got));
    assert_string_equal(in.cause, "bad_utf8");
}

static void index_is_within_its_count(void **state)
{
    (void)state;
    int64_t index;
    struct avro_reader in = READER("\x00\x02");
    assert_true(avro_read_index(&in, 2, "bad_union", &index) && index == 0);
    assert_true(avro_read_index(&in, 2, "bad_union", &index) && index == 1);
    in = READER("\x04");
    assert_false(avro_read_index(&in, 2, "bad_union", &index));
    assert_string_equal(in.cause, "bad_union");
    in = READER("\x01");
    assert_false(avro_read_index(&in, 2, "bad_enum", &index));
    assert_string_equal(in.cause, "bad_enum");
}

/** Reads the head of a block from one or two longs with left bytes behind; returns the cause. */
static const char *block(int64_t items, int64_t block_bytes, size_t left, size_t item_bytes_min, size_t have, size_t *count)
{
    static uint8_t bytes[2 * AVRO_LONG_BYTES + 2 * AVRO_ITEMS_MAX];
    uint8_t *end = avro_write_long(bytes, items);
    if (items < 0)
        end = avro_write_long(end, block_bytes);
    struct avro_reader in = avro_reader_of((struct str){.ptr = (const char *)bytes, .len = (size_t)(end - bytes) + left});
    *count = 77;
    return avro_read_block(&in, item_bytes_min, have, count) ? NULL : in.cause;
}

static void blocks_are_bounded_by_the_bytes_left_and_by_the_cap(void **state)
{
    (void)state;
    size_t count;
    assert_null(block(0, 0, 0, 1, 0, &count));
    assert_int_equal(count, 0);
    assert_null(block(5, 0, 10, 2, 0, &count));
    assert_int_equal(count, 5);
    assert_string_equal(block(6, 0, 11, 2, 0, &count), "truncated");
    assert_null(block(-5, 10, 10, 2, 0, &count));
    assert_int_equal(count, 5);
    assert_string_equal(block(-5, 11, 10, 2, 0, &count), "bad_length");
    assert_string_equal(block(-5, -1, 10, 2, 0, &count), "bad_length");
    assert_string_equal(block(INT64_MIN, 1, 10, 2, 0, &count), "bad_length");
    assert_string_equal(block(INT64_MAX, 1, 10, 2, 0, &count), "too_large");
    assert_null(block(AVRO_ITEMS_MAX, 0, AVRO_ITEMS_MAX, 1, 0, &count));
    assert_string_equal(block(AVRO_ITEMS_MAX + 1, 0, AVRO_ITEMS_MAX + 1, 1, 0, &count), "too_large");
    assert_null(block(1, 0, 10, 1, AVRO_ITEMS_MAX - 1, &count));
    assert_string_equal(block(1, 0, 10, 1, AVRO_ITEMS_MAX, &count), "too_large");
    struct avro_reader in = READER("");
    assert_false(avro_read_block(&in, 1, 0, &count));
    assert_string_equal(in.cause, "truncated");
    in = READER("\x01");
    assert_false(avro_read_block(&in, 1, 0, &count));
    assert_string_equal(in.cause, "truncated");
}

static void array_grows_and_keeps_its_items(void **state)
{
    (void)state;
    struct arena arena = {0};
    int32_t *items = NULL;
    size_t have = 0, cap = 0;
    for (size_t more = 1; more < 60; more++) {
        items = avro_grow(&arena, items, have, more, sizeof(*items), &cap);
        assert_true(cap >= have + more);
        for (size_t i = 0; i < more; i++)
            items[have + i] = (int32_t)(have + i);
        have += more;
    }
    for (size_t i = 0; i < have; i++)
        assert_int_equal(items[i], i);
    assert_ptr_equal(avro_grow(&arena, items, have, 0, sizeof(*items), &cap), items);
    arena_clear(&arena);
}

static void first_failure_sticks_and_names_its_place(void **state)
{
    (void)state;
    struct avro_reader in = READER("\x02\x07");
    int64_t value;
    bool flag;
    double real;
    assert_true(avro_read_long(&in, &value));
    assert_false(avro_read_boolean(&in, &flag));
    assert_false(avro_read_double(&in, &real));
    struct error error = {0};
    assert_false(avro_read_end(&in, "quote", &error));
    assert_int_equal(error.code, ERROR_INVALID);
    assert_string_equal(error.cause, "bad_boolean");
    assert_string_equal(error.message, "decoding quote: bad_boolean at byte 1 of 2");
}

static void bytes_left_over_are_refused(void **state)
{
    (void)state;
    struct avro_reader in = READER("\x02\x00");
    struct error error = {0};
    int64_t value;
    assert_true(avro_read_long(&in, &value));
    assert_false(avro_read_end(&in, "quote", &error));
    assert_string_equal(error.cause, "trailing_bytes");
}

static void body_without_a_pointer_is_empty(void **state)
{
    (void)state;
    struct avro_reader in = avro_reader_of((struct str){0});
    struct str got;
    assert_false(avro_read_string(&in, &got));
    assert_string_equal(in.cause, "truncated");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(longs_are_written_and_read_as_the_specification_says),
        cmocka_unit_test(long_truncated_at_every_position_is_refused),
        cmocka_unit_test(overlong_numbers_are_refused),
        cmocka_unit_test(int_outside_of_32_bits_is_refused),
        cmocka_unit_test(doubles_keep_every_bit),
        cmocka_unit_test(boolean_is_one_byte_of_two_values),
        cmocka_unit_test(string_is_borrowed_and_truncation_is_found_everywhere),
        cmocka_unit_test(string_lengths_are_checked_against_the_cap_and_the_bytes_left),
        cmocka_unit_test(string_that_is_no_utf8_is_refused),
        cmocka_unit_test(index_is_within_its_count),
        cmocka_unit_test(blocks_are_bounded_by_the_bytes_left_and_by_the_cap),
        cmocka_unit_test(array_grows_and_keeps_its_items),
        cmocka_unit_test(first_failure_sticks_and_names_its_place),
        cmocka_unit_test(bytes_left_over_are_refused),
        cmocka_unit_test(body_without_a_pointer_is_empty),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
