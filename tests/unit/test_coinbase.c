#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "parse_bench.h"

#define JSON "application/json; charset=utf-8"

static const struct request_asset bitcoin = {.asset = "crypto:BTC", .symbol = "BTC-USD"};
static const struct request_spec spec = {.assets = &bitcoin, .asset_count = 1};

static const char good[] =
    "{\"ask\":\"65001.02\",\"bid\":\"64999.5\",\"volume\":\"12345.678\",\"trade_id\":86326522,\"price\":\"65000.01\","
    "\"size\":\"0.00698254\",\"time\":\"2026-02-02T02:39:58.123456Z\",\"rfq_volume\":\"12.5\"}";

static struct parsed ticker(int status, const char *body)
{
    return parse_bytes("coinbase", "ticker", &spec, status, JSON, str_from(body));
}

static void product_stands_in_the_path(void **state)
{
    (void)state;
    struct buf headers = {0};
    char *path = built_path("coinbase", "ticker", &spec, &headers);
    assert_string_equal(path, "/products/BTC-USD/ticker");
    assert_int_equal(headers.len, 0);
    free(path);
}

static void ticker_gives_price_offers_and_time_of_the_trade(void **state)
{
    (void)state;
    struct parsed parsed = ticker(200, good);
    assert_int_equal(parsed.result.outcome, OUTCOME_OK);
    const struct quote *quote = &parsed.result.quotes[0];
    assert_true(str_is(quote->source, "coinbase"));
    assert_true(str_is(quote->currency, "USD"));
    assert_true(quote->price == 65000.01);
    assert_true(quote->bid.value == 64999.5);
    assert_true(quote->ask.value == 65001.02);
    assert_false(quote->volume.set);
    assert_int_equal(quote->observed_at_us, INT64_C(1769999998123456));
    parsed_clear(&parsed);
}

static void currency_is_what_stands_behind_the_dash(void **state)
{
    (void)state;
    static const struct request_asset euros = {.asset = "crypto:BTC", .symbol = "BTC-EUR"};
    const struct request_spec other = {.assets = &euros, .asset_count = 1};
    struct parsed parsed = parse_bytes("coinbase", "ticker", &other, 200, JSON, str_from(good));
    assert_true(str_is(parsed.result.quotes[0].currency, "EUR"));
    parsed_clear(&parsed);
}

static void messages_are_told_apart(void **state)
{
    (void)state;
    expect_no_quote(ticker(404, "{\"message\":\"NotFound\"}"), OUTCOME_UNKNOWN_SYMBOL);
    expect_no_quote(ticker(400, "{\"message\":\"Not allowed for delisted products\"}"), OUTCOME_DELISTED);
    expect_no_quote(ticker(429, "{\"message\":\"Public rate limit exceeded\"}"), OUTCOME_LIMITED);
    expect_no_quote(ticker(200, "{\"message\":\"Public rate limit exceeded\"}"), OUTCOME_LIMITED);
    expect_no_quote(ticker(403, "{\"message\":\"Forbidden\"}"), OUTCOME_BLOCKED);
    expect_no_quote(ticker(500, "{\"message\":\"Internal server error\"}"), OUTCOME_HTTP_ERROR);
    expect_no_quote(ticker(503, "<html></html>"), OUTCOME_HTTP_ERROR);
}

static void answer_of_another_shape_gives_no_quote(void **state)
{
    (void)state;
    expect_no_quote(ticker(200, "[]"), OUTCOME_MALFORMED);
    expect_no_quote(ticker(200, "{}"), OUTCOME_EMPTY);
    expect_no_quote(ticker(200, ""), OUTCOME_EMPTY);
    expect_no_quote(ticker(200, "{\"price\":null}"), OUTCOME_EMPTY);
    expect_no_quote(ticker(200, "{\"price\":\"NaN\"}"), OUTCOME_EMPTY);
    expect_no_quote(ticker(200, "{\"price\":"), OUTCOME_MALFORMED);
    expect_no_quote(ticker(200, "<html></html>"), OUTCOME_HTML);
}

static void quote_without_a_readable_time_is_of_the_fetch(void **state)
{
    (void)state;
    struct parsed parsed = ticker(200, "{\"price\":\"1\",\"time\":\"yesterday\"}");
    assert_int_equal(parsed.result.quotes[0].observed_at_us, FETCHED_US);
    parsed_clear(&parsed);
}

static void damaged_bodies_give_no_wrong_price(void **state)
{
    (void)state;
    damage_everywhere("coinbase", "ticker", &spec, JSON, good);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(product_stands_in_the_path),
        cmocka_unit_test(ticker_gives_price_offers_and_time_of_the_trade),
        cmocka_unit_test(currency_is_what_stands_behind_the_dash),
        cmocka_unit_test(messages_are_told_apart),
        cmocka_unit_test(answer_of_another_shape_gives_no_quote),
        cmocka_unit_test(quote_without_a_readable_time_is_of_the_fetch),
        cmocka_unit_test(damaged_bodies_give_no_wrong_price),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
