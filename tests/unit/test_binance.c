#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "parse_bench.h"

#define JSON "application/json;charset=UTF-8"

static const struct request_asset coins[] = {{.asset = "crypto:BTC", .symbol = "BTCUSDT"},
                                             {.asset = "crypto:MATIC", .symbol = "POLUSDT"}};
static const struct request_spec spec = {.assets = coins, .asset_count = 2};
static const struct request_spec one = {.assets = coins, .asset_count = 1};

static const char good[] =
    "[{\"symbol\":\"BTCUSDT\",\"priceChange\":\"-94.99\",\"lastPrice\":\"65080.50000000\",\"bidPrice\":\"65080.49\","
    "\"askPrice\":\"65080.51\",\"openPrice\":\"65175.49\",\"highPrice\":\"66000.00\",\"lowPrice\":\"64000.10\","
    "\"volume\":\"18000.1\",\"quoteVolume\":\"1170000000.25\",\"openTime\":1769913600123,\"closeTime\":1769999999123,"
    "\"firstId\":28385,\"lastId\":28460,\"count\":76},{\"symbol\":\"POLUSDT\",\"lastPrice\":\"0.13890000\",\"closeTime\":"
    "1769999998000}]";

static struct parsed ticker(int status, const char *body)
{
    return parse_bytes("binance", "ticker_24hr", &spec, status, JSON, str_from(body));
}

static void symbols_are_a_list_in_json_with_escapes(void **state)
{
    (void)state;
    struct buf headers = {0};
    char *path = built_path("binance", "ticker_24hr", &spec, &headers);
    assert_string_equal(path, "/api/v3/ticker/24hr?symbols=%5B%22BTCUSDT%22,%22POLUSDT%22%5D");
    free(path);
}

static void no_call_has_more_symbols_than_cost_a_weight_of_two(void **state)
{
    (void)state;
    assert_int_equal(provider_endpoint(provider_find("binance"), "ticker_24hr")->batch_max, 20);
}

static void row_gives_prices_in_usdt_and_the_time_in_milliseconds(void **state)
{
    (void)state;
    struct parsed parsed = ticker(200, good);
    assert_int_equal(parsed.result.outcome, OUTCOME_OK);
    assert_int_equal(parsed.result.quote_count, 2);
    const struct quote *quote = &parsed.result.quotes[0];
    assert_true(str_is(quote->currency, "USDT"));
    assert_false(quote->usd_rate.set);
    assert_true(quote->price == 65080.5);
    assert_true(quote->bid.value == 65080.49);
    assert_true(quote->ask.value == 65080.51);
    assert_true(quote->open.value == 65175.49);
    assert_true(quote->high.value == 66000);
    assert_true(quote->low.value == 64000.1);
    assert_true(quote->volume.value == 1170000000.25);
    assert_int_equal(quote->observed_at_us, INT64_C(1769999999123000));
    assert_true(parsed.result.quotes[1].price == 0.1389);
    parsed_clear(&parsed);
}

static void currency_is_the_end_of_the_symbol(void **state)
{
    (void)state;
    static const char *const rows[][2] = {{"BTCFDUSD", "FDUSD"}, {"BTCUSDC", "USDC"}, {"BTCEUR", "EUR"},
                                          {"ETHBTC", "BTC"},     {"BTCUSD", "USD"},   {"BTCXYZ", ""}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct request_asset asset = {.asset = "crypto:BTC", .symbol = rows[i][0]};
        const struct request_spec asked = {.assets = &asset, .asset_count = 1};
        char body[100];
        snprintf(body, sizeof body, "[{\"symbol\":\"%s\",\"lastPrice\":\"1\"}]", rows[i][0]);
        struct parsed parsed = parse_bytes("binance", "ticker_24hr", &asked, 200, JSON, str_from(body));
        assert_true(str_is(parsed.result.quotes[0].currency, rows[i][1]));
        parsed_clear(&parsed);
    }
}

static void unknown_symbol_spoils_a_batch_and_all_are_asked_about(void **state)
{
    (void)state;
    static const char invalid[] = "{\"code\":-1121,\"msg\":\"Invalid symbol.\"}";
    struct parsed parsed = ticker(400, invalid);
    assert_int_equal(parsed.result.outcome, OUTCOME_UNKNOWN_SYMBOL);
    assert_int_equal(parsed.result.missing_count, 2);
    parsed_clear(&parsed);
    parsed = parse_bytes("binance", "ticker_24hr", &one, 400, JSON, str_from(invalid));
    assert_int_equal(parsed.result.missing_count, 0);
    expect_no_quote(parsed, OUTCOME_UNKNOWN_SYMBOL);
}

static void limits_bans_and_closed_countries_are_told_apart(void **state)
{
    (void)state;
    expect_no_quote(ticker(429, "{\"code\":-1003,\"msg\":\"Too much request weight used\"}"), OUTCOME_LIMITED);
    expect_no_quote(ticker(418, "{\"code\":-1003,\"msg\":\"Way too much request weight used; IP banned\"}"), OUTCOME_LIMITED);
    expect_no_quote(ticker(418, "<html></html>"), OUTCOME_LIMITED);
    expect_no_quote(ticker(451, "{\"code\":0,\"msg\":\"Service unavailable from a restricted location\"}"), OUTCOME_BLOCKED);
    expect_no_quote(ticker(451, "<html></html>"), OUTCOME_BLOCKED);
    expect_no_quote(ticker(403, "<html></html>"), OUTCOME_BLOCKED);
    expect_no_quote(ticker(401, "{\"code\":-2015,\"msg\":\"Invalid API-key\"}"), OUTCOME_BAD_KEY);
    expect_no_quote(ticker(400, "{\"code\":-1128,\"msg\":\"Combination of optional parameters invalid.\"}"), OUTCOME_HTTP_ERROR);
    expect_no_quote(ticker(503, "{\"code\":-1000,\"msg\":\"Unknown error\"}"), OUTCOME_HTTP_ERROR);
}

static void answer_of_another_shape_gives_no_quote(void **state)
{
    (void)state;
    expect_no_quote(ticker(200, "{}"), OUTCOME_MALFORMED);
    expect_no_quote(ticker(200, "{\"code\":-1e300}"), OUTCOME_MALFORMED);
    expect_no_quote(ticker(200, "[]"), OUTCOME_EMPTY);
    expect_no_quote(ticker(200, "[5,{\"symbol\":\"BTCUSDT\"},{\"symbol\":\"POLUSDT\",\"lastPrice\":\"-\"}]"), OUTCOME_EMPTY);
}

static void damaged_bodies_give_no_wrong_price(void **state)
{
    (void)state;
    damage_everywhere("binance", "ticker_24hr", &spec, JSON, good);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(symbols_are_a_list_in_json_with_escapes),
        cmocka_unit_test(no_call_has_more_symbols_than_cost_a_weight_of_two),
        cmocka_unit_test(row_gives_prices_in_usdt_and_the_time_in_milliseconds),
        cmocka_unit_test(currency_is_the_end_of_the_symbol),
        cmocka_unit_test(unknown_symbol_spoils_a_batch_and_all_are_asked_about),
        cmocka_unit_test(limits_bans_and_closed_countries_are_told_apart),
        cmocka_unit_test(answer_of_another_shape_gives_no_quote),
        cmocka_unit_test(damaged_bodies_give_no_wrong_price),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
