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

static const struct request_asset pairs[] = {{.asset = "fx:EURUSD", .symbol = "EUR/USD"},
                                             {.asset = "fx:GBPUSD", .symbol = "GBP/USD"},
                                             {.asset = "fx:USDJPY", .symbol = "USD/JPY"}};
static const struct request_spec spec = {.assets = pairs, .asset_count = 3};

static const char good[] =
    "{\"amount\":1.0,\"base\":\"EUR\",\"date\":\"2026-01-30\",\"rates\":{\"GBP\":0.8693,\"JPY\":183.55,\"USD\":1.1602}}";

static struct parsed latest(int status, const char *body)
{
    return parse_bytes("frankfurter", "latest", &spec, status, JSON, str_from(body));
}

static void all_pairs_are_one_call_in_euros_with_each_currency_once(void **state)
{
    (void)state;
    struct buf headers = {0};
    char *path = built_path("frankfurter", "latest", &spec, &headers);
    assert_string_equal(path, "/v1/latest?base=EUR&symbols=USD,GBP,JPY");
    free(path);
}

static void symbol_that_is_no_pair_is_refused(void **state)
{
    (void)state;
    static const char *const wrong[] = {"EURUSD", "EUR/EUR", "/USD", "EUR/"};
    const struct endpoint *endpoint = provider_endpoint(provider_find("frankfurter"), "latest");
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        const struct request_asset asset = {.asset = "fx:EURUSD", .symbol = wrong[i]};
        const struct request_spec asked = {.assets = &asset, .asset_count = 1};
        struct buf path = {0};
        struct buf headers = {0};
        struct error error = {0};
        assert_false(endpoint->build(&asked, &path, &headers, &error));
        assert_int_equal(error.code, ERROR_USAGE);
        assert_non_null(strstr(error.message, wrong[i]));
        buf_clear(&path);
        buf_clear(&headers);
    }
}

static void rates_of_the_euro_give_all_pairs(void **state)
{
    (void)state;
    struct parsed parsed = latest(200, good);
    assert_int_equal(parsed.result.outcome, OUTCOME_OK);
    assert_int_equal(parsed.result.quote_count, 3);
    assert_true(parsed.result.quotes[0].price == 1.1602);
    assert_true(parsed.result.quotes[1].price == 1.33464);
    assert_true(parsed.result.quotes[2].price == 158.205);
    assert_true(str_is(parsed.result.quotes[0].currency, "USD"));
    assert_true(str_is(parsed.result.quotes[2].currency, "JPY"));
    parsed_clear(&parsed);
}

static void rates_stand_for_a_day_from_the_fixing_at_ten_past_two_in_central_europe(void **state)
{
    (void)state;
    struct parsed parsed = latest(200, good);
    assert_int_equal(parsed.result.quotes[0].observed_at_us, INT64_C(1769778600000000)); /* 13:10 UTC */
    assert_int_equal(parsed.result.quotes[0].observed_resolution_s, 86400);
    parsed_clear(&parsed);
    parsed = latest(200, "{\"base\":\"EUR\",\"date\":\"2025-07-01\",\"rates\":{\"USD\":1.18}}");
    assert_int_equal(parsed.result.quotes[0].observed_at_us, INT64_C(1751371800000000)); /* 12:10 UTC */
    assert_int_equal(parsed.result.missing_count, 2);
    parsed_clear(&parsed);
}

static void errors_are_told_apart(void **state)
{
    (void)state;
    expect_no_quote(latest(404, "{\"message\":\"not found\"}"), OUTCOME_UNKNOWN_SYMBOL);
    expect_no_quote(latest(422, "{\"message\":\"invalid currency\"}"), OUTCOME_UNKNOWN_SYMBOL);
    expect_no_quote(latest(429, "<html></html>"), OUTCOME_LIMITED);
    expect_no_quote(latest(403, "<html></html>"), OUTCOME_BLOCKED);
    expect_no_quote(latest(500, "{\"message\":\"x\"}"), OUTCOME_HTTP_ERROR);
    expect_no_quote(latest(500, good), OUTCOME_HTTP_ERROR);
}

static void answer_of_another_shape_gives_no_quote(void **state)
{
    (void)state;
    expect_no_quote(latest(200, "[]"), OUTCOME_MALFORMED);
    expect_no_quote(latest(200, "{\"base\":\"EUR\",\"rates\":{\"USD\":1.1}}"), OUTCOME_MALFORMED);
    expect_no_quote(latest(200, "{\"base\":\"EUR\",\"date\":\"today\",\"rates\":{\"USD\":1.1}}"), OUTCOME_MALFORMED);
    expect_no_quote(latest(200, "{\"base\":\"USD\",\"date\":\"2026-01-30\",\"rates\":{\"USD\":1.1}}"), OUTCOME_MALFORMED);
    expect_no_quote(latest(200, "{\"amount\":100,\"base\":\"EUR\",\"date\":\"2026-01-30\",\"rates\":{\"USD\":116}}"),
                    OUTCOME_MALFORMED);
    expect_no_quote(latest(200, "{\"base\":\"EUR\",\"date\":\"2026-01-30\",\"rates\":{}}"), OUTCOME_EMPTY);
    expect_no_quote(latest(200, "{\"base\":\"EUR\",\"date\":\"2026-01-30\",\"rates\":{\"USD\":0}}"), OUTCOME_EMPTY);
    expect_no_quote(latest(200, "{\"base\":\"EUR\",\"date\":\"2026-01-30\",\"rates\":{\"USD\":-1.1,\"GBP\":\"x\"}}"),
                    OUTCOME_EMPTY);
}

static void damaged_bodies_give_no_wrong_price(void **state)
{
    (void)state;
    damage_everywhere("frankfurter", "latest", &spec, JSON, good);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_pairs_are_one_call_in_euros_with_each_currency_once),
        cmocka_unit_test(symbol_that_is_no_pair_is_refused),
        cmocka_unit_test(rates_of_the_euro_give_all_pairs),
        cmocka_unit_test(rates_stand_for_a_day_from_the_fixing_at_ten_past_two_in_central_europe),
        cmocka_unit_test(errors_are_told_apart),
        cmocka_unit_test(answer_of_another_shape_gives_no_quote),
        cmocka_unit_test(damaged_bodies_give_no_wrong_price),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
