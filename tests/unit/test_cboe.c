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

static const struct request_asset apple = {.asset = "equity:AAPL", .symbol = "AAPL"};
static const struct request_spec spec = {.assets = &apple, .asset_count = 1};

static const char good[] =
    "{\"timestamp\":\"2026-02-02 02:24:59\",\"symbol\":\"AAPL\",\"data\":{\"symbol\":\"AAPL\",\"security_type\":\"stock\","
    "\"current_price\":308.45,\"price_change\":1.2,\"bid\":308.44,\"ask\":308.47,\"bid_size\":2,\"open\":307.1,\"high\":309.0,"
    "\"low\":306.55,\"close\":308.45,\"prev_day_close\":307.25,\"volume\":75400626,\"iv30\":24.5,"
    "\"last_trade_time\":\"2026-01-30T15:59:59\",\"tick\":\"down\"}}";

static struct parsed quote_of(int status, const char *type, const char *body)
{
    return parse_bytes("cboe", "quote", &spec, status, type, str_from(body));
}

static void symbol_is_the_name_of_a_file(void **state)
{
    (void)state;
    struct buf headers = {0};
    char *path = built_path("cboe", "quote", &spec, &headers);
    assert_string_equal(path, "/api/global/delayed_quotes/quotes/AAPL.json");
    free(path);
}

static void quote_is_of_the_last_trade_in_new_york(void **state)
{
    (void)state;
    struct parsed parsed = quote_of(200, JSON, good);
    assert_int_equal(parsed.result.outcome, OUTCOME_OK);
    const struct quote *quote = &parsed.result.quotes[0];
    assert_true(str_is(quote->currency, "USD"));
    assert_true(quote->price == 308.45);
    assert_true(quote->bid.value == 308.44);
    assert_true(quote->ask.value == 308.47);
    assert_true(quote->open.value == 307.1);
    assert_true(quote->high.value == 309);
    assert_true(quote->low.value == 306.55);
    assert_true(quote->previous_close.value == 307.25);
    assert_true(quote->volume.value == 75400626);
    assert_int_equal(quote->observed_at_us, INT64_C(1769806799000000)); /* 20:59:59 UTC: winter */
    parsed_clear(&parsed);
}

static void summer_in_new_york_is_four_hours_behind(void **state)
{
    (void)state;
    struct parsed parsed = quote_of(200, JSON, "{\"data\":{\"current_price\":1,\"last_trade_time\":\"2025-07-01T12:00:00\"}}");
    assert_int_equal(parsed.result.quotes[0].observed_at_us, INT64_C(1751385600000000));
    parsed_clear(&parsed);
}

static void offer_of_zero_is_none_and_a_broken_time_that_of_the_fetch(void **state)
{
    (void)state;
    struct parsed parsed =
        quote_of(200, JSON, "{\"data\":{\"current_price\":1.5,\"bid\":0,\"ask\":0.0,\"last_trade_time\":\"soon\"}}");
    assert_int_equal(parsed.result.quote_count, 1);
    assert_false(parsed.result.quotes[0].bid.set);
    assert_false(parsed.result.quotes[0].ask.set);
    assert_int_equal(parsed.result.quotes[0].observed_at_us, FETCHED_US);
    parsed_clear(&parsed);
}

static void file_that_does_not_exist_is_an_unknown_symbol_and_no_blockade(void **state)
{
    (void)state;
    static const char denied[] = "<?xml version=\"1.0\"?><Error><Code>AccessDenied</Code></Error>";
    expect_no_quote(quote_of(403, "application/xml", denied), OUTCOME_UNKNOWN_SYMBOL);
    expect_no_quote(quote_of(404, "text/html", "<html></html>"), OUTCOME_UNKNOWN_SYMBOL);
    expect_no_quote(quote_of(403, "text/html", "<html>Attention Required</html>"), OUTCOME_BLOCKED);
    expect_no_quote(quote_of(429, "text/html", "<html></html>"), OUTCOME_LIMITED);
    expect_no_quote(quote_of(503, JSON, "{}"), OUTCOME_HTTP_ERROR);
}

static void answer_of_another_shape_gives_no_quote(void **state)
{
    (void)state;
    expect_no_quote(quote_of(200, JSON, "{}"), OUTCOME_MALFORMED);
    expect_no_quote(quote_of(200, JSON, "{\"data\":[]}"), OUTCOME_MALFORMED);
    expect_no_quote(quote_of(200, JSON, "{\"data\":{\"symbol\":\"MSFT\",\"current_price\":480}}"), OUTCOME_MALFORMED);
    expect_no_quote(quote_of(200, JSON, "{\"data\":{}}"), OUTCOME_EMPTY);
    expect_no_quote(quote_of(200, JSON, "{\"data\":{\"current_price\":0}}"), OUTCOME_EMPTY);
    expect_no_quote(quote_of(200, JSON, "{\"data\":{\"current_price\":\"NaN\"}}"), OUTCOME_EMPTY);
    expect_no_quote(quote_of(200, "text/html", "<html></html>"), OUTCOME_HTML);
}

static void damaged_bodies_give_no_wrong_price(void **state)
{
    (void)state;
    damage_everywhere("cboe", "quote", &spec, JSON, good);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(symbol_is_the_name_of_a_file),
        cmocka_unit_test(quote_is_of_the_last_trade_in_new_york),
        cmocka_unit_test(summer_in_new_york_is_four_hours_behind),
        cmocka_unit_test(offer_of_zero_is_none_and_a_broken_time_that_of_the_fetch),
        cmocka_unit_test(file_that_does_not_exist_is_an_unknown_symbol_and_no_blockade),
        cmocka_unit_test(answer_of_another_shape_gives_no_quote),
        cmocka_unit_test(damaged_bodies_give_no_wrong_price),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
