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

static const struct request_asset coins[] = {{.asset = "crypto:BTC", .symbol = "XBTUSD"},
                                             {.asset = "crypto:USDT", .symbol = "USDTUSD"},
                                             {.asset = "crypto:NEAR", .symbol = "NEARUSD"},
                                             {.asset = "crypto:XTZ", .symbol = "XTZUSD"}};
static const struct request_spec spec = {.assets = coins, .asset_count = 4};
static const struct request_spec one = {.assets = coins, .asset_count = 1};

static const char good[] =
    "{\"error\":[],\"result\":{\"NEARUSD\":{\"a\":[\"1.84640\",\"34\",\"34.000\"],\"b\":[\"1.84580\",\"34\",\"34.000\"],"
    "\"c\":[\"1.84550\",\"7.15\"],\"o\":\"1.83710\"},\"XXBTZUSD\":{\"a\":[\"65232.00000\",\"1\",\"1.000\"],"
    "\"b\":[\"65231.90000\",\"1\",\"1.000\"],\"c\":[\"65231.80000\",\"0.00802897\"],\"v\":[\"1000\",\"2000\"],"
    "\"p\":[\"65100\",\"65000.5\"],\"t\":[18192,153218],\"l\":[\"64700.1\",\"64500.4\"],\"h\":[\"65400\",\"66000.2\"],"
    "\"o\":\"65013.16841\"},\"USDTZUSD\":{\"c\":[\"0.99908000\",\"500\"]},\"XTZUSD\":{\"c\":[\"0.5032\",\"3\"]}}}";

static struct parsed ticker(int status, const char *body)
{
    return parse_bytes("kraken", "ticker", &spec, status, JSON, str_from(body));
}

static void all_pairs_are_one_call(void **state)
{
    (void)state;
    struct buf headers = {0};
    char *path = built_path("kraken", "ticker", &spec, &headers);
    assert_string_equal(path, "/0/public/Ticker?pair=XBTUSD,USDTUSD,NEARUSD,XTZUSD");
    free(path);
}

static void pairs_are_found_under_their_own_name_and_under_the_longer_one(void **state)
{
    (void)state;
    struct parsed parsed = ticker(200, good);
    assert_int_equal(parsed.result.outcome, OUTCOME_OK);
    assert_int_equal(parsed.result.quote_count, 4);
    assert_true(parsed.result.quotes[0].price == 65231.8);
    assert_true(parsed.result.quotes[1].price == 0.99908);
    assert_true(parsed.result.quotes[2].price == 1.8455);
    assert_true(parsed.result.quotes[3].price == 0.5032);
    parsed_clear(&parsed);
}

static void figures_of_24_hours_are_taken_and_the_time_of_the_date_header(void **state)
{
    (void)state;
    struct parsed parsed = ticker(200, good);
    const struct quote *quote = &parsed.result.quotes[0];
    assert_true(str_is(quote->currency, "USD"));
    assert_true(quote->bid.value == 65231.9);
    assert_true(quote->ask.value == 65232);
    assert_true(quote->low.value == 64500.4);
    assert_true(quote->high.value == 66000.2);
    assert_true(quote->open.value == 65013.16841);
    assert_true(quote->volume.value == 2000 * 65000.5);
    assert_int_equal(quote->observed_at_us, DATE_US);
    assert_false(parsed.result.quotes[1].volume.set);
    parsed_clear(&parsed);
}

static void unknown_pair_spoils_a_batch_and_all_are_asked_about(void **state)
{
    (void)state;
    struct parsed parsed = ticker(200, "{\"error\":[\"EQuery:Unknown asset pair\"]}");
    assert_int_equal(parsed.result.outcome, OUTCOME_UNKNOWN_SYMBOL);
    assert_int_equal(parsed.result.missing_count, 4);
    parsed_clear(&parsed);
    parsed = parse_bytes("kraken", "ticker", &one, 200, JSON, STR("{\"error\":[\"EQuery:Unknown asset pair\"],\"result\":{}}"));
    assert_int_equal(parsed.result.missing_count, 0);
    expect_no_quote(parsed, OUTCOME_UNKNOWN_SYMBOL);
}

static void errors_that_come_with_200_are_told_apart(void **state)
{
    (void)state;
    expect_no_quote(ticker(200, "{\"error\":[\"EAPI:Rate limit exceeded\"]}"), OUTCOME_LIMITED);
    expect_no_quote(ticker(200, "{\"error\":[\"EGeneral:Too many requests\"]}"), OUTCOME_LIMITED);
    expect_no_quote(ticker(200, "{\"error\":[\"EGeneral:Temporary lockout\"]}"), OUTCOME_LIMITED);
    expect_no_quote(ticker(200, "{\"error\":[\"EGeneral:Permission denied\"]}"), OUTCOME_BLOCKED);
    expect_no_quote(ticker(200, "{\"error\":[\"EService:Unavailable\"]}"), OUTCOME_HTTP_ERROR);
    expect_no_quote(ticker(200, "{\"error\":[\"EService:Market in cancel_only mode\"]}"), OUTCOME_HTTP_ERROR);
    expect_no_quote(ticker(520, "<html></html>"), OUTCOME_HTTP_ERROR);
    expect_no_quote(ticker(403, "<html></html>"), OUTCOME_BLOCKED);
}

static void warning_does_not_hide_the_prices(void **state)
{
    (void)state;
    struct parsed parsed = ticker(200, "{\"error\":[\"WGeneral:Deprecated\"],\"result\":{\"XTZUSD\":{\"c\":[\"0.5\",\"3\"]}}}");
    assert_int_equal(parsed.result.outcome, OUTCOME_OK);
    assert_int_equal(parsed.result.quote_count, 1);
    assert_int_equal(parsed.result.missing_count, 3);
    parsed_clear(&parsed);
}

static void answer_of_another_shape_gives_no_quote(void **state)
{
    (void)state;
    expect_no_quote(ticker(200, "[]"), OUTCOME_MALFORMED);
    expect_no_quote(ticker(200, "{\"error\":[]}"), OUTCOME_MALFORMED);
    expect_no_quote(ticker(200, "{\"error\":[5],\"result\":[]}"), OUTCOME_MALFORMED);
    expect_no_quote(ticker(200, "{\"error\":[],\"result\":{}}"), OUTCOME_EMPTY);
    expect_no_quote(ticker(200, "{\"result\":{\"XXBTZUSD\":5,\"NEARUSD\":{\"c\":\"1\"},\"XTZUSD\":{\"c\":[]},\"Z\":1}}"),
                    OUTCOME_EMPTY);
}

static void damaged_bodies_give_no_wrong_price(void **state)
{
    (void)state;
    damage_everywhere("kraken", "ticker", &spec, JSON, good);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_pairs_are_one_call),
        cmocka_unit_test(pairs_are_found_under_their_own_name_and_under_the_longer_one),
        cmocka_unit_test(figures_of_24_hours_are_taken_and_the_time_of_the_date_header),
        cmocka_unit_test(unknown_pair_spoils_a_batch_and_all_are_asked_about),
        cmocka_unit_test(errors_that_come_with_200_are_told_apart),
        cmocka_unit_test(warning_does_not_hide_the_prices),
        cmocka_unit_test(answer_of_another_shape_gives_no_quote),
        cmocka_unit_test(damaged_bodies_give_no_wrong_price),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
