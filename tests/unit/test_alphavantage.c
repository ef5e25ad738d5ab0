#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "parse_bench.h"

#define JSON "application/json"

static const struct request_asset ibm = {.asset = "equity:IBM", .symbol = "IBM"};
static const struct request_asset london = {.asset = "equity:TSCO", .symbol = "TSCO.LON"};
static const struct request_asset euro = {.asset = "fx:EURUSD", .symbol = "EUR/USD"};
static const struct request_spec ibm_spec = {.assets = &ibm, .asset_count = 1};
static const struct request_spec london_spec = {.assets = &london, .asset_count = 1};
static const struct request_spec euro_spec = {.assets = &euro, .asset_count = 1};

static struct parsed global(const char *body)
{
    return parse_bytes("alphavantage", "global_quote", &ibm_spec, 200, JSON, str_from(body));
}

static struct parsed rate(const char *body)
{
    return parse_bytes("alphavantage", "currency_exchange_rate", &euro_spec, 200, JSON, str_from(body));
}

static void expect_none(struct parsed parsed, enum outcome outcome)
{
    assert_int_equal(parsed.result.outcome, outcome);
    assert_int_equal(parsed.result.quote_count, 0);
    assert_string_not_equal(parsed.result.message, "");
    assert_null(strstr(parsed.result.message, "SECRET"));
    parsed_clear(&parsed);
}

static void request_carries_the_key_or_demo(void **state)
{
    (void)state;
    struct buf headers = {0};
    struct request_spec keyed = ibm_spec;
    keyed.api_key = "SECRET&x";
    char *path = built_path("alphavantage", "global_quote", &keyed, &headers);
    assert_string_equal(path, "/query?function=GLOBAL_QUOTE&symbol=IBM&apikey=SECRET%26x");
    free(path);
    path = built_path("alphavantage", "currency_exchange_rate", &euro_spec, &headers);
    assert_string_equal(path, "/query?function=CURRENCY_EXCHANGE_RATE&from_currency=EUR&to_currency=USD&apikey=demo");
    free(path);
}

static void symbol_that_is_no_pair_makes_no_request(void **state)
{
    (void)state;
    static const char *const symbols[] = {"EURUSD", "/USD", "EUR/", "AAAAAAAAAAAAAAAA/USD"};
    for (size_t i = 0; i < sizeof symbols / sizeof symbols[0]; i++) {
        const struct request_asset asset = {.asset = "fx:X", .symbol = symbols[i]};
        const struct request_spec spec = {.assets = &asset, .asset_count = 1};
        struct buf path = {0};
        struct buf headers = {0};
        struct error error = {0};
        const struct endpoint *endpoint = provider_endpoint(provider_find("alphavantage"), "currency_exchange_rate");
        assert_false(endpoint->build(&spec, &path, &headers, &error));
        assert_int_equal(error.code, ERROR_USAGE);
        buf_clear(&path);
    }
}

static void global_quote_reads_numbers_from_text(void **state)
{
    (void)state;
    struct parsed parsed = global("{\"Global Quote\":{\"01. symbol\":\"IBM\",\"02. open\":\"112.6300\",\"03. high\":\"113.1700\","
                                  "\"04. low\":\"110.6400\",\"05. price\":\"112.1300\",\"06. volume\":\"27,500,200\","
                                  "\"07. latest trading day\":\"2018-10-05\",\"08. previous close\":\"112.7900\","
                                  "\"09. change\":\"-0.6600\",\"10. change percent\":\"-0.5852%\"}}");
    assert_int_equal(parsed.result.outcome, OUTCOME_OK);
    const struct quote *quote = &parsed.result.quotes[0];
    assert_true(quote->price == 112.13);
    assert_true(quote->open.value == 112.63);
    assert_true(quote->volume.value == 27500200);
    assert_true(quote->previous_close.value == 112.79);
    assert_int_equal(quote->observed_at_us, INT64_C(1538697600000000));
    assert_int_equal(quote->observed_resolution_s, 86400);
    assert_true(str_is(quote->currency, "USD"));
    parsed_clear(&parsed);
}

static void listing_in_london_is_in_pence(void **state)
{
    (void)state;
    struct parsed parsed = parse_bytes("alphavantage", "global_quote", &london_spec, 200, JSON,
                                       STR("{\"Global Quote\":{\"01. symbol\":\"TSCO.LON\",\"05. price\":\"305.3000\"}}"));
    assert_true(parsed.result.quotes[0].price == 3.053);
    assert_true(str_is(parsed.result.quotes[0].currency, "GBP"));
    assert_true(parsed.result.quotes[0].unit_factor == 0.01);
    parsed_clear(&parsed);
}

static void exchange_rate_gives_bid_and_ask(void **state)
{
    (void)state;
    struct parsed parsed =
        rate("{\"Realtime Currency Exchange Rate\":{\"1. From_Currency Code\":\"EUR\",\"3. To_Currency Code\":\"USD\","
             "\"5. Exchange Rate\":\"1.04360000\",\"6. Last Refreshed\":\"2025-02-20 12:00:01\",\"7. Time Zone\":\"UTC\","
             "\"8. Bid Price\":\"1.04350000\",\"9. Ask Price\":\"-\"}}");
    const struct quote *quote = &parsed.result.quotes[0];
    assert_int_equal(parsed.result.outcome, OUTCOME_OK);
    assert_true(quote->price == 1.0436);
    assert_true(quote->bid.value == 1.0435);
    assert_false(quote->ask.set);
    assert_int_equal(quote->observed_at_us, INT64_C(1740052801000000));
    assert_true(str_is(quote->currency, "USD"));
    parsed_clear(&parsed);
}

static void rate_of_another_pair_is_malformed(void **state)
{
    (void)state;
    expect_none(rate("{\"Realtime Currency Exchange Rate\":{\"1. From_Currency Code\":\"GBP\",\"3. To_Currency Code\":\"USD\","
                     "\"5. Exchange Rate\":\"1.2\"}}"),
                OUTCOME_MALFORMED);
    expect_none(global("{\"Global Quote\":{\"01. symbol\":\"MSFT\",\"05. price\":\"1\"}}"), OUTCOME_MALFORMED);
}

static void notices_are_sorted_and_never_repeated(void **state)
{
    static const struct {
        const char *body;
        enum outcome outcome;
    } cases[] = {
        {"{\"Note\":\"Thank you for using Alpha Vantage! Our standard API call frequency is 5 calls per minute and 500 calls per "
         "day. "
         "SECRET\"}",
         OUTCOME_LIMITED},
        {"{\"Information\":\"We have detected your API key as SECRET and our standard API rate limit is 25 requests per day.\"}",
         OUTCOME_LIMITED},
        {"{\"Information\":\"Please consider spreading out your free API requests more sparingly (1 request per second).\"}",
         OUTCOME_LIMITED},
        {"{\"Information\":\"The **demo** API key is for demo purposes only.\"}", OUTCOME_DEMO_ONLY},
        {"{\"Error Message\":\"the parameter apikey is invalid or missing. SECRET\"}", OUTCOME_BAD_KEY},
        {"{\"Information\":\"This is a premium endpoint.\"}", OUTCOME_BLOCKED},
        {"{\"Error Message\":\"Invalid API call. Please retry or visit the documentation for GLOBAL_QUOTE.\"}",
         OUTCOME_UNKNOWN_SYMBOL},
        {"{\"Note\":\"something new SECRET\"}", OUTCOME_LIMITED},
        {"{\"Information\":\"something new SECRET\"}", OUTCOME_HTTP_ERROR},
        {"{\"Global Quote\":{}}", OUTCOME_UNKNOWN_SYMBOL},
        {"{\"Global Quote\":[]}", OUTCOME_MALFORMED},
        {"{\"Global Quote\":{\"01. symbol\":\"IBM\",\"05. price\":\"None\"}}", OUTCOME_EMPTY},
        {"{}", OUTCOME_EMPTY},
        {"[]", OUTCOME_MALFORMED},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        expect_none(global(cases[i].body), cases[i].outcome);
    }
}

static void cut_off_notice_does_not_give_the_key_away(void **state)
{
    static const char body[] =
        "{\"Information\":\"We have detected your API key as SECRET and our standard API rate limit is 25\"}";
    (void)state;
    for (size_t len = 0; len < sizeof body - 1; len++) {
        struct str cut = {.ptr = body, .len = len};
        expect_none(parse_bytes("alphavantage", "global_quote", &ibm_spec, 200, JSON, cut),
                    len == 0 ? OUTCOME_EMPTY : OUTCOME_MALFORMED);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(request_carries_the_key_or_demo),       cmocka_unit_test(symbol_that_is_no_pair_makes_no_request),
        cmocka_unit_test(global_quote_reads_numbers_from_text),  cmocka_unit_test(listing_in_london_is_in_pence),
        cmocka_unit_test(exchange_rate_gives_bid_and_ask),       cmocka_unit_test(rate_of_another_pair_is_malformed),
        cmocka_unit_test(notices_are_sorted_and_never_repeated), cmocka_unit_test(cut_off_notice_does_not_give_the_key_away),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
