#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/json_text.h"
#include "base/number_text.h"

static void assert_double_text(double value, const char *expected)
{
    char text[DOUBLE_TEXT_MAX];
    assert_string_equal(double_text(value, text), expected);
}

static void decimals_come_out_as_they_were_sent(void **state)
{
    (void)state;
    assert_double_text(0.1, "0.1");
    assert_double_text(64123.45, "64123.45");
    assert_double_text(123456789012345.0, "123456789012345");
    assert_double_text(0, "0");
    assert_double_text(-0.0, "-0");
    assert_double_text(1e-7, "1e-07");
}

static void sixteen_and_seventeen_digits_are_written_where_fewer_would_not_read_back(void **state)
{
    (void)state;
    assert_double_text(0.1 + 0.2, "0.30000000000000004");
    assert_double_text(DBL_MAX, "1.7976931348623157e+308");
    assert_double_text(5e-324, "4.94065645841247e-324");
}

static void what_is_not_finite_has_a_name(void **state)
{
    (void)state;
    assert_double_text(NAN, "NaN");
    assert_double_text(INFINITY, "Infinity");
    assert_double_text(-INFINITY, "-Infinity");
}

/** The whole content of `out` equals `expected`; frees it. */
static void assert_text(struct buf *out, const char *expected)
{
    buf_append(out, "", 1);
    assert_string_equal((const char *)out->data, expected);
    buf_clear(out);
}

static void strings_are_escaped_where_json_asks_for_it(void **state)
{
    (void)state;
    struct buf out = {0};
    json_put_string(&out, STR("a\"b\\c\nd\x01\x1f\x7f\xc3\xa9"));
    assert_text(&out, "\"a\\\"b\\\\c\\nd\\u0001\\u001f\x7f\xc3\xa9\"");
    json_put_string(&out, (struct str){0});
    assert_text(&out, "\"\"");
    json_put_string(&out, (struct str){.ptr = "\0x", .len = 2});
    assert_text(&out, "\"\\u0000x\"");
}

static void numbers_and_times_are_valid_json(void **state)
{
    (void)state;
    struct buf out = {0};
    json_put_double(&out, 1.5);
    buf_append_str(&out, STR(","));
    json_put_double(&out, NAN);
    buf_append_str(&out, STR(","));
    json_put_time(&out, 1);
    assert_text(&out, "1.5,\"NaN\",\"1970-01-01T00:00:00.000001Z\"");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(decimals_come_out_as_they_were_sent),
        cmocka_unit_test(sixteen_and_seventeen_digits_are_written_where_fewer_would_not_read_back),
        cmocka_unit_test(what_is_not_finite_has_a_name),
        cmocka_unit_test(strings_are_escaped_where_json_asks_for_it),
        cmocka_unit_test(numbers_and_times_are_valid_json),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
