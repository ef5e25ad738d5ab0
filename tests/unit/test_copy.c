#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <string.h>

#include "persist/copy.h"

static struct buf out;

static int reset(void **state)
{
    (void)state;
    buf_clear(&out);
    return 0;
}

/** The buffer holds exactly these bytes. */
static void assert_bytes(const char *expected, size_t len)
{
    assert_int_equal(out.len, len);
    assert_memory_equal(out.data, expected, len);
}

#define ASSERT_BYTES(literal) assert_bytes(literal, sizeof(literal) - 1)

/** Begins a row and forgets its head, so that a test sees the fields alone. */
static struct copy_row row_without_head(int16_t columns)
{
    struct copy_row row;
    copy_begin(&row, &out, columns);
    out.len = 0;
    row.start = 0;
    return row;
}

static void stream_begins_and_ends_as_the_manual_says(void **state)
{
    (void)state;
    assert_int_equal(copy_head.len, 19);
    assert_memory_equal(copy_head.ptr, "PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0", 19);
    assert_int_equal(copy_tail.len, 2);
    assert_memory_equal(copy_tail.ptr, "\xff\xff", 2);
}

static void row_begins_with_its_number_of_columns(void **state)
{
    (void)state;
    struct copy_row row;
    struct error error = {0};
    copy_begin(&row, &out, 2);
    copy_null(&row);
    copy_int2(&row, -2);
    assert_true(copy_end(&row, "a, b", &error));
    ASSERT_BYTES("\0\x02"
                 "\xff\xff\xff\xff"
                 "\0\0\0\x02\xff\xfe");
}

static void integers_are_big_endian(void **state)
{
    (void)state;
    struct copy_row row = row_without_head(5);
    copy_int2(&row, INT16_MIN);
    copy_int4(&row, 0x01020304);
    copy_int4(&row, INT32_MIN);
    copy_int8(&row, 0x0102030405060708);
    copy_char(&row, 'P');
    ASSERT_BYTES("\0\0\0\x02\x80\0"
                 "\0\0\0\x04\x01\x02\x03\x04"
                 "\0\0\0\x04\x80\0\0\0"
                 "\0\0\0\x08\x01\x02\x03\x04\x05\x06\x07\x08"
                 "\0\0\0\x01P");
}

static void doubles_keep_all_bits(void **state)
{
    (void)state;
    struct copy_row row = row_without_head(3);
    copy_float8(&row, 1.5);
    copy_float8(&row, -0.0);
    copy_float8(&row, -INFINITY);
    ASSERT_BYTES("\0\0\0\x08\x3f\xf8\0\0\0\0\0\0"
                 "\0\0\0\x08\x80\0\0\0\0\0\0\0"
                 "\0\0\0\x08\xff\xf0\0\0\0\0\0\0");
}

static void text_is_length_and_bytes(void **state)
{
    (void)state;
    struct copy_row row = row_without_head(2);
    copy_text(&row, STR("\xc3\xa9!"));
    copy_text(&row, (struct str){0});
    ASSERT_BYTES("\0\0\0\x03\xc3\xa9!\0\0\0\0");
}

static void times_count_from_the_year_2000(void **state)
{
    (void)state;
    struct copy_row row = row_without_head(3);
    copy_timestamptz(&row, INT64_C(946684800000000));
    copy_timestamptz(&row, INT64_C(946684800000000) - 1);
    copy_timestamptz(&row, INT64_MAX);
    assert_null(row.problem);
    ASSERT_BYTES("\0\0\0\x08\0\0\0\0\0\0\0\0"
                 "\0\0\0\x08\xff\xff\xff\xff\xff\xff\xff\xff"
                 "\0\0\0\x08\x7f\xfc\xa2\xfe\xc4\xc8\x1f\xff");
}

static void jsonb_has_its_version_in_front(void **state)
{
    (void)state;
    struct copy_row row = row_without_head(1);
    buf_append_str(copy_jsonb_begin(&row), STR("[1]"));
    copy_jsonb_end(&row);
    ASSERT_BYTES("\0\0\0\x04\x01[1]");
    assert_int_equal(row.written, 1);
}

static void text_array_has_one_dimension_from_one(void **state)
{
    (void)state;
    struct copy_row row = row_without_head(1);
    const struct str items[] = {STR("jump"), STR("")};
    copy_text_array(&row, items, 2);
    ASSERT_BYTES("\0\0\0\x20"
                 "\0\0\0\x01\0\0\0\0\0\0\0\x19"
                 "\0\0\0\x02\0\0\0\x01"
                 "\0\0\0\x04jump\0\0\0\0");
}

static void empty_text_array_has_no_dimension(void **state)
{
    (void)state;
    struct copy_row row = row_without_head(1);
    copy_text_array(&row, NULL, 0);
    ASSERT_BYTES("\0\0\0\x0c\0\0\0\0\0\0\0\0\0\0\0\x19");
}

static void optional_values_become_null_or_themselves(void **state)
{
    (void)state;
    struct copy_row row = row_without_head(6);
    copy_opt_float8(&row, (struct opt_double){0});
    copy_opt_int4(&row, (struct opt_int){0});
    copy_opt_int8(&row, (struct opt_long){0});
    copy_opt_text(&row, (struct opt_str){0});
    copy_opt_timestamptz(&row, (struct opt_long){0});
    copy_opt_int4(&row, SOME_INT(7));
    ASSERT_BYTES("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"
                 "\0\0\0\x04\0\0\0\x07");
}

/** Writes one bad value as second of three columns; the row must vanish and the column be named. */
static void assert_refused(void (*write_bad)(struct copy_row *row))
{
    struct copy_row row;
    struct error error = {0};
    buf_reset(&out);
    buf_append(&out, "before", 6);
    copy_begin(&row, &out, 3);
    copy_int8(&row, 1);
    write_bad(&row);
    copy_text(&row, STR("after\0"));
    assert_false(copy_end(&row, "first, second, third", &error));
    assert_int_equal(error.code, ERROR_INVALID);
    assert_string_equal(error.cause, "refused_value");
    assert_non_null(strstr(error.message, "column second:"));
    ASSERT_BYTES("before");
}

static void write_long_smallint(struct copy_row *row)
{
    copy_int2(row, INT16_MAX + 1);
}

static void write_long_integer(struct copy_row *row)
{
    copy_int4(row, INT64_C(1) << 40);
}

static void write_low_integer(struct copy_row *row)
{
    copy_int4(row, (int64_t)INT32_MIN - 1);
}

static void write_nul(struct copy_row *row)
{
    copy_text(row, (struct str){.ptr = "a\0b", .len = 3});
}

static void write_nul_in_array(struct copy_row *row)
{
    const struct str items[] = {STR("fine"), {.ptr = "\0", .len = 1}};
    copy_text_array(row, items, 2);
}

static void write_early_time(struct copy_row *row)
{
    copy_timestamptz(row, INT64_MIN);
}

static void row_with_a_value_its_column_cannot_hold_is_taken_back(void **state)
{
    (void)state;
    assert_refused(write_long_smallint);
    assert_refused(write_long_integer);
    assert_refused(write_low_integer);
    assert_refused(write_nul);
    assert_refused(write_nul_in_array);
    assert_refused(write_early_time);
}

static void earliest_time_postgresql_knows_is_taken(void **state)
{
    (void)state;
    const int64_t first = INT64_C(-211813488000000000) + INT64_C(946684800000000);
    struct copy_row row = row_without_head(2);
    copy_timestamptz(&row, first);
    assert_null(row.problem);
    copy_timestamptz(&row, first - 1);
    assert_non_null(row.problem);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(stream_begins_and_ends_as_the_manual_says, reset, reset),
        cmocka_unit_test_setup_teardown(row_begins_with_its_number_of_columns, reset, reset),
        cmocka_unit_test_setup_teardown(integers_are_big_endian, reset, reset),
        cmocka_unit_test_setup_teardown(doubles_keep_all_bits, reset, reset),
        cmocka_unit_test_setup_teardown(text_is_length_and_bytes, reset, reset),
        cmocka_unit_test_setup_teardown(times_count_from_the_year_2000, reset, reset),
        cmocka_unit_test_setup_teardown(jsonb_has_its_version_in_front, reset, reset),
        cmocka_unit_test_setup_teardown(text_array_has_one_dimension_from_one, reset, reset),
        cmocka_unit_test_setup_teardown(empty_text_array_has_no_dimension, reset, reset),
        cmocka_unit_test_setup_teardown(optional_values_become_null_or_themselves, reset, reset),
        cmocka_unit_test_setup_teardown(row_with_a_value_its_column_cannot_hold_is_taken_back, reset, reset),
        cmocka_unit_test_setup_teardown(earliest_time_postgresql_knows_is_taken, reset, reset),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
