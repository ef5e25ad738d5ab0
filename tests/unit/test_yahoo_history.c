#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "parse_bench.h"

#define JSON "application/json;charset=utf-8"
/** `meta` of a stock in New York; the offset is that of winter, the days below are of summer. */
#define META(symbol, currency)                                                                                                   \
    "\"meta\":{\"currency\":\"" currency "\",\"symbol\":\"" symbol "\",\"regularMarketTime\":1739998801,\"gmtoffset\":-18000,"   \
    "\"exchangeTimezoneName\":\"America/New_York\",\"regularMarketPrice\":244.87,\"priceHint\":2,\"dataGranularity\":\"1d\"}"
#define ANSWER(members) "{\"chart\":{\"result\":[{" members "}],\"error\":null}}"

static const struct request_asset aapl = {.asset = "equity:AAPL", .symbol = "AAPL"};
static const struct request_spec one_asset = {.assets = &aapl, .asset_count = 1};

static struct parsed history_of(const struct request_spec *spec, const char *body)
{
    return parse_bytes("yahoo", "history", spec, 200, JSON, str_from(body));
}

static struct parsed history(const char *body)
{
    return history_of(&one_asset, body);
}

static int32_t day(int year, int month, int month_day)
{
    return (int32_t)time_day_from_civil(year, month, month_day);
}

static void path_has_the_range_of_the_job_or_that_of_the_request(void **state)
{
    (void)state;
    struct buf headers = {0};
    struct job_param range = {.name = "range", .value = "5y"};
    struct request_spec spec = one_asset;
    char *plain = built_path("yahoo", "history", &spec, &headers);
    assert_string_equal(plain, "/v8/finance/chart/AAPL?range=1mo&interval=1d&events=div%2Csplit&includePrePost=false");
    spec.params = &range;
    spec.param_count = 1;
    char *long_one = built_path("yahoo", "history", &spec, &headers);
    assert_non_null(strstr(long_one, "?range=5y&"));
    spec.from_us = SOME_LONG(day(2020, 8, 3) * US_PER_DAY);
    spec.to_us = SOME_LONG(day(2020, 8, 8) * US_PER_DAY);
    char *between = built_path("yahoo", "history", &spec, &headers);
    assert_non_null(strstr(between, "?period1=1596326400&period2=1596931200&interval=1d")); /* a day wider at both ends */
    spec.to_us = (struct opt_long){0};
    char *until_now = built_path("yahoo", "history", &spec, &headers);
    assert_non_null(strstr(until_now, "?period1=1596326400&period2=9999999999&"));
    free(plain);
    free(long_one);
    free(between);
    free(until_now);
}

static void range_that_yahoo_does_not_know_is_refused(void **state)
{
    (void)state;
    struct buf path = {0};
    struct buf headers = {0};
    struct error error = {0};
    struct job_param range = {.name = "range", .value = "7w"};
    struct request_spec spec = {.assets = &aapl, .asset_count = 1, .params = &range, .param_count = 1};
    assert_false(provider_endpoint(provider_find("yahoo"), "history")->build(&spec, &path, &headers, &error));
    assert_int_equal(error.code, ERROR_USAGE);
    assert_non_null(strstr(error.message, "params.range: '7w' is none of 5d"));
    buf_clear(&path);
}

/** Two days of August 2020, the second one with Apple's split, and a row of nulls between. */
static const char split_days[] = ANSWER(META(
    "AAPL", "USD") ",\"timestamp\":[1598621400,1598707800,1598880600],\"events\":{"
                   "\"dividends\":{\"1598621400\":{\"amount\":0.205,\"date\":1598621400}},"
                   "\"splits\":{\"1598880600\":{\"date\":1598880600,\"numerator\":4,\"denominator\":1,\"splitRatio\":\"4:1\"}}},"
                   "\"indicators\":{\"quote\":[{\"open\":[126.01249694824219,null,127.58000183105469],"
                   "\"high\":[126.44249725341797,null,131],\"low\":[124.57749938964844,null,126],"
                   "\"close\":[124.80750274658203,null,129.0399932861328],\"volume\":[187630000,null,225702700]}],"
                   "\"adjclose\":[{\"adjclose\":[122.39738464355469,null,126.54811096191406]}]}");

static void days_have_prices_adjusted_close_dividend_and_split(void **state)
{
    (void)state;
    struct parsed parsed = history(split_days);
    assert_int_equal(parsed.result.outcome, OUTCOME_OK);
    assert_int_equal(parsed.result.quote_count, 0);
    assert_int_equal(parsed.result.bar_count, 2);
    const struct bar *first = &parsed.result.bars[0];
    const struct bar *second = &parsed.result.bars[1];
    assert_true(str_is(first->asset, "equity:AAPL") && str_is(first->source, "yahoo") && str_is(first->symbol, "AAPL"));
    assert_true(str_is(first->currency, "USD") && first->unit_factor == 1);
    assert_int_equal(first->date, day(2020, 8, 28));
    assert_true(first->open.value == 126.0125 && first->high.value == 126.4425);
    assert_true(first->low.value == 124.5775 && first->close == 124.8075);
    assert_true(first->volume.value == 187630000);
    assert_true(first->dividend.set && first->dividend.value == 0.205);
    assert_false(first->split.set);
    assert_int_equal(second->date, day(2020, 8, 31));
    assert_true(second->close == 129.04);
    assert_true(second->adj_close.set && second->adj_close.value == 126.54811);
    assert_true(second->split.set && second->split.value == 4);
    assert_false(second->dividend.set);
    parsed_clear(&parsed);
}

static void only_days_that_were_asked_for_become_bars(void **state)
{
    (void)state;
    struct request_spec spec = one_asset;
    spec.from_us = SOME_LONG(day(2020, 8, 29) * US_PER_DAY);
    spec.to_us = SOME_LONG(day(2020, 9, 1) * US_PER_DAY);
    struct parsed parsed = history_of(&spec, split_days);
    assert_int_equal(parsed.result.bar_count, 1);
    assert_int_equal(parsed.result.bars[0].date, day(2020, 8, 31));
    parsed_clear(&parsed);
    spec.from_us = SOME_LONG(day(2020, 8, 28) * US_PER_DAY);
    spec.to_us = SOME_LONG(day(2020, 8, 31) * US_PER_DAY); /* exclusive */
    parsed = history_of(&spec, split_days);
    assert_int_equal(parsed.result.bar_count, 1);
    assert_int_equal(parsed.result.bars[0].date, day(2020, 8, 28));
    parsed_clear(&parsed);
}

static void range_without_trading_is_a_good_answer_and_no_answer_to_the_usual_range_is_empty(void **state)
{
    (void)state;
    static const char nothing[] = ANSWER(META("AAPL", "USD") ",\"indicators\":{\"quote\":[{}]}");
    struct request_spec spec = one_asset;
    spec.from_us = SOME_LONG(day(2020, 8, 29) * US_PER_DAY);
    spec.to_us = SOME_LONG(day(2020, 8, 31) * US_PER_DAY);
    struct parsed weekend = history_of(&spec, nothing);
    assert_int_equal(weekend.result.outcome, OUTCOME_OK);
    assert_int_equal(weekend.result.bar_count, 0);
    assert_string_equal(weekend.result.message, "there is no day of trading in the range");
    parsed_clear(&weekend);
    expect_no_quote(history(nothing), OUTCOME_EMPTY);
}

/** One row at `at`, with a session that ends at `end`. Fetched at FETCHED_US: Monday 2026-02-02, 02:40 UTC. */
static size_t bars_of(const char *zone_name, const char *at, const char *end)
{
    char body[700];
    snprintf(body, sizeof body,
             "{\"chart\":{\"result\":[{\"meta\":{\"currency\":\"USD\",\"symbol\":\"AAPL\",\"gmtoffset\":0,"
             "\"exchangeTimezoneName\":\"%s\",\"currentTradingPeriod\":{\"regular\":{\"end\":%s}}},\"timestamp\":[%s],"
             "\"indicators\":{\"quote\":[{\"close\":[5]}]}}]}}",
             zone_name, end, at);
    struct parsed parsed = history(body);
    size_t count = parsed.result.bar_count;
    parsed_clear(&parsed);
    return count;
}

static void day_that_is_not_over_is_no_bar(void **state)
{
    (void)state;
    assert_int_equal(bars_of("UTC", "1769990400", "1770076740"), 0);              /* a coin, today */
    assert_int_equal(bars_of("UTC", "1769904000", "1770076740"), 1);              /* yesterday */
    assert_int_equal(bars_of("UTC", "1769997000", "1769999999"), 1);              /* today, after the close */
    assert_int_equal(bars_of("UTC", "1769997000", "1770000001"), 0);              /* today, before it */
    assert_int_equal(bars_of("America/New_York", "1769956200", "1769979600"), 1); /* Sunday in New York, whose session is over */
}

static void day_is_that_of_the_exchange_in_summer_too(void **state)
{
    (void)state;
    /* Midnight of 2020-07-01 in London; the offset in `meta` is that of winter. */
    struct parsed parsed = history("{\"chart\":{\"result\":[{\"meta\":{\"currency\":\"USD\",\"symbol\":\"AAPL\",\"gmtoffset\":0,"
                                   "\"exchangeTimezoneName\":\"Europe/London\"},\"timestamp\":[1593558000],"
                                   "\"indicators\":{\"quote\":[{\"close\":[1.1234]}]}}]}}");
    assert_int_equal(parsed.result.bar_count, 1);
    assert_int_equal(parsed.result.bars[0].date, day(2020, 7, 1));
    assert_false(parsed.result.bars[0].open.set || parsed.result.bars[0].adj_close.set || parsed.result.bars[0].volume.set);
    parsed_clear(&parsed);
}

static void later_row_of_a_day_takes_the_place_of_the_earlier(void **state)
{
    (void)state;
    struct parsed parsed = history(ANSWER(META("AAPL", "USD") ",\"timestamp\":[1598880600,1598904001],"
                                                              "\"indicators\":{\"quote\":[{\"close\":[128,129.04]}]}"));
    assert_int_equal(parsed.result.bar_count, 1);
    assert_true(parsed.result.bars[0].close == 129.04);
    parsed_clear(&parsed);
}

static void pence_become_pounds_and_the_factor_is_kept(void **state)
{
    (void)state;
    struct parsed parsed =
        history(ANSWER(META("AAPL", "GBp") ",\"timestamp\":[1598880600],\"events\":{\"dividends\":{\"a\":{\"amount\":12.5,"
                                           "\"date\":1598880600}}},\"indicators\":{\"quote\":[{\"open\":[1279.5],"
                                           "\"high\":[1286.5699462890625],\"low\":[1258],\"close\":[305.3],\"volume\":[728520]}],"
                                           "\"adjclose\":[{\"adjclose\":[1259.5]}]}"));
    const struct bar *bar = &parsed.result.bars[0];
    assert_true(str_is(bar->currency, "GBP") && bar->unit_factor == 0.01);
    assert_true(bar->open.value == 12.795 && bar->high.value == 12.8657 && bar->low.value == 12.58 && bar->close == 3.053);
    assert_true(bar->adj_close.value == 12.595 && bar->dividend.value == 0.125 && bar->volume.value == 728520);
    parsed_clear(&parsed);
}

static void event_of_a_day_without_prices_is_told(void **state)
{
    (void)state;
    struct parsed parsed = history(ANSWER(META("AAPL", "USD") ",\"timestamp\":[1598621400,1598880600],\"events\":{\"dividends\":{"
                                                              "\"a\":{\"amount\":1,\"date\":1598707800}}},"
                                                              "\"indicators\":{\"quote\":[{\"close\":[128,129.04]}]}"));
    assert_int_equal(parsed.result.outcome, OUTCOME_OK);
    assert_int_equal(parsed.result.bar_count, 2);
    assert_string_equal(parsed.result.message, "1 dividends or splits are of days that Yahoo has no prices of");
    parsed_clear(&parsed);
}

static void answer_that_fits_no_question_is_malformed(void **state)
{
    (void)state;
    expect_no_quote(history(ANSWER(META("MSFT", "USD"))), OUTCOME_MALFORMED);
    expect_no_quote(history(ANSWER("\"meta\":{\"symbol\":\"AAPL\"}")), OUTCOME_MALFORMED);
    expect_no_quote(history(ANSWER("\"meta\":{\"symbol\":\"AAPL\",\"currency\":\"USD\",\"dataGranularity\":\"1m\"}")),
                    OUTCOME_MALFORMED);
    expect_no_quote(history(ANSWER(META("AAPL", "USD") ",\"timestamp\":[1598621400],\"indicators\":{\"quote\":[{}]}")),
                    OUTCOME_MALFORMED);
    expect_no_quote(history(ANSWER(META("AAPL", "USD") ",\"timestamp\":[1598621400],\"indicators\":{\"quote\":[{"
                                                       "\"close\":[1,2]}]}")),
                    OUTCOME_MALFORMED);
    expect_no_quote(history(ANSWER(META("AAPL", "USD") ",\"timestamp\":[1598880600,1598621400],\"indicators\":{\"quote\":[{"
                                                       "\"close\":[1,2]}]}")),
                    OUTCOME_MALFORMED);
    expect_no_quote(history(ANSWER(META("AAPL", "USD") ",\"timestamp\":[\"x\"],\"indicators\":{\"quote\":[{\"close\":[1]}]}")),
                    OUTCOME_MALFORMED);
    expect_no_quote(history("{\"chart\":{\"result\":[],\"error\":null}}"), OUTCOME_MALFORMED);
}

static void range_before_the_first_day_is_a_good_answer(void **state)
{
    (void)state;
    static const char *const words[] = {"Data doesn't exist for startDate = 1577836800, endDate = 1578009600",
                                        "No data found for this date range, symbol may be delisted"};
    struct request_spec spec = one_asset;
    spec.from_us = SOME_LONG(day(2020, 1, 1) * US_PER_DAY);
    spec.to_us = SOME_LONG(day(2020, 1, 3) * US_PER_DAY);
    for (size_t i = 0; i < 2; i++) {
        char body[300];
        snprintf(body, sizeof body, "{\"chart\":{\"result\":null,\"error\":{\"code\":\"Bad Request\",\"description\":\"%s\"}}}",
                 words[i]);
        struct parsed parsed = parse_bytes("yahoo", "history", &spec, i == 0 ? 400 : 404, JSON, str_from(body));
        assert_int_equal(parsed.result.outcome, OUTCOME_OK);
        assert_int_equal(records_total(&parsed.result), 0);
        parsed_clear(&parsed);
    }
}

static void delisted_is_said_on_yahoos_word_only(void **state)
{
    (void)state;
    static const char words[] = "{\"chart\":{\"result\":null,\"error\":{\"code\":\"Not Found\",\"description\":\"No data found, "
                                "symbol may be delisted\"}}}";
    expect_no_quote(parse_bytes("yahoo", "history", &one_asset, 404, JSON, str_from(words)), OUTCOME_DELISTED);
    expect_no_quote(parse_bytes("yahoo", "history", &one_asset, 429, JSON, str_from(words)), OUTCOME_LIMITED);
}

static void damaged_history_gives_no_nonsense(void **state)
{
    (void)state;
    damage_everywhere("yahoo", "history", &one_asset, JSON, split_days);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(path_has_the_range_of_the_job_or_that_of_the_request),
        cmocka_unit_test(range_that_yahoo_does_not_know_is_refused),
        cmocka_unit_test(days_have_prices_adjusted_close_dividend_and_split),
        cmocka_unit_test(only_days_that_were_asked_for_become_bars),
        cmocka_unit_test(range_without_trading_is_a_good_answer_and_no_answer_to_the_usual_range_is_empty),
        cmocka_unit_test(day_that_is_not_over_is_no_bar),
        cmocka_unit_test(day_is_that_of_the_exchange_in_summer_too),
        cmocka_unit_test(later_row_of_a_day_takes_the_place_of_the_earlier),
        cmocka_unit_test(pence_become_pounds_and_the_factor_is_kept),
        cmocka_unit_test(event_of_a_day_without_prices_is_told),
        cmocka_unit_test(answer_that_fits_no_question_is_malformed),
        cmocka_unit_test(range_before_the_first_day_is_a_good_answer),
        cmocka_unit_test(delisted_is_said_on_yahoos_word_only),
        cmocka_unit_test(damaged_history_gives_no_nonsense),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
