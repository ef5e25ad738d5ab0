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

#define JSON "application/json; charset=utf-8"

static const struct request_asset coins[] = {{.asset = "crypto:BTC", .symbol = "bitcoin"},
                                             {.asset = "crypto:MATIC", .symbol = "polygon-ecosystem-token"}};
static const struct request_spec all_coins = {.assets = coins, .asset_count = 2};
static const struct request_spec one_coin = {.assets = coins, .asset_count = 1};

static struct parsed parse(const char *endpoint, const struct request_spec *spec, int status, const char *body)
{
    return parse_bytes("coingecko", endpoint, spec, status, JSON, str_from(body));
}

static int32_t day(int year, int month, int month_day)
{
    return (int32_t)time_day_from_civil(year, month, month_day);
}

/** Two trends: one of the service as it is today, one as it was when it gave no figures. */
static const char trends[] =
    "{\"coins\":[{\"item\":{\"id\":\"bitcoin\",\"coin_id\":1,\"name\":\"Bitcoin\",\"symbol\":\"BTC\",\"market_cap_rank\":1,"
    "\"price_btc\":1.0,\"score\":0,\"data\":{\"price\":90250.5,\"price_btc\":\"1.0\","
    "\"price_change_percentage_24h\":{\"usd\":-1.25,\"eur\":-1.5},\"market_cap\":\"$1,800,000,000,000\","
    "\"total_volume\":\"$61,679,663,434\"}}},"
    "{\"item\":{\"id\":\"shiba-inu\",\"symbol\":\"SHIB\",\"name\":\"Shiba Inu\",\"score\":1}}],\"nfts\":[],\"categories\":[]}";

static void trending_list_names_places_figures_and_known_assets(void **state)
{
    (void)state;
    struct parsed parsed = parse("trending", &all_coins, 200, trends);
    assert_int_equal(parsed.result.outcome, OUTCOME_OK);
    assert_int_equal(parsed.result.quote_count, 0);
    assert_int_equal(parsed.result.missing_count, 0);
    assert_int_equal(parsed.result.ranking_count, 1);
    const struct ranking *list = &parsed.result.rankings[0];
    assert_true(str_is(list->list, "trending") && str_is(list->source, "coingecko") && str_is(list->currency, "USD"));
    assert_int_equal(list->entries_count, 2);
    const struct ranked_asset *first = &list->entries[0];
    assert_int_equal(first->rank, 1);
    assert_true(str_is(first->symbol, "bitcoin") && str_is(first->name, "Bitcoin"));
    assert_true(first->asset.set && str_is(first->asset.value, "crypto:BTC"));
    assert_true(first->price.value == 90250.5 && first->market_cap.value == 1.8e12 && first->volume.value == 61679663434);
    assert_true(first->change_24h_pct.value == -1.25 && first->score.set && first->score.value == 0);
    const struct ranked_asset *second = &list->entries[1];
    assert_int_equal(second->rank, 2);
    assert_false(second->asset.set || second->price.set || second->market_cap.set || second->volume.set);
    assert_true(second->score.value == 1);
    parsed_clear(&parsed);
}

static void page_of_the_list_by_capitalisation_continues_the_ranks(void **state)
{
    (void)state;
    struct buf headers = {0};
    struct job_param params[] = {{.name = "page", .value = "2"}, {.name = "per_page", .value = "100"}};
    const struct request_spec spec = {.params = params, .param_count = 2};
    char *path = built_path("coingecko", "top_coins", &spec, &headers);
    assert_string_equal(path, "/api/v3/coins/markets?vs_currency=usd&order=market_cap_desc&per_page=100&page=2&precision=full");
    free(path);
    struct parsed parsed =
        parse("top_coins", &spec, 200,
              "[{\"id\":\"a\",\"symbol\":\"a\",\"name\":\"A\",\"current_price\":2.5,\"market_cap\":30,\"total_volume\":7,"
              "\"price_change_percentage_24h\":4.5,\"market_cap_rank\":103},"
              "{\"id\":\"b\",\"symbol\":\"b\",\"name\":\"B\",\"current_price\":null,\"market_cap_rank\":null}]");
    const struct ranking *list = &parsed.result.rankings[0];
    assert_true(str_is(list->list, "top_market_cap"));
    assert_int_equal(list->entries[0].rank, 103);
    assert_true(list->entries[0].price.value == 2.5 && list->entries[0].market_cap.value == 30);
    assert_true(list->entries[0].volume.value == 7 && list->entries[0].change_24h_pct.value == 4.5);
    assert_false(list->entries[0].score.set);
    assert_int_equal(list->entries[1].rank, 102);
    assert_false(list->entries[1].price.set);
    parsed_clear(&parsed);
}

static void parameters_out_of_bounds_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *endpoint, *name, *value;
    } wrong[] = {{"top_coins", "page", "0"},        {"top_coins", "page", "41"},     {"top_coins", "per_page", "251"},
                 {"top_coins", "per_page", "many"}, {"top_coins", "page", ""},       {"market_chart", "days", "366"},
                 {"market_chart", "days", "-1"},    {"market_chart", "days", "1.5"}, {"market_chart", "days", "9999999999"}};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct buf path = {0};
        struct buf headers = {0};
        struct error error = {0};
        struct job_param param = {.name = (char *)(uintptr_t)wrong[i].name, .value = (char *)(uintptr_t)wrong[i].value};
        const struct request_spec spec = {.assets = coins, .asset_count = 1, .params = &param, .param_count = 1};
        assert_false(provider_endpoint(provider_find("coingecko"), wrong[i].endpoint)->build(&spec, &path, &headers, &error));
        assert_int_equal(error.code, ERROR_USAGE);
        assert_non_null(strstr(error.message, wrong[i].name));
        buf_clear(&path);
    }
}

static void lists_of_another_shape_are_told_apart(void **state)
{
    (void)state;
    static const char limit[] = "{\"status\":{\"error_code\":429,\"error_message\":\"You've exceeded the Rate Limit.\"}}";
    expect_no_quote(parse("trending", &all_coins, 200, limit), OUTCOME_LIMITED);
    expect_no_quote(parse("top_coins", &all_coins, 200, limit), OUTCOME_LIMITED);
    expect_no_quote(parse("ping", &all_coins, 200, limit), OUTCOME_LIMITED);
    expect_no_quote(parse("market_chart", &one_coin, 200, limit), OUTCOME_LIMITED);
    expect_no_quote(parse("trending", &all_coins, 200, "{}"), OUTCOME_MALFORMED);
    expect_no_quote(parse("trending", &all_coins, 200, "{\"coins\":[{\"item\":5},{},null]}"), OUTCOME_EMPTY);
    expect_no_quote(parse("top_coins", &all_coins, 200, "{}"), OUTCOME_MALFORMED);
    expect_no_quote(parse("top_coins", &all_coins, 200, "[]"), OUTCOME_EMPTY);
}

static void ping_is_ok_without_a_record(void **state)
{
    (void)state;
    struct parsed parsed = parse("ping", &all_coins, 200, "{\"gecko_says\":\"(V3) To the Moon!\"}");
    assert_int_equal(parsed.result.outcome, OUTCOME_OK);
    assert_int_equal(records_total(&parsed.result), 0);
    parsed_clear(&parsed);
    expect_no_quote(parse("ping", &all_coins, 200, "{}"), OUTCOME_MALFORMED);
    expect_no_quote(parse("ping", &all_coins, 503, "{}"), OUTCOME_HTTP_ERROR);
}

static void markets_tell_the_supply_of_a_coin(void **state)
{
    (void)state;
    struct parsed parsed = parse("coins_markets", &all_coins, 200,
                                 "[{\"id\":\"bitcoin\",\"name\":\"Bitcoin\",\"current_price\":49053,\"market_cap\":917825524991,"
                                 "\"circulating_supply\":18710831.0,\"total_supply\":21000000.0,\"max_supply\":null,"
                                 "\"roi\":{\"times\":2}}]");
    assert_int_equal(parsed.result.quote_count, 1);
    assert_int_equal(parsed.result.fundamentals_count, 1);
    const struct fundamentals *coin = &parsed.result.fundamentals[0];
    assert_true(str_is(coin->asset, "crypto:BTC") && str_is(coin->currency, "USD") && str_is(coin->name.value, "Bitcoin"));
    assert_true(coin->market_cap.value == 917825524991 && coin->shares_outstanding.value == 18710831);
    assert_true(coin->shares_total.value == 21000000);
    assert_false(coin->shares_max.set);
    assert_int_equal(coin->figures_count, 6); /* all but null and what is no scalar */
    assert_true(str_is(coin->figures[2].name, "current_price") && str_is(coin->figures[2].value, "49053"));
    parsed_clear(&parsed);
}

/** Midnight of 2021-02-15 and 16, and a point of the day after. */
static const char chart[] = "{\"prices\":[[1613347200000,48607.8745224845],[1613433600000,47898.487027633135],"
                            "[1613471234567,49000]],\"market_caps\":[[1613347200000,9e11]],"
                            "\"total_volumes\":[[1613347200000,7e10],[1613433600000,8e10],[1613471234567,9e10]]}";

static void point_at_midnight_is_the_close_of_the_day_that_ends(void **state)
{
    (void)state;
    struct parsed parsed = parse("market_chart", &one_coin, 200, chart);
    assert_int_equal(parsed.result.outcome, OUTCOME_OK);
    assert_int_equal(parsed.result.bar_count, 2);
    const struct bar *bar = &parsed.result.bars[0];
    assert_true(str_is(bar->asset, "crypto:BTC") && str_is(bar->source, "coingecko") && str_is(bar->currency, "USD"));
    assert_int_equal(bar->date, day(2021, 2, 14));
    assert_true(bar->close == 48607.8745224845 && bar->volume.value == 7e10);
    assert_false(bar->open.set || bar->high.set || bar->low.set || bar->adj_close.set);
    assert_int_equal(parsed.result.bars[1].date, day(2021, 2, 15));
    parsed_clear(&parsed);
}

static void first_point_of_the_hour_after_midnight_stands_for_it(void **state)
{
    (void)state;
    struct parsed parsed = parse("market_chart", &one_coin, 200,
                                 "{\"prices\":[[1613347230123,1],[1613347530123,2],[1613350800000,3],[1613433600000,4]]}");
    assert_int_equal(parsed.result.bar_count, 2);
    assert_true(parsed.result.bars[0].close == 1 && parsed.result.bars[1].close == 4);
    assert_false(parsed.result.bars[0].volume.set);
    parsed_clear(&parsed);
}

static void range_of_days_is_asked_for_and_kept(void **state)
{
    (void)state;
    struct buf headers = {0};
    struct request_spec spec = one_coin;
    char *usual = built_path("coingecko", "market_chart", &spec, &headers);
    assert_string_equal(usual, "/api/v3/coins/bitcoin/market_chart?vs_currency=usd&days=30&interval=daily&precision=full");
    spec.from_us = SOME_LONG(day(2021, 2, 15) * US_PER_DAY);
    spec.to_us = SOME_LONG(day(2021, 2, 16) * US_PER_DAY);
    char *between = built_path("coingecko", "market_chart", &spec, &headers);
    assert_string_equal(between,
                        "/api/v3/coins/bitcoin/market_chart/range?vs_currency=usd&from=1613347200&to=1613437200&precision=full");
    struct parsed parsed = parse("market_chart", &spec, 200, chart);
    assert_int_equal(parsed.result.bar_count, 1);
    assert_int_equal(parsed.result.bars[0].date, day(2021, 2, 15));
    parsed_clear(&parsed);
    parsed = parse("market_chart", &spec, 200, "{\"prices\":[]}");
    assert_int_equal(parsed.result.outcome, OUTCOME_OK);
    parsed_clear(&parsed);
    free(usual);
    free(between);
}

static void days_of_another_shape_are_refused(void **state)
{
    (void)state;
    expect_no_quote(parse("market_chart", &one_coin, 200, "{\"prices\":[]}"), OUTCOME_EMPTY);
    expect_no_quote(parse("market_chart", &one_coin, 200, "[]"), OUTCOME_MALFORMED);
    expect_no_quote(parse("market_chart", &one_coin, 200, "{\"prices\":[[1613433600000,1],[1613347200000,2]]}"),
                    OUTCOME_MALFORMED);
    expect_no_quote(parse("market_chart", &one_coin, 200, "{\"prices\":[[1613433600000,null]]}"), OUTCOME_MALFORMED);
    expect_no_quote(parse("market_chart", &one_coin, 200, "{\"prices\":[[1e99,1]]}"), OUTCOME_MALFORMED);
    expect_no_quote(parse("market_chart", &one_coin, 404, "{\"error\":\"coin not found\"}"), OUTCOME_UNKNOWN_SYMBOL);
    expect_no_quote(parse("market_chart", &one_coin, 401,
                          "{\"error\":{\"status\":{\"error_code\":10012,\"error_message\":\"Your request exceeds the allowed "
                          "time range.\"}}}"),
                    OUTCOME_BLOCKED);
}

static void damaged_bodies_give_no_nonsense(void **state)
{
    (void)state;
    damage_everywhere("coingecko", "trending", &all_coins, JSON, trends);
    damage_everywhere("coingecko", "market_chart", &one_coin, JSON, chart);
    damage_everywhere("coingecko", "coins_markets", &one_coin, JSON,
                      "[{\"id\":\"bitcoin\",\"name\":\"Bitcoin\",\"current_price\":49053,\"total_supply\":21000000.0}]");
    damage_everywhere(
        "coingecko", "top_coins", &all_coins, JSON,
        "[{\"id\":\"bitcoin\",\"symbol\":\"btc\",\"name\":\"Bitcoin\",\"current_price\":49053,\"market_cap_rank\":1}]");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(trending_list_names_places_figures_and_known_assets),
        cmocka_unit_test(page_of_the_list_by_capitalisation_continues_the_ranks),
        cmocka_unit_test(parameters_out_of_bounds_are_refused),
        cmocka_unit_test(lists_of_another_shape_are_told_apart),
        cmocka_unit_test(ping_is_ok_without_a_record),
        cmocka_unit_test(markets_tell_the_supply_of_a_coin),
        cmocka_unit_test(point_at_midnight_is_the_close_of_the_day_that_ends),
        cmocka_unit_test(first_point_of_the_hour_after_midnight_stands_for_it),
        cmocka_unit_test(range_of_days_is_asked_for_and_kept),
        cmocka_unit_test(days_of_another_shape_are_refused),
        cmocka_unit_test(damaged_bodies_give_no_nonsense),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
