#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "base/clock.h"
#include "cli/tail_range.h"

/* 2026-01-02T03:04:05Z */
#define NOW_S INT64_C(1767323045)

static struct tail_range range;
static struct error error;

static bool parse(const char *from, const char *to)
{
    error = (struct error){0};
    return tail_range_parse(from, to, NOW_S * US_PER_S, &range, &error);
}

static void assert_start(const char *from, enum reader_start start, int64_t value)
{
    assert_true(parse(from, NULL));
    assert_int_equal(range.start, start);
    if (start != READER_BEGINNING && start != READER_END)
        assert_int_equal(range.start_value, value);
}

static void starts_are_read_as_people_write_them(void **state)
{
    (void)state;
    assert_start(NULL, READER_LAST, 10);
    assert_start("start", READER_BEGINNING, 0);
    assert_start("end", READER_END, 0);
    assert_start("-25", READER_LAST, 25);
    assert_start("@1234", READER_OFFSET, 1234);
    assert_start("-2h", READER_TIME, (NOW_S - 7200) * 1000);
    assert_start("@-2h", READER_TIME, (NOW_S - 7200) * 1000);
    assert_start("-90s", READER_TIME, (NOW_S - 90) * 1000);
    assert_start("2026-01-02T03:04:05Z", READER_TIME, NOW_S * 1000);
}

static void wrong_start_says_what_can_be_written(void **state)
{
    (void)state;
    static const char *const wrong[] = {"", "begin", "@", "@-1", "@1:x", "@12x", "-", "10x", "-99999999999999999999"};
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        assert_false(parse(wrong[i], NULL));
        assert_int_equal(error.code, ERROR_USAGE);
        assert_non_null(strstr(error.message, "--from"));
        assert_non_null(strstr(error.message, "start, end, -10"));
    }
}

static void one_text_can_say_both_ends(void **state)
{
    (void)state;
    assert_true(parse("@10:20", NULL));
    assert_int_equal(range.start, READER_OFFSET);
    assert_int_equal(range.start_value, 10);
    assert_int_equal(range.end_offset, 20);
    assert_true(parse("@-2h:-1h", NULL));
    assert_int_equal(range.start_value, (NOW_S - 7200) * 1000);
    assert_int_equal(range.end_ms, (NOW_S - 3600) * 1000);
    assert_true(parse("@2026-01-02T03:04:05Z:2026-01-02T03:05:05Z", NULL));
    assert_int_equal(range.start_value, NOW_S * 1000);
    assert_int_equal(range.end_ms, (NOW_S + 60) * 1000);
    assert_false(parse("@10:20", "end"));
}

static void end_leaves_out_what_comes_later(void **state)
{
    (void)state;
    assert_true(parse("start", NULL));
    assert_true(tail_range_has(&range, INT64_MAX - 1, INT64_MAX - 1));
    assert_true(parse("start", "@5"));
    assert_true(tail_range_has(&range, 4, NOW_S * 1000));
    assert_false(tail_range_has(&range, 5, NOW_S * 1000));
    assert_true(parse("start", "-1h"));
    assert_true(tail_range_has(&range, 5, (NOW_S - 3600) * 1000 - 1));
    assert_false(tail_range_has(&range, 5, (NOW_S - 3600) * 1000));
    assert_true(parse("start", "end"));
    assert_int_equal(range.end_offset, INT64_MAX);
    assert_false(parse("start", "-10"));
    assert_non_null(strstr(error.message, "--to"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(starts_are_read_as_people_write_them),
        cmocka_unit_test(wrong_start_says_what_can_be_written),
        cmocka_unit_test(one_text_can_say_both_ends),
        cmocka_unit_test(end_leaves_out_what_comes_later),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
