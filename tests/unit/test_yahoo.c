#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "parse_bench.h"

#define JSON "application/json;charset=utf-8"

static const struct request_asset aapl = {.asset = "equity:AAPL", .symbol = "AAPL"};
static const struct request_asset three[] = {{.asset = "equity:AAPL", .symbol = "AAPL"},
                                             {.asset = "equity:HES", .symbol = "HES"},
                                             {.asset = "fx:EURUSD", .symbol = "EURUSD=X"}};
static const struct request_spec one_asset = {.assets = &aapl, .asset_count = 1};
static const struct request_spec three_assets = {.assets = three, .asset_count = 3};

static struct parsed chart(int status, const char *body)
{
    return parse_bytes("yahoo", "chart", &one_asset, status, JSON, str_from(body));
}

static struct parsed spark(int status, const char *body)
{
    return parse_bytes("yahoo", "spark", &three_assets, status, JSON, str_from(body));
}

/** Expects an outcome without a quote. */
static void expect_none(struct parsed parsed, enum outcome outcome)
{
    assert_int_equal(parsed.result.outcome, outcome);
    assert_int_equal(parsed.result.quote_count, 0);
    assert_string_not_equal(parsed.result.message, "");
    parsed_clear(&parsed);
}

static void chart_path_is_escaped(void **state)
{
    (void)state;
    struct buf headers = {0};
    const struct request_asset odd = {.asset = "index:X", .symbol = "^A/B=X?"};
    const struct request_spec spec = {.assets = &odd, .asset_count = 1};
    char *path = built_path("yahoo", "chart", &spec, &headers);
    assert_string_equal(path, "/v8/finance/chart/%5EA%2FB%3DX%3F?range=1d&interval=1d&includePrePost=false");
    assert_int_equal(headers.len, 0);
    free(path);
}

static void spark_asks_for_all_symbols_at_once(void **state)
{
    (void)state;
    struct buf headers = {0};
    char *path = built_path("yahoo", "spark", &three_assets, &headers);
    assert_string_equal(path, "/v7/finance/spark?symbols=AAPL,HES,EURUSD%3DX&range=1d&interval=1d");
    free(path);
}

static void chart_of_one_day_gives_all_figures(void **state)
{
    (void)state;
    struct parsed parsed = chart(
        200, "{\"chart\":{\"result\":[{\"meta\":{\"currency\":\"USD\",\"symbol\":\"AAPL\",\"regularMarketTime\":1739998801,"
             "\"gmtoffset\":-18000,\"regularMarketPrice\":244.8699951171875,\"regularMarketDayHigh\":246.01,"
             "\"regularMarketDayLow\":243.16,\"regularMarketVolume\":32204215,\"chartPreviousClose\":244.47,\"priceHint\":2,"
             "\"range\":\"1d\"},\"timestamp\":[1739975400],\"indicators\":{\"quote\":[{\"open\":[244.66000366210938]}]}}],"
             "\"error\":null}}");
    assert_int_equal(parsed.result.outcome, OUTCOME_OK);
    assert_int_equal(parsed.result.quote_count, 1);
    const struct quote *quote = &parsed.result.quotes[0];
    assert_true(str_is(quote->asset, "equity:AAPL"));
    assert_true(str_is(quote->source, "yahoo"));
    assert_true(str_is(quote->symbol, "AAPL"));
    assert_true(str_is(quote->currency, "USD"));
    assert_true(quote->price == 244.87);
    assert_true(quote->open.set && quote->open.value == 244.66);
    assert_true(quote->high.value == 246.01);
    assert_true(quote->low.value == 243.16);
    assert_true(quote->volume.value == 32204215);
    assert_true(quote->previous_close.set && quote->previous_close.value == 244.47);
    assert_int_equal(quote->observed_at_us, INT64_C(1739998801000000));
    assert_true(quote->unit_factor == 1);
    parsed_clear(&parsed);
}

static void close_before_a_longer_range_is_not_yesterdays(void **state)
{
    (void)state;
    struct parsed parsed = chart(200, "{\"chart\":{\"result\":[{\"meta\":{\"currency\":\"USD\",\"symbol\":\"AAPL\","
                                      "\"regularMarketPrice\":244.87,\"chartPreviousClose\":73.412,\"range\":\"1mo\"}}]}}");
    assert_int_equal(parsed.result.outcome, OUTCOME_OK);
    assert_false(parsed.result.quotes[0].previous_close.set);
    assert_int_equal(parsed.result.quotes[0].observed_at_us, FETCHED_US);
    parsed_clear(&parsed);
}

static void bar_of_another_day_gives_no_open(void **state)
{
    (void)state;
    struct parsed parsed =
        chart(200, "{\"chart\":{\"result\":[{\"meta\":{\"currency\":\"USD\",\"symbol\":\"AAPL\",\"regularMarketTime\":1739998801,"
                   "\"gmtoffset\":-18000,\"regularMarketPrice\":244.87},\"timestamp\":[1739889000],"
                   "\"indicators\":{\"quote\":[{\"open\":[240]}]}}]}}");
    assert_false(parsed.result.quotes[0].open.set);
    parsed_clear(&parsed);
}

static void pence_become_pounds(void **state)
{
    (void)state;
    struct parsed parsed = chart(200, "{\"chart\":{\"result\":[{\"meta\":{\"currency\":\"GBp\",\"symbol\":\"AAPL\","
                                      "\"regularMarketPrice\":305.3,\"regularMarketDayHigh\":306.507}}]}}");
    const struct quote *quote = &parsed.result.quotes[0];
    assert_true(str_is(quote->currency, "GBP"));
    assert_true(quote->price == 3.053);
    assert_true(quote->high.value == 3.06507);
    assert_true(quote->unit_factor == 0.01);
    parsed_clear(&parsed);
}

static void delisted_is_said_on_the_providers_word_only(void **state)
{
    (void)state;
    static const char body[] = "{\"chart\":{\"result\":null,\"error\":{\"code\":\"Not Found\",\"description\":\"No data found, "
                               "symbol may be delisted\"}}}";
    expect_none(chart(404, body), OUTCOME_DELISTED);
    expect_none(chart(429, body), OUTCOME_LIMITED);
    expect_none(chart(404, "{\"chart\":{\"result\":null,\"error\":{\"code\":\"Not Found\",\"description\":\"No data found\"}}}"),
                OUTCOME_UNKNOWN_SYMBOL);
    expect_none(chart(404, "<html>Not Found</html>"), OUTCOME_HTTP_ERROR);
    expect_none(chart(404, ""), OUTCOME_HTTP_ERROR);
}

static void limits_and_refusals_are_told_apart(void **state)
{
    (void)state;
    struct parsed text = parse_bytes("yahoo", "chart", &one_asset, 429, "text/plain", STR("Too Many Requests\r\n"));
    expect_none(text, OUTCOME_LIMITED);
    expect_none(parse_bytes("yahoo", "chart", &one_asset, 200, "text/plain", STR("Too Many Requests\r\n")), OUTCOME_LIMITED);
    expect_none(
        chart(401, "{\"finance\":{\"result\":null,\"error\":{\"code\":\"Unauthorized\",\"description\":\"Invalid Crumb\"}}}"),
        OUTCOME_BLOCKED);
    expect_none(chart(302, ""), OUTCOME_HTTP_ERROR);
    expect_none(chart(503, "{}"), OUTCOME_HTTP_ERROR);
    expect_none(chart(200, "{\"chart\":{\"result\":null,\"error\":{\"code\":\"Internal\",\"description\":\"?\"}}}"),
                OUTCOME_HTTP_ERROR);
    expect_none(parse_bytes("yahoo", "chart", &one_asset, 200, "text/html", STR("<!DOCTYPE html><title>consent</title>")),
                OUTCOME_HTML);
}

static void answer_about_another_symbol_is_malformed(void **state)
{
    (void)state;
    expect_none(
        chart(200, "{\"chart\":{\"result\":[{\"meta\":{\"symbol\":\"MSFT\",\"currency\":\"USD\",\"regularMarketPrice\":1}}]}}"),
        OUTCOME_MALFORMED);
    expect_none(chart(200, "{\"chart\":{}}"), OUTCOME_MALFORMED);
    expect_none(chart(200, "[]"), OUTCOME_MALFORMED);
}

static void chart_without_a_price_is_empty(void **state)
{
    (void)state;
    static const char *const bodies[] = {
        "{\"chart\":{\"result\":[{\"meta\":{\"symbol\":\"AAPL\",\"regularMarketPrice\":null}}]}}",
        "{\"chart\":{\"result\":[{\"meta\":{\"symbol\":\"AAPL\",\"regularMarketPrice\":\"1\"}}]}}", "{\"chart\":{\"result\":[]}}",
        "{\"chart\":{\"result\":[null]}}"};
    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
        struct parsed parsed = chart(200, bodies[i]);
        assert_int_equal(parsed.result.missing_count, 1);
        expect_none(parsed, OUTCOME_EMPTY);
    }
}

static void spark_names_what_is_missing(void **state)
{
    (void)state;
    struct parsed parsed = spark(
        200,
        "{\"spark\":{\"result\":[{\"symbol\":\"EURUSD=X\",\"response\":[{\"meta\":{\"symbol\":\"EURUSD=X\",\"currency\":\"USD\","
        "\"regularMarketPrice\":1.0435999631881714}}]},{\"symbol\":\"AAPL\",\"response\":[{\"meta\":{\"symbol\":\"AAPL\","
        "\"currency\":\"USD\",\"regularMarketPrice\":244.87}}]}],\"error\":null}}");
    assert_int_equal(parsed.result.outcome, OUTCOME_OK);
    assert_int_equal(parsed.result.quote_count, 2);
    assert_true(str_is(parsed.result.quotes[0].asset, "equity:AAPL"));
    assert_true(parsed.result.quotes[1].price == 1.0436);
    assert_int_equal(parsed.result.missing_count, 1);
    assert_ptr_equal(parsed.result.missing[0], &three[1]);
    parsed_clear(&parsed);
}

static void spark_that_knows_none_names_all_as_missing(void **state)
{
    (void)state;
    struct parsed parsed =
        spark(404, "{\"spark\":{\"result\":null,\"error\":{\"code\":\"Not Found\",\"description\":\"No data found "
                   "for spark symbols\"}}}");
    assert_int_equal(parsed.result.missing_count, 3);
    expect_none(parsed, OUTCOME_EMPTY);
}

static void missing_assets_are_asked_about_by_chart(void **state)
{
    (void)state;
    const struct provider *yahoo = provider_find("yahoo");
    const char *ask = provider_endpoint(yahoo, "spark")->ask_missing;
    assert_string_equal(ask, "chart");
    assert_non_null(provider_endpoint(yahoo, ask));
}

static struct parsed quote_of(int status, const char *body)
{
    return parse_bytes("yahoo", "quote", &three_assets, status, JSON, str_from(body));
}

static void quote_gives_bid_ask_and_capitalisation(void **state)
{
    (void)state;
    struct parsed parsed = quote_of(
        200,
        "{\"quoteResponse\":{\"result\":[{\"symbol\":\"AAPL\",\"currency\":\"GBp\",\"priceHint\":2,\"regularMarketPrice\":308.8,"
        "\"regularMarketDayHigh\":315.4158,\"regularMarketDayLow\":308.2,\"regularMarketPreviousClose\":315.2,"
        "\"regularMarketOpen\":308.2,\"bid\":308.5,\"ask\":308.8,\"regularMarketVolume\":113925,"
        "\"marketCap\":2554603520,\"regularMarketTime\":1739788724}],\"error\":null}}");
    assert_int_equal(parsed.result.outcome, OUTCOME_OK);
    assert_int_equal(parsed.result.quote_count, 1);
    assert_int_equal(parsed.result.missing_count, 2);
    const struct quote *quote = &parsed.result.quotes[0];
    assert_true(str_is(quote->currency, "GBP") && quote->unit_factor == 0.01 && quote->price == 3.088);
    assert_true(quote->bid.value == 3.085 && quote->ask.value == 3.088 && quote->open.value == 3.082);
    assert_true(quote->high.value == 3.154158 && quote->low.value == 3.082 && quote->previous_close.value == 3.152);
    assert_true(quote->volume.value == 113925 && quote->market_cap.value == 2554603520);
    assert_int_equal(quote->observed_at_us, INT64_C(1739788724000000));
    parsed_clear(&parsed);
}

static void quote_without_a_session_is_blocked(void **state)
{
    (void)state;
    expect_none(quote_of(401, "{\"finance\":{\"result\":null,\"error\":{\"code\":\"Unauthorized\",\"description\":"
                              "\"Invalid Crumb\"}}}"),
                OUTCOME_BLOCKED);
    expect_none(quote_of(200, "{\"quoteResponse\":{\"result\":[],\"error\":null}}"), OUTCOME_EMPTY);
    expect_none(quote_of(200, "{\"quoteResponse\":{\"result\":[{\"symbol\":\"AAPL\",\"regularMarketPrice\":5}]}}"),
                OUTCOME_EMPTY);
}

static void price_is_rounded_to_the_hint_where_only_noise_goes(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        double price;
    } cases[] = {{"244.86999511718750", 244.87},    /* a widened float32 */
                 {"244.87000000000003", 244.87},    /* noise of a double */
                 {"0.12834799289703369", 0.128348}, /* finer than the hint: an old price, adjusted for splits */
                 {"97208.171875", 97208.17}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char body[300];
        snprintf(body, sizeof body,
                 "{\"chart\":{\"result\":[{\"meta\":{\"currency\":\"USD\",\"symbol\":\"AAPL\",\"priceHint\":2,"
                 "\"regularMarketPrice\":%s}}]}}",
                 cases[i].text);
        struct parsed parsed = chart(200, body);
        assert_true(parsed.result.quotes[0].price == cases[i].price);
        parsed_clear(&parsed);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(chart_path_is_escaped),
        cmocka_unit_test(spark_asks_for_all_symbols_at_once),
        cmocka_unit_test(chart_of_one_day_gives_all_figures),
        cmocka_unit_test(close_before_a_longer_range_is_not_yesterdays),
        cmocka_unit_test(bar_of_another_day_gives_no_open),
        cmocka_unit_test(pence_become_pounds),
        cmocka_unit_test(delisted_is_said_on_the_providers_word_only),
        cmocka_unit_test(limits_and_refusals_are_told_apart),
        cmocka_unit_test(answer_about_another_symbol_is_malformed),
        cmocka_unit_test(chart_without_a_price_is_empty),
        cmocka_unit_test(spark_names_what_is_missing),
        cmocka_unit_test(spark_that_knows_none_names_all_as_missing),
        cmocka_unit_test(missing_assets_are_asked_about_by_chart),
        cmocka_unit_test(quote_gives_bid_ask_and_capitalisation),
        cmocka_unit_test(quote_without_a_session_is_blocked),
        cmocka_unit_test(price_is_rounded_to_the_hint_where_only_noise_goes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
