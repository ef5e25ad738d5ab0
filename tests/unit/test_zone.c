#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/zone.h"

static int64_t us_of(const char *text)
{
    int64_t us = 0;
    struct error error = {0};
    assert_true(time_parse_us(text, 0, &us, &error));
    return us;
}

/** Rows: local time written as UTC, and the UTC time it stands for. */
static void expect(enum zone zone, const char *const rows[][2], size_t count)
{
    for (size_t i = 0; i < count; i++) {
        char is[TIME_TEXT_MAX], must[TIME_TEXT_MAX];
        time_format_us(zone_to_utc_us(zone, us_of(rows[i][0])), is);
        time_format_us(us_of(rows[i][1]), must);
        assert_string_equal(is, must);
    }
}

static void new_york_changes_on_the_second_sunday_of_march_and_the_first_of_november(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        {"2026-01-02T16:00:00Z", "2026-01-02T21:00:00Z"}, {"2026-08-17T14:27:32Z", "2026-08-17T18:27:32Z"},
        {"2026-03-08T01:59:59Z", "2026-03-08T06:59:59Z"}, {"2026-03-08T03:00:00Z", "2026-03-08T07:00:00Z"},
        {"2026-11-01T00:59:59Z", "2026-11-01T04:59:59Z"}, {"2026-11-01T02:00:00Z", "2026-11-01T07:00:00Z"},
        {"2015-03-01T12:00:00Z", "2015-03-01T17:00:00Z"}, {"2015-03-08T12:00:00Z", "2015-03-08T16:00:00Z"},
    };
    expect(ZONE_NEW_YORK, rows, sizeof(rows) / sizeof(rows[0]));
}

static void central_europe_changes_on_the_last_sundays_of_march_and_october(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        {"2026-01-02T14:10:00Z", "2026-01-02T13:10:00Z"}, {"2026-07-01T14:10:00Z", "2026-07-01T12:10:00Z"},
        {"2026-03-29T01:59:59Z", "2026-03-29T00:59:59Z"}, {"2026-03-29T03:00:00Z", "2026-03-29T01:00:00Z"},
        {"2026-10-25T01:59:59Z", "2026-10-24T23:59:59Z"}, {"2026-10-25T03:00:00Z", "2026-10-25T02:00:00Z"},
    };
    expect(ZONE_CENTRAL_EUROPE, rows, sizeof(rows) / sizeof(rows[0]));
}

static void london_changes_in_the_same_minute_as_central_europe(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        {"2026-03-29T00:59:59Z", "2026-03-29T00:59:59Z"},
        {"2026-03-29T02:00:00Z", "2026-03-29T01:00:00Z"},
        {"2026-07-01T08:00:00Z", "2026-07-01T07:00:00Z"},
        {"2026-10-25T02:00:00Z", "2026-10-25T02:00:00Z"},
    };
    expect(ZONE_LONDON, rows, sizeof(rows) / sizeof(rows[0]));
}

static void an_hour_that_occurs_twice_is_the_first_and_one_that_is_left_out_the_next(void **state)
{
    (void)state;
    static const char *const rows[][2] = {{"2026-11-01T01:30:00Z", "2026-11-01T05:30:00Z"},
                                          {"2026-03-08T02:30:00Z", "2026-03-08T07:30:00Z"}};
    expect(ZONE_NEW_YORK, rows, sizeof(rows) / sizeof(rows[0]));
}

static void offset_and_local_time_agree_at_every_hour_of_four_years_but_the_repeated_ones(void **state)
{
    (void)state;
    int64_t repeated = 0;
    for (int64_t us = us_of("2024-01-01"); us < us_of("2028-01-01"); us += INT64_C(3600) * US_PER_S) {
        for (enum zone zone = ZONE_NEW_YORK; zone <= ZONE_LONDON; zone++) {
            const int64_t local = us + zone_offset_s(zone, us) * US_PER_S;
            if (zone_to_utc_us(zone, local) != us) {
                assert_true(zone_to_utc_us(zone, local) == us - INT64_C(3600) * US_PER_S);
                repeated++;
            }
        }
    }
    assert_int_equal(repeated, 3 * 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(new_york_changes_on_the_second_sunday_of_march_and_the_first_of_november),
        cmocka_unit_test(central_europe_changes_on_the_last_sundays_of_march_and_october),
        cmocka_unit_test(london_changes_in_the_same_minute_as_central_europe),
        cmocka_unit_test(an_hour_that_occurs_twice_is_the_first_and_one_that_is_left_out_the_next),
        cmocka_unit_test(offset_and_local_time_agree_at_every_hour_of_four_years_but_the_repeated_ones),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
