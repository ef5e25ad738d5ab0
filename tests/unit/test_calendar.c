#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/clock.h"
#include "market/calendar.h"
#include "market/listing.h"

#define HOUR_S INT64_C(3600)

static int64_t us_of(const char *text)
{
    int64_t us = 0;
    struct error error = {0};
    assert_true(time_parse_us(text, 0, &us, &error));
    return us;
}

static int64_t day_of(const char *date)
{
    return time_day_of_us(us_of(date));
}

static void expect_time(int64_t us, const char *must)
{
    char is_text[TIME_TEXT_MAX], must_text[TIME_TEXT_MAX];
    assert_string_equal(time_format_us(us, is_text), time_format_us(us_of(must), must_text));
}

static void expect_session(enum market market, const char *date, const char *open, const char *close)
{
    struct market_session session;
    assert_true(calendar_session(market, day_of(date), &session));
    expect_time(session.open_us, open);
    expect_time(session.close_us, close);
}

static void new_york_trades_from_half_past_nine_to_four_by_its_own_clock(void **state)
{
    (void)state;
    expect_session(MARKET_XNYS, "2026-11-25", "2026-11-25T14:30:00Z", "2026-11-25T21:00:00Z");
    expect_session(MARKET_XNYS, "2026-03-06", "2026-03-06T14:30:00Z", "2026-03-06T21:00:00Z");
    expect_session(MARKET_XNYS, "2026-03-09", "2026-03-09T13:30:00Z", "2026-03-09T20:00:00Z");
}

static void new_york_is_closed_on_holidays_and_days_of_mourning(void **state)
{
    (void)state;
    static const char *const closed[] = {"2026-11-26", "2025-01-09", "2018-12-05", "2012-10-29", "2012-10-30", "2001-09-11",
                                         "2001-09-14", "2004-06-11", "2022-06-20", "2021-12-24", "2026-07-03", "2024-03-29",
                                         "2026-11-28", "2026-11-29", "2028-12-25", "1994-04-27"};
    static const char *const open[] = {"2026-11-25", "2026-11-27", "2025-01-10", "2001-09-17", "2021-12-31",
                                       "2024-12-24", "2026-10-12", "2028-12-29", "1990-01-02", "2021-06-18"};
    for (size_t i = 0; i < sizeof(closed) / sizeof(closed[0]); i++) {
        assert_false(calendar_is_trading_day(MARKET_XNYS, day_of(closed[i])));
        assert_false(calendar_session(MARKET_XNYS, day_of(closed[i]), &(struct market_session){0}));
    }
    for (size_t i = 0; i < sizeof(open) / sizeof(open[0]); i++)
        assert_true(calendar_is_trading_day(MARKET_XNYS, day_of(open[i])));
}

static void new_york_closes_at_one_before_some_holidays(void **state)
{
    (void)state;
    expect_session(MARKET_XNYS, "2024-07-03", "2024-07-03T13:30:00Z", "2024-07-03T17:00:00Z");
    expect_session(MARKET_XNYS, "2026-11-27", "2026-11-27T14:30:00Z", "2026-11-27T18:00:00Z");
    expect_session(MARKET_XNYS, "2024-12-24", "2024-12-24T14:30:00Z", "2024-12-24T18:00:00Z");
    expect_session(MARKET_XNYS, "2024-07-02", "2024-07-02T13:30:00Z", "2024-07-02T20:00:00Z");
}

static void a_session_contains_its_first_instant_and_not_its_last(void **state)
{
    (void)state;
    const int64_t open_us = us_of("2024-07-03T13:30:00Z"), close_us = us_of("2024-07-03T17:00:00Z");
    assert_false(calendar_is_open(MARKET_XNYS, open_us - 1));
    assert_true(calendar_is_open(MARKET_XNYS, open_us));
    assert_true(calendar_is_open(MARKET_XNYS, close_us - 1));
    assert_false(calendar_is_open(MARKET_XNYS, close_us));
    assert_false(calendar_is_open(MARKET_XNYS, us_of("2026-11-26T16:00:00Z")));
}

static void foreign_exchange_trades_from_sunday_evening_to_friday_evening_in_new_york(void **state)
{
    (void)state;
    assert_false(calendar_is_open(MARKET_FX, us_of("2026-11-22T21:59:59Z")));
    assert_true(calendar_is_open(MARKET_FX, us_of("2026-11-22T22:00:00Z")));
    assert_true(calendar_is_open(MARKET_FX, us_of("2026-11-25T22:30:00Z")));
    assert_true(calendar_is_open(MARKET_FX, us_of("2026-11-27T21:59:59Z")));
    assert_false(calendar_is_open(MARKET_FX, us_of("2026-11-27T22:00:00Z")));
    assert_true(calendar_is_open(MARKET_FX, us_of("2026-07-05T21:00:00Z"))); /* daylight time */
    assert_false(calendar_is_open(MARKET_FX, us_of("2026-07-10T21:00:00Z")));
    assert_true(calendar_is_trading_day(MARKET_FX, day_of("2026-11-26")));
    assert_false(calendar_is_trading_day(MARKET_FX, day_of("2026-11-29")));
}

static void crypto_is_always_open(void **state)
{
    (void)state;
    assert_true(calendar_is_open(MARKET_ALWAYS, us_of("2026-12-25T03:00:00Z")));
    assert_true(calendar_is_trading_day(MARKET_ALWAYS, day_of("2026-11-29")));
    assert_int_equal(calendar_open_seconds_between(MARKET_ALWAYS, us_of("2026-11-27T12:00:00Z"), us_of("2026-11-30T13:00:00Z")),
                     73 * HOUR_S);
}

static void the_next_open_skips_nights_weekends_and_holidays(void **state)
{
    (void)state;
    expect_time(calendar_next_open_us(MARKET_XNYS, us_of("2026-11-25T15:00:00Z")), "2026-11-25T15:00:00Z");
    expect_time(calendar_next_open_us(MARKET_XNYS, us_of("2026-11-25T08:00:00Z")), "2026-11-25T14:30:00Z");
    expect_time(calendar_next_open_us(MARKET_XNYS, us_of("2026-11-25T21:00:00Z")), "2026-11-27T14:30:00Z");
    expect_time(calendar_next_open_us(MARKET_XNYS, us_of("2026-11-27T18:00:00Z")), "2026-11-30T14:30:00Z");
    expect_time(calendar_next_open_us(MARKET_XNYS, us_of("2001-09-10T20:00:00Z")), "2001-09-17T13:30:00Z");
    expect_time(calendar_next_open_us(MARKET_FX, us_of("2026-11-28T10:00:00Z")), "2026-11-29T22:00:00Z");
    expect_time(calendar_next_open_us(MARKET_XLON, us_of("2026-12-24T12:30:00Z")), "2026-12-29T08:00:00Z");
}

static void open_seconds_leave_out_nights_weekends_and_holidays(void **state)
{
    (void)state;
    const int64_t noon_us = us_of("2026-11-25T17:00:00Z");
    assert_int_equal(calendar_open_seconds_between(MARKET_XNYS, noon_us, us_of("2026-11-25T18:00:00Z")), HOUR_S);
    assert_int_equal(calendar_open_seconds_between(MARKET_XNYS, noon_us, us_of("2026-11-27T14:30:00Z")), 4 * HOUR_S);
    assert_int_equal(calendar_open_seconds_between(MARKET_XNYS, noon_us, us_of("2026-11-30T15:30:00Z")),
                     (8 * HOUR_S + HOUR_S / 2));
    assert_int_equal(calendar_open_seconds_between(MARKET_XNYS, us_of("2026-11-26T00:00:00Z"), us_of("2026-11-27T00:00:00Z")), 0);
    assert_int_equal(calendar_open_seconds_between(MARKET_XNYS, noon_us, noon_us), 0);
    assert_int_equal(calendar_open_seconds_between(MARKET_XNYS, noon_us, noon_us - US_PER_DAY), 0);
    assert_int_equal(calendar_open_seconds_between(MARKET_FX, us_of("2026-11-27T21:00:00Z"), us_of("2026-11-29T23:00:00Z")),
                     2 * HOUR_S);
}

static void a_span_of_centuries_is_counted_to_its_tenth_year(void **state)
{
    (void)state;
    const int64_t from_us = us_of("1000-01-01"), to_us = us_of("9000-01-01");
    assert_int_equal(calendar_open_seconds_between(MARKET_ALWAYS, from_us, to_us), CALENDAR_SPAN_DAYS_MAX * 24 * HOUR_S);
    assert_int_equal(calendar_trading_days_between(MARKET_ALWAYS, time_day_of_us(from_us), time_day_of_us(to_us)),
                     CALENDAR_SPAN_DAYS_MAX);
}

static void years_have_as_many_trading_days_as_the_exchange_counted(void **state)
{
    (void)state;
    static const struct {
        int year, days;
    } years[] = {{2001, 248}, {2012, 250}, {2018, 251}, {2020, 253}, {2023, 250}, {2024, 252}, {2025, 250}, {2026, 251}};
    for (size_t i = 0; i < sizeof(years) / sizeof(years[0]); i++)
        assert_int_equal(calendar_trading_days_between(MARKET_XNYS, time_day_from_civil(years[i].year, 1, 1),
                                                       time_day_from_civil(years[i].year + 1, 1, 1)),
                         years[i].days);
}

static void outside_of_the_years_covered_each_weekday_is_a_full_day(void **state)
{
    (void)state;
    expect_session(MARKET_XNYS, "2029-12-25", "2029-12-25T14:30:00Z", "2029-12-25T21:00:00Z");
    assert_true(calendar_is_trading_day(MARKET_XNYS, day_of("1989-12-25")));
    assert_false(calendar_is_trading_day(MARKET_XNYS, day_of("2029-12-22")));
}

static void open_and_the_session_of_a_day_agree_at_every_quarter_of_an_hour(void **state)
{
    (void)state;
    for (enum market market = MARKET_ALWAYS; market <= MARKET_XETR; market++) {
        for (int64_t us = us_of("2024-01-01"); us < us_of("2025-06-01"); us += 900 * US_PER_S) {
            const bool open = calendar_open_seconds_between(market, us, us + US_PER_S) == 1;
            assert_int_equal(calendar_is_open(market, us), open);
            assert_int_equal(calendar_next_open_us(market, us) == us, open);
        }
    }
}

static void a_name_tells_market_and_currency(void **state)
{
    (void)state;
    static const struct {
        const char *asset;
        enum market market;
        const char *currency; /* NULL: not asked */
    } rows[] = {
        {"equity:AAPL", MARKET_XNYS, "USD"},
        {"equity:BRK.B", MARKET_XNYS, "USD"},
        {"equity:VOD.L", MARKET_XLON, "GBP"},
        {"equity:SAP.DE", MARKET_XETR, "EUR"},
        {"equity:7203.T", MARKET_WEEKDAYS, "JPY"},
        {"equity:X.QQ", MARKET_WEEKDAYS, ""},
        {"equity:^FTSE", MARKET_WEEKDAYS, ""},
        {"equity:AAPL.US", MARKET_XNYS, "USD"},
        {"crypto:BTC", MARKET_ALWAYS, NULL},
        {"fx:EURUSD", MARKET_FX, NULL},
        {"AAPL", MARKET_XNYS, "USD"},
        {"", MARKET_XNYS, "USD"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct str asset = str_from(rows[i].asset);
        assert_int_equal(listing_market(asset), rows[i].market);
        assert_true(!rows[i].currency || str_is(listing_currency(asset), rows[i].currency));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(new_york_trades_from_half_past_nine_to_four_by_its_own_clock),
        cmocka_unit_test(new_york_is_closed_on_holidays_and_days_of_mourning),
        cmocka_unit_test(new_york_closes_at_one_before_some_holidays),
        cmocka_unit_test(a_session_contains_its_first_instant_and_not_its_last),
        cmocka_unit_test(foreign_exchange_trades_from_sunday_evening_to_friday_evening_in_new_york),
        cmocka_unit_test(crypto_is_always_open),
        cmocka_unit_test(the_next_open_skips_nights_weekends_and_holidays),
        cmocka_unit_test(open_seconds_leave_out_nights_weekends_and_holidays),
        cmocka_unit_test(a_span_of_centuries_is_counted_to_its_tenth_year),
        cmocka_unit_test(years_have_as_many_trading_days_as_the_exchange_counted),
        cmocka_unit_test(outside_of_the_years_covered_each_weekday_is_a_full_day),
        cmocka_unit_test(open_and_the_session_of_a_day_agree_at_every_quarter_of_an_hour),
        cmocka_unit_test(a_name_tells_market_and_currency),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
