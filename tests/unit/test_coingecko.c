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

static const struct request_asset coins[] = {{.asset = "crypto:BTC", .symbol = "bitcoin"},
                                             {.asset = "crypto:ETH", .symbol = "ethereum"}};
static const struct request_spec spec = {.assets = coins, .asset_count = 2};

static struct parsed simple(int status, const char *body)
{
    return parse_bytes("coingecko", "simple_price", &spec, status, JSON, str_from(body));
}

static struct parsed markets(int status, const char *body)
{
    return parse_bytes("coingecko", "coins_markets", &spec, status, JSON, str_from(body));
}

static void expect_none(struct parsed parsed, enum outcome outcome)
{
    assert_int_equal(parsed.result.outcome, outcome);
    assert_int_equal(parsed.result.quote_count, 0);
    assert_string_not_equal(parsed.result.message, "");
    parsed_clear(&parsed);
}

static void key_goes_into_a_header_and_never_into_the_path(void **state)
{
    (void)state;
    struct buf headers = {0};
    const struct request_spec keyed = {.assets = coins, .asset_count = 2, .api_key = "SECRET"};
    char *path = built_path("coingecko", "simple_price", &keyed, &headers);
    assert_non_null(strstr(path, "ids=bitcoin,ethereum&vs_currencies=usd"));
    assert_null(strstr(path, "SECRET"));
    assert_true(str_is(buf_str(&headers), "x-cg-demo-api-key: SECRET\n"));
    free(path);
    buf_reset(&headers);
    path = built_path("coingecko", "coins_markets", &spec, &headers);
    assert_non_null(strstr(path, "vs_currency=usd&ids=bitcoin,ethereum&per_page=250"));
    assert_int_equal(headers.len, 0);
    buf_clear(&headers);
    free(path);
}

static void simple_price_gives_price_capitalisation_volume_and_time(void **state)
{
    (void)state;
    struct parsed parsed = simple(200, "{\"bitcoin\":{\"usd\":49357.123456789,\"usd_market_cap\":923e9,\"usd_24h_vol\":1.5e10,"
                                       "\"last_updated_at\":1621087816}}");
    assert_int_equal(parsed.result.outcome, OUTCOME_OK);
    assert_int_equal(parsed.result.quote_count, 1);
    const struct quote *quote = &parsed.result.quotes[0];
    assert_true(str_is(quote->asset, "crypto:BTC"));
    assert_true(str_is(quote->currency, "USD"));
    assert_true(quote->price == 49357.123456789);
    assert_true(quote->market_cap.value == 923e9);
    assert_true(quote->volume.value == 1.5e10);
    assert_int_equal(quote->observed_at_us, INT64_C(1621087816000000));
    assert_int_equal(parsed.result.missing_count, 1);
    assert_ptr_equal(parsed.result.missing[0], &coins[1]);
    parsed_clear(&parsed);
}

static void markets_are_found_by_id_in_any_order(void **state)
{
    (void)state;
    struct parsed parsed =
        markets(200, "[{\"id\":\"ethereum\",\"current_price\":3871.5,\"market_cap\":4.4e11,\"total_volume\":5e10,"
                     "\"high_24h\":4100,\"low_24h\":3700,\"last_updated\":\"2021-05-15T14:42:27.123Z\"},"
                     "{\"id\":\"bitcoin\",\"current_price\":49053,\"market_cap\":null}]");
    assert_int_equal(parsed.result.quote_count, 2);
    assert_true(parsed.result.quotes[0].price == 49053);
    assert_false(parsed.result.quotes[0].market_cap.set);
    const struct quote *ethereum = &parsed.result.quotes[1];
    assert_true(ethereum->price == 3871.5);
    assert_true(ethereum->high.value == 4100);
    assert_true(ethereum->low.value == 3700);
    assert_int_equal(ethereum->observed_at_us, INT64_C(1621089747123000));
    parsed_clear(&parsed);
}

static void limit_is_seen_in_all_its_forms(void **state)
{
    (void)state;
    static const char status[] = "{\"status\":{\"error_code\":429,\"error_message\":\"You've exceeded the Rate Limit.\"}}";
    expect_none(simple(429, status), OUTCOME_LIMITED);
    expect_none(simple(200, status), OUTCOME_LIMITED);
    expect_none(markets(200, status), OUTCOME_LIMITED);
    expect_none(simple(429, "Throttled"), OUTCOME_LIMITED);
    expect_none(simple(200, "{\"error\":\"rate limit exceeded\"}"), OUTCOME_LIMITED);
}

static void errors_of_key_and_plan_are_told_apart(void **state)
{
    (void)state;
    expect_none(simple(401, "{\"error_code\":10002,\"error_message\":\"API Key Missing\"}"), OUTCOME_BAD_KEY);
    expect_none(simple(400, "{\"status\":{\"error_code\":10011,\"error_message\":\"x\"}}"), OUTCOME_BAD_KEY);
    expect_none(simple(403, "{\"error\":{\"status\":{\"error_code\":10005,\"error_message\":\"x\"}}}"), OUTCOME_BLOCKED);
    expect_none(simple(403, "<html>1020</html>"), OUTCOME_BLOCKED);
    expect_none(simple(404, "{\"error\":\"coin not found\"}"), OUTCOME_UNKNOWN_SYMBOL);
    expect_none(simple(422, "{\"error\":\"Missing parameter vs_currencies\"}"), OUTCOME_HTTP_ERROR);
    expect_none(simple(500, "{}"), OUTCOME_HTTP_ERROR);
}

static void answer_of_another_shape_is_malformed(void **state)
{
    (void)state;
    expect_none(simple(200, "[]"), OUTCOME_MALFORMED);
    expect_none(markets(200, "{}"), OUTCOME_MALFORMED);
    expect_none(simple(200, "5"), OUTCOME_MALFORMED);
    expect_none(simple(200, ""), OUTCOME_EMPTY);
    expect_none(simple(200, "{}"), OUTCOME_EMPTY);
    expect_none(simple(200, "{\"bitcoin\":{\"usd\":null},\"ethereum\":{\"eur\":1}}"), OUTCOME_EMPTY);
    expect_none(simple(200, "{\"bitcoin\":5}"), OUTCOME_EMPTY);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(key_goes_into_a_header_and_never_into_the_path),
        cmocka_unit_test(simple_price_gives_price_capitalisation_volume_and_time),
        cmocka_unit_test(markets_are_found_by_id_in_any_order),
        cmocka_unit_test(limit_is_seen_in_all_its_forms),
        cmocka_unit_test(errors_of_key_and_plan_are_told_apart),
        cmocka_unit_test(answer_of_another_shape_is_malformed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
