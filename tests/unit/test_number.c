#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ingest/number.h"

static void text_is_read_as_the_number_it_says(void **state)
{
    static const struct {
        const char *text;
        double value;
    } cases[] = {{"112.6300", 112.63},
                 {"-0.66", -0.66},
                 {"1,234.50", 1234.5},
                 {"12,345,678", 12345678},
                 {"1e-7", 1e-7},
                 {" 42 ", 42},
                 {"+3", 3},
                 {".5", .5},
                 {"5.", 5},
                 {"1,000e2", 100000},
                 {"0", 0},
                 {"305.3", 305.3}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        double value = -1;
        assert_true(number_from_text(str_from(cases[i].text), &value));
        assert_true(value == cases[i].value);
    }
}

static void text_that_is_no_decimal_is_refused(void **state)
{
    static const char *const texts[] = {
        "",         "None",      "-",
        ".",        "1,23",      "1,2345",
        "1234,567", ",123",      "1,,000",
        "0x10",     "inf",       "nan",
        "1e",       "1e+",       "1e999",
        "1 2",      "1.2.3",     "--1",
        "1%",       "12,34,567", "1111111111111111111111111111111111111111111111111111111111111111"};
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        double value = 7;
        assert_false(number_from_text(str_from(texts[i]), &value));
        assert_true(value == 7);
    }
}

static void text_with_a_nul_in_it_is_refused(void **state)
{
    double value = 7;
    (void)state;
    assert_false(number_from_text((struct str){.ptr = "1\0002", .len = 3}, &value));
}

static void widened_float_gets_its_short_decimal_back(void **state)
{
    (void)state;
    assert_true(number_undo_float32(166.69000244140625) == 166.69);
    assert_true(number_undo_float32(1.0435999631881714) == 1.0436);
    assert_true(number_undo_float32(97208.171875) == 97208.17);
    assert_true(number_undo_float32(-0.6600000262260437) == -0.66);
}

static void decimal_that_was_no_float_stays_as_it_is(void **state)
{
    static const double values[] = {166.69, 305.3, 0.1, 48460.07858, 1e300, 0, -5, 16777217, 0.5, 49357, 1e-7};
    (void)state;
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        assert_true(number_undo_float32(values[i]) == values[i]);
    }
}

/** From 65,536 on some floats of a price in cents are decimals of nine digits themselves (65536.0625), and stay. */
static void every_price_in_cents_below_65536_survives_a_widened_float(void **state)
{
    (void)state;
    for (int cents = 1; cents < 6553600; cents += 7) {
        char text[32];
        snprintf(text, sizeof text, "%d.%02d", cents / 100, cents % 100);
        double right = strtod(text, NULL);
        assert_true(number_undo_float32((double)(float)right) == right);
    }
}

static void point_is_moved_without_binary_noise(void **state)
{
    (void)state;
    assert_true(number_shift_point(305.3, -2) == 3.053);
    assert_true(number_shift_point(306.507, -2) == 3.06507);
    assert_true(number_shift_point(0.1, 1) == 1);
    assert_true(number_shift_point(-1279, -2) == -12.79);
    assert_true(number_shift_point(0, -2) == 0);
    assert_true(number_shift_point(1e-300, -2) == 1e-302);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_is_read_as_the_number_it_says),
        cmocka_unit_test(text_that_is_no_decimal_is_refused),
        cmocka_unit_test(text_with_a_nul_in_it_is_refused),
        cmocka_unit_test(widened_float_gets_its_short_decimal_back),
        cmocka_unit_test(decimal_that_was_no_float_stays_as_it_is),
        cmocka_unit_test(every_price_in_cents_below_65536_survives_a_widened_float),
        cmocka_unit_test(point_is_moved_without_binary_noise),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
