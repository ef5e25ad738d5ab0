#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/clock.h"
#include "cli/check_cell.h"

/** A cell with a text. */
static struct opt_str cell(const char *text)
{
    return SOME_STR(str_from(text));
}

static void decimals_and_what_is_not_finite_are_numbers(void **state)
{
    static const struct {
        const char *text;
        double value;
    } cases[] = {{"1", 1},      {"-12.50", -12.5},   {"+.5", .5},         {"1e-7", 1e-7},
                 {"1E3", 1000}, {"1e999", INFINITY}, {"-inf", -INFINITY}, {"Infinity", INFINITY}};
    (void)state;
    struct opt_double number;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_true(cell_number(cell(cases[i].text), &number));
        assert_true(number.set && number.value == cases[i].value);
    }
    assert_true(cell_number(cell("NaN"), &number) && isnan(number.value));
    assert_true(cell_number((struct opt_str){0}, &number) && !number.set);
}

static void garbage_is_no_number(void **state)
{
    static const char *const texts[] = {
        "abc", "0x10", "1,234", "1.2.3", "1e",  "-",
        "--1", "1 2",  "nanx",  "true",  "[1]", "1111111111111111111111111111111111111111111111111111111111111111"};
    (void)state;
    struct opt_double number;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        assert_false(cell_number(cell(texts[i]), &number));
    assert_false(cell_number(SOME_STR(((struct str){.ptr = "1\0", .len = 2})), &number));
}

static void times_have_a_zone_or_are_utc(void **state)
{
    static const char *const same[] = {"2026-01-02T03:04:05Z", "2026-01-02T03:04:05", "2026-01-02 05:04:05+02:00",
                                       "2026-01-02T03:04:05.000", "1767323045"};
    (void)state;
    int64_t us, resolution_s;
    for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++) {
        assert_true(cell_time(cell(same[i]), &us, &resolution_s));
        assert_int_equal(us, INT64_C(1767323045) * US_PER_S);
        assert_int_equal(resolution_s, 1);
    }
    assert_true(cell_time(cell("2026-01-02"), &us, &resolution_s));
    assert_int_equal(us, INT64_C(1767312000) * US_PER_S);
    assert_int_equal(resolution_s, 86400);
}

static void words_and_impossible_dates_are_no_times(void **state)
{
    static const char *const texts[] = {"now", "-5m", "2026-02-30", "2026-13-01", "yesterday", "12", "2026-01-02T25:00:00Z"};
    (void)state;
    int64_t us, resolution_s;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        assert_false(cell_time(cell(texts[i]), &us, &resolution_s));
    assert_false(cell_time((struct opt_str){0}, &us, &resolution_s));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(decimals_and_what_is_not_finite_are_numbers),
        cmocka_unit_test(garbage_is_no_number),
        cmocka_unit_test(times_have_a_zone_or_are_utc),
        cmocka_unit_test(words_and_impossible_dates_are_no_times),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
