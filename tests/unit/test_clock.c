#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "base/clock.h"

/** 2026-01-02T03:04:05.678901Z */
#define NOW_US INT64_C(1767323045678901)
/** 2026-01-02T00:00:00Z */
#define TODAY_US INT64_C(1767312000000000)

struct point {
    const char *text;
    int64_t us;
};

static const struct point points[] = {
    {"now", NOW_US},
    {"2026-01-02T03:04:05Z", INT64_C(1767323045000000)},
    {"2026-01-02t03:04:05z", INT64_C(1767323045000000)},
    {"2026-01-02 03:04:05Z", INT64_C(1767323045000000)},
    {"2026-01-02T03:04:05.678901Z", NOW_US},
    {"2026-01-02T03:04:05.6789019Z", NOW_US},
    {"2026-01-02T03:04:05.5Z", INT64_C(1767323045500000)},
    {"2026-01-02T03:04:05.0000001Z", INT64_C(1767323045000000)},
    {"2026-01-02T04:04:05+01:00", INT64_C(1767323045000000)},
    {"2026-01-01T21:34:05-05:30", INT64_C(1767323045000000)},
    {"2026-01-02T03:04:05-00:00", INT64_C(1767323045000000)},
    {"2026-01-02", TODAY_US},
    {"2026-01-02T00:00:00Z", TODAY_US},
    {"2026-01-01T23:59:59Z", TODAY_US - US_PER_S},
    {"1970-01-01", 0},
    {"1969-12-31T23:59:59.999999Z", -1},
    {"2024-02-29", INT64_C(1709164800000000)},
    {"2000-02-29", INT64_C(951782400000000)},
    {"0001-01-01", INT64_C(-62135596800000000)},
    {"9999-12-31T23:59:59.999999Z", INT64_C(253402300799999999)},
    {"1767323045", INT64_C(1767323045000000)},
    {"0000000000", 0},
    {"9999999999", INT64_C(9999999999000000)},
    {"1767323045678", INT64_C(1767323045678000)},
    {"-90s", NOW_US - 90 * US_PER_S},
    {"-5m", NOW_US - 300 * US_PER_S},
    {"-2h", NOW_US - 7200 * US_PER_S},
    {"-1d", NOW_US - US_PER_DAY},
    {"-0s", NOW_US},
    {"-3660d", NOW_US - 3660 * US_PER_DAY},
};

static const char *const wrong[] = {
    "",
    "Now",
    "now ",
    " now",
    "tomorrow",
    "2026",
    "2026-1-02",
    "2026-01-2",
    "2026-01-02T",
    "2026-01-02T03",
    "2026-01-02T03:04Z",
    "2026-01-02T03:04:05",
    "2026-01-02 03:04:05",
    "2026-01-02T03:04:05.Z",
    "2026-01-02T03:04:05,5Z",
    "2026-01-02T03:04:05ZZ",
    "2026-01-02Z",
    "2026-01-02T24:00:00Z",
    "2026-01-02T23:60:00Z",
    "2026-01-02T23:59:60Z",
    "2026-01-02T03:04:05+24:00",
    "2026-01-02T03:04:05+01:60",
    "2026-01-02T03:04:05+0100",
    "2026-01-02T03:04:05+01",
    "2026-00-01",
    "2026-13-01",
    "2026-01-00",
    "2026-01-32",
    "2026-04-31",
    "2026-02-29",
    "1900-02-29",
    "2024-02-30",
    "0000-12-31",
    "10000-01-01",
    "-001-01-01",
    "2026/01/02",
    "176732304",
    "17673230456",
    "176732304567",
    "17673230456789",
    "176732304x",
    "+767323045",
    "1767323045.5",
    "-5",
    "5m",
    "-m",
    "-5M",
    "-5w",
    "-5m ",
    "--5m",
    "-5.5m",
    "-3661d",
    "-9999999999s",
    "-999999999d",
    "2026-01-02T03:04:05\xe2\x88\x92"
    "01:00",
};

static void points_in_time_are_read_as_people_write_them(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(points) / sizeof(points[0]); i++) {
        struct error error = {0};
        int64_t us = 42;
        if (!time_parse_us(points[i].text, NOW_US, &us, &error) || us != points[i].us)
            fail_msg("'%s' is %lld, not %lld %s", points[i].text, (long long)us, (long long)points[i].us, error.message);
    }
}

static void what_is_no_point_in_time_is_refused_with_examples(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        struct error error = {0};
        int64_t us = 42;
        if (time_parse_us(wrong[i], NOW_US, &us, &error))
            fail_msg("'%s' was taken for %lld", wrong[i], (long long)us);
        assert_int_equal(us, 42);
        assert_int_equal(error.code, ERROR_USAGE);
        assert_non_null(strstr(error.message, "2026-01-02T03:04:05Z"));
    }
}

static void text_of_a_time_is_read_back_as_the_same(void **state)
{
    (void)state;
    static const int64_t some[] = {0, 1, -1, NOW_US, -62135596800000000, 253402300799999999, US_PER_DAY, -US_PER_DAY - 1};
    for (size_t i = 0; i < sizeof(some) / sizeof(some[0]); i++) {
        char text[TIME_TEXT_MAX];
        struct error error;
        int64_t us;
        assert_true(time_parse_us(time_format_us(some[i], text), 0, &us, &error));
        assert_int_equal(us, some[i]);
    }
}

static void times_are_written_in_utc_with_microseconds(void **state)
{
    (void)state;
    char text[TIME_TEXT_MAX];
    assert_string_equal(time_format_us(NOW_US, text), "2026-01-02T03:04:05.678901Z");
    assert_string_equal(time_format_us(-1, text), "1969-12-31T23:59:59.999999Z");
    /* Every number fits into the text, also absurd ones from hostile records. */
    assert_string_equal(time_format_us(INT64_MAX, text), "294247-01-10T04:00:54.775807Z");
    assert_string_equal(time_format_us(INT64_MIN, text), "-290308-12-21T19:59:05.224192Z");
}

static void days_are_counted_from_the_floor(void **state)
{
    (void)state;
    assert_int_equal(time_day_of_us(0), 0);
    assert_int_equal(time_day_of_us(US_PER_DAY - 1), 0);
    assert_int_equal(time_day_of_us(US_PER_DAY), 1);
    assert_int_equal(time_day_of_us(-1), -1);
    assert_int_equal(time_day_of_us(-US_PER_DAY), -1);
    assert_int_equal(time_day_of_us(-US_PER_DAY - 1), -2);
}

static void calendar_agrees_with_the_c_library_for_four_centuries(void **state)
{
    (void)state;
    for (int64_t day = -80000; day < 80000; day++) {
        const time_t seconds = (time_t)(day * 86400);
        struct tm expected;
        int year, month, month_day;
        gmtime_r(&seconds, &expected);
        time_civil(day, &year, &month, &month_day);
        if (year != expected.tm_year + 1900 || month != expected.tm_mon + 1 || month_day != expected.tm_mday)
            fail_msg("day %lld", (long long)day);
        assert_int_equal(time_day_from_civil(year, month, month_day), day);
    }
}

static void clocks_tell_the_time(void **state)
{
    (void)state;
    const int64_t before_ms = clock_mono_ms();
    assert_true(clock_wall_us() / US_PER_S - time(NULL) <= 1);
    assert_true(clock_wall_us() / US_PER_S - time(NULL) >= -1);
    assert_true(clock_mono_ms() >= before_ms);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(points_in_time_are_read_as_people_write_them),
        cmocka_unit_test(what_is_no_point_in_time_is_refused_with_examples),
        cmocka_unit_test(text_of_a_time_is_read_back_as_the_same),
        cmocka_unit_test(times_are_written_in_utc_with_microseconds),
        cmocka_unit_test(days_are_counted_from_the_floor),
        cmocka_unit_test(calendar_agrees_with_the_c_library_for_four_centuries),
        cmocka_unit_test(clocks_tell_the_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
