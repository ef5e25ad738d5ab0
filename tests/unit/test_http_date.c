#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "ingest/http_date.h"

/** 1994-11-06T08:49:37Z. */
#define RFC_EXAMPLE_US (INT64_C(784111777) * US_PER_S)

static void all_three_forms_of_a_date_are_read(void **state)
{
    static const char *const texts[] = {"Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT",
                                        "Sun Nov  6 08:49:37 1994"};
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        int64_t us = 0;
        assert_true(http_date_parse(str_from(texts[i]), &us));
        assert_int_equal(us, RFC_EXAMPLE_US);
    }
}

static void text_that_is_no_date_is_refused(void **state)
{
    static const char *const texts[] = {"",
                                        "now",
                                        "Sun, 06 Nov 1994 08:49:37",
                                        "Sun, 06 Nov 1994 08:49:37 GMT trailing",
                                        "Sun, 00 Nov 1994 08:49:37 GMT",
                                        "Sun, 32 Nov 1994 08:49:37 GMT",
                                        "Sun, 06 Nix 1994 08:49:37 GMT",
                                        "Sun, 06 Nov 1994 24:49:37 GMT",
                                        "Sun, 06 Nov 1994 08:60:37 GMT",
                                        "Sun, 06 Nov 1994 08:49:61 GMT",
                                        "Sun, 06 Nov 1969 08:49:37 GMT",
                                        "1994-11-06T08:49:37Z",
                                        "Sun, 06 Nov 1994 08:49:37 GMT                                             "};
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        int64_t us = 7;
        assert_false(http_date_parse(str_from(texts[i]), &us));
    }
}

static void date_without_any_text_is_refused(void **state)
{
    int64_t us;
    (void)state;
    assert_false(http_date_parse((struct str){0}, &us));
    assert_false(retry_after_parse((struct str){0}, 0, &us));
}

static void retry_after_in_seconds_is_cut_to_its_bound(void **state)
{
    static const struct {
        const char *text;
        int64_t seconds;
    } cases[] = {{"0", 0},
                 {"1", 1},
                 {"120", 120},
                 {"2678399", RETRY_AFTER_MAX_S - 1},
                 {"2678400", RETRY_AFTER_MAX_S},
                 {"2678401", RETRY_AFTER_MAX_S},
                 {"99999999999999999999999999", RETRY_AFTER_MAX_S}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int64_t seconds = -1;
        assert_true(retry_after_parse(str_from(cases[i].text), 0, &seconds));
        assert_int_equal(seconds, cases[i].seconds);
    }
}

static void retry_after_as_a_date_is_rounded_up(void **state)
{
    const struct str date = STR("Sun, 06 Nov 1994 08:49:37 GMT");
    int64_t seconds;
    (void)state;
    assert_true(retry_after_parse(date, RFC_EXAMPLE_US - 30 * US_PER_S, &seconds));
    assert_int_equal(seconds, 30);
    assert_true(retry_after_parse(date, RFC_EXAMPLE_US - 1, &seconds));
    assert_int_equal(seconds, 1);
    assert_true(retry_after_parse(date, RFC_EXAMPLE_US, &seconds));
    assert_int_equal(seconds, 0);
    assert_true(retry_after_parse(date, RFC_EXAMPLE_US + US_PER_DAY, &seconds));
    assert_int_equal(seconds, 0);
    assert_true(retry_after_parse(date, RFC_EXAMPLE_US - 40 * US_PER_DAY, &seconds));
    assert_int_equal(seconds, RETRY_AFTER_MAX_S);
}

static void retry_after_of_another_kind_is_refused(void **state)
{
    static const char *const texts[] = {"-1", "1.5", "1s", "soon", "+5", " 5"};
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        int64_t seconds;
        assert_false(retry_after_parse(str_from(texts[i]), 0, &seconds));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_three_forms_of_a_date_are_read),  cmocka_unit_test(text_that_is_no_date_is_refused),
        cmocka_unit_test(date_without_any_text_is_refused),    cmocka_unit_test(retry_after_in_seconds_is_cut_to_its_bound),
        cmocka_unit_test(retry_after_as_a_date_is_rounded_up), cmocka_unit_test(retry_after_of_another_kind_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
