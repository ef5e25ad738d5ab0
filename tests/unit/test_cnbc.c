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
#define ROWS(rows) "{\"FormattedQuoteResult\":{\"FormattedQuote\":" rows "}}"

static const struct request_asset assets[] = {
    {.asset = "equity:NVR", .symbol = "NVR"}, {.asset = "equity:KO", .symbol = "KO"}, {.asset = "fx:USDJPY", .symbol = "JPY="}};
static const struct request_spec spec = {.assets = assets, .asset_count = 3};
static const struct request_spec one = {.assets = assets, .asset_count = 1};

static const char good[] = ROWS(
    "[{\"symbol\":\"NVR\",\"code\":0,\"last\":\"7,254.93\",\"last_time\":\"2026-02-01T21:39:45.000-0500\",\"open\":\"7,200.00\","
    "\"high\":\"7,301.5\",\"low\":\"7,190\",\"change\":\"-12.10\",\"change_pct\":\"-0.17%\",\"currencyCode\":\"USD\","
    "\"volume\":\"21,345\",\"previous_day_closing\":\"7,267.03\",\"mktcapView\":\"20.123B\",\"curmktstatus\":\"REG_MKT\"},"
    "{\"symbol\":\"JPY=\",\"code\":0,\"last\":\"156.21\",\"change\":\"UNCH\",\"change_pct\":\"UNCH\",\"currencyCode\":\"USD\"}]");

static struct parsed quote_of(const struct request_spec *asked, int status, const char *body)
{
    return parse_bytes("cnbc", "quote", asked, status, JSON, str_from(body));
}

static void symbols_stand_between_bars(void **state)
{
    (void)state;
    struct buf headers = {0};
    char *path = built_path("cnbc", "quote", &spec, &headers);
    assert_non_null(strstr(path, "/restQuote/symbolType/symbol?symbols=NVR%7CKO%7CJPY%3D&requestMethod=itv&"));
    free(path);
}

static void text_with_commas_becomes_numbers(void **state)
{
    (void)state;
    struct parsed parsed = quote_of(&spec, 200, good);
    assert_int_equal(parsed.result.outcome, OUTCOME_OK);
    assert_int_equal(parsed.result.quote_count, 2);
    const struct quote *quote = &parsed.result.quotes[0];
    assert_true(quote->price == 7254.93);
    assert_true(quote->open.value == 7200);
    assert_true(quote->high.value == 7301.5);
    assert_true(quote->low.value == 7190);
    assert_true(quote->previous_close.value == 7267.03);
    assert_true(quote->volume.value == 21345);
    assert_true(quote->market_cap.value == 20.123e9);
    assert_true(str_is(quote->currency, "USD"));
    assert_int_equal(quote->observed_at_us, INT64_C(1769999985000000));
    assert_int_equal(quote->observed_resolution_s, 1);
    assert_ptr_equal(parsed.result.missing[0], &assets[1]);
    parsed_clear(&parsed);
}

static void pair_of_currencies_is_in_its_second_one(void **state)
{
    (void)state;
    struct parsed parsed = quote_of(&spec, 200, good);
    assert_true(str_is(parsed.result.quotes[1].asset, "fx:USDJPY"));
    assert_true(str_is(parsed.result.quotes[1].currency, "JPY"));
    assert_true(parsed.result.quotes[1].price == 156.21);
    parsed_clear(&parsed);
}

static void after_the_close_the_time_is_a_day(void **state)
{
    (void)state;
    struct parsed parsed = quote_of(&one, 200, ROWS("[{\"symbol\":\"NVR\",\"last\":\"7,254.93\",\"last_time\":\"2026-01-30\"}]"));
    assert_int_equal(parsed.result.quotes[0].observed_at_us, INT64_C(1769731200000000));
    assert_int_equal(parsed.result.quotes[0].observed_resolution_s, 86400);
    parsed_clear(&parsed);
}

static void closing_price_that_is_the_last_price_beside_a_change_is_left_out(void **state)
{
    (void)state;
    struct parsed parsed = quote_of(
        &one, 200, ROWS("[{\"symbol\":\"NVR\",\"last\":\"37.25\",\"change\":\"-0.19\",\"previous_day_closing\":\"37.25\"}]"));
    assert_false(parsed.result.quotes[0].previous_close.set);
    parsed_clear(&parsed);
    parsed = quote_of(&one, 200,
                      ROWS("[{\"symbol\":\"NVR\",\"last\":\"37.25\",\"change\":\"UNCH\",\"previous_day_closing\":\"37.25\"}]"));
    assert_true(parsed.result.quotes[0].previous_close.value == 37.25);
    parsed_clear(&parsed);
}

static void list_of_one_may_be_the_row_itself(void **state)
{
    (void)state;
    struct parsed parsed = quote_of(&one, 200, ROWS("{\"symbol\":\"NVR\",\"code\":\"0\",\"last\":\"1\"}"));
    assert_int_equal(parsed.result.quote_count, 1);
    parsed_clear(&parsed);
    expect_no_quote(quote_of(&one, 200, ROWS("{\"symbol\":\"KO\",\"code\":\"0\",\"last\":\"1\"}")), OUTCOME_EMPTY);
}

static void rows_with_a_code_are_unknown_symbols(void **state)
{
    (void)state;
    expect_no_quote(quote_of(&one, 200, ROWS("[{\"symbol\":\"NVR\",\"code\":1}]")), OUTCOME_UNKNOWN_SYMBOL);
    struct parsed parsed =
        quote_of(&spec, 200, ROWS("[{\"symbol\":\"NVR\",\"code\":1,\"last\":\"5\"},{\"symbol\":\"KO\",\"last\":\"71.95\"}]"));
    assert_int_equal(parsed.result.outcome, OUTCOME_OK);
    assert_int_equal(parsed.result.quote_count, 1);
    assert_int_equal(parsed.result.missing_count, 2);
    parsed_clear(&parsed);
}

static void errors_and_other_shapes_give_no_quote(void **state)
{
    (void)state;
    expect_no_quote(quote_of(&spec, 403, "<HTML>Access Denied</HTML>"), OUTCOME_BLOCKED);
    expect_no_quote(quote_of(&spec, 429, "<HTML>Too Many Requests</HTML>"), OUTCOME_LIMITED);
    expect_no_quote(quote_of(&spec, 500, "{}"), OUTCOME_HTTP_ERROR);
    expect_no_quote(quote_of(&spec, 200, "<html></html>"), OUTCOME_HTML);
    expect_no_quote(quote_of(&spec, 200, "{}"), OUTCOME_MALFORMED);
    expect_no_quote(quote_of(&spec, 200, ROWS("null")), OUTCOME_MALFORMED);
    expect_no_quote(quote_of(&spec, 200, ROWS("[]")), OUTCOME_EMPTY);
    expect_no_quote(quote_of(&one, 200, ROWS("[{\"symbol\":\"NVR\",\"code\":0,\"last\":\"UNCH\"}]")), OUTCOME_EMPTY);
    expect_no_quote(quote_of(&one, 200, ROWS("[{\"symbol\":\"NVR\",\"code\":0,\"last\":\"4.606%\"}]")), OUTCOME_EMPTY);
}

static void damaged_bodies_give_no_wrong_price(void **state)
{
    (void)state;
    damage_everywhere("cnbc", "quote", &spec, JSON, good);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(symbols_stand_between_bars),
        cmocka_unit_test(text_with_commas_becomes_numbers),
        cmocka_unit_test(pair_of_currencies_is_in_its_second_one),
        cmocka_unit_test(after_the_close_the_time_is_a_day),
        cmocka_unit_test(closing_price_that_is_the_last_price_beside_a_change_is_left_out),
        cmocka_unit_test(list_of_one_may_be_the_row_itself),
        cmocka_unit_test(rows_with_a_code_are_unknown_symbols),
        cmocka_unit_test(errors_and_other_shapes_give_no_quote),
        cmocka_unit_test(damaged_bodies_give_no_wrong_price),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
