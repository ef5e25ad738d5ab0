/* The simulated exchanges and sites, read by the product's own parsers: their peculiarities, and faults on them. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/zone.h"
#include "ingest/provider.h"
#include "tests/unit/sim_ask.h"

/** One asset of each simulated source. */
static const struct source {
    const char *provider;
    const char *endpoint;
    struct request_asset asset;
} sources[] = {
    {"coinbase", "ticker", {"crypto:BTC", "BTC-USD"}},
    {"kraken", "ticker", {"crypto:BTC", "XBTUSD"}},
    {"binance", "ticker_24hr", {"crypto:BTC", "BTCUSDT"}},
    {"cnbc", "quote", {"equity:COST", "COST"}},
    {"cboe", "quote", {"equity:COST", "COST"}},
    {"frankfurter", "latest", {"fx:GBPUSD", "GBP/USD"}},
};
#define SOURCE_COUNT (sizeof(sources) / sizeof(sources[0]))

static struct sim_world world;
static struct arena arena;

static int set_up(void **state)
{
    (void)state;
    world_init(&world, 1, NOW_US - 60 * US_PER_S);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    world_clear(&world);
    arena_clear(&arena);
    return 0;
}

/** Asks for one asset and parses the answer. Strings live until the next question. */
static struct parse_result poll_at(const struct source *source, int64_t now_us)
{
    static struct sim_answer answer;
    const struct endpoint *endpoint = provider_endpoint(provider_find(source->provider), source->endpoint);
    const struct request_spec spec = {.assets = &source->asset, .asset_count = 1};
    struct buf path = {0}, headers = {0};
    struct error error = {0};
    struct parse_result result;
    arena_reset(&arena);
    buf_printf(&path, "/%s", source->provider);
    assert_true(endpoint->build(&spec, &path, &headers, &error));
    buf_append(&path, "", 1);
    answer = ask_at(&world, "GET", (const char *)path.data, "", now_us);
    const struct http_response response = {.status = answer.status,
                                           .content_type = str_from(answer.content_type),
                                           .body = arena_str(&arena, buf_str(&answer.body)),
                                           .date_us = SOME_LONG(now_us),
                                           .fetched_at_us = now_us};
    endpoint->parse(&spec, &response, &arena, &result);
    buf_clear(&answer.body);
    buf_clear(&path);
    return result;
}

/** The quote of a source, which must be there. */
static struct quote quote_at(const struct source *source, int64_t now_us)
{
    const struct parse_result result = poll_at(source, now_us);
    assert_string_equal(outcome_name(result.outcome), "ok");
    assert_int_equal(result.quote_count, 1);
    return result.quotes[0];
}

/** Switches a fault on, replacing the one before. */
static void fault(const char *provider, const char *kind)
{
    char body[200];
    snprintf(body, sizeof(body), "{\"provider\": \"%s\", \"kind\": \"%s\"}", provider, kind);
    struct sim_answer answer = ask_at(&world, "DELETE", "/sim/faults", "", NOW_US);
    buf_clear(&answer.body);
    answer = ask_at(&world, "POST", "/sim/faults", body, NOW_US);
    assert_int_equal(answer.status, 200);
    buf_clear(&answer.body);
}

static void sources_show_the_true_price_of_their_time(void **state)
{
    (void)state;
    for (size_t i = 0; i < SOURCE_COUNT; i++) {
        const struct quote quote = quote_at(&sources[i], NOW_US);
        const struct sim_asset *asset = sim_asset_by_id(sources[i].asset.asset);
        const double tether = market_price(&world.market, sim_asset_by_id("crypto:USDT"), NOW_US / US_PER_S);
        const double unit = str_is(quote.currency, "USDT") ? tether : 1;
        const double truth = market_price(&world.market, asset, quote.observed_at_us / US_PER_S);
        assert_true(fabs(quote.price * unit / truth - 1) < 0.003);
    }
}

static void cboe_is_a_quarter_of_an_hour_behind_in_summer_and_in_winter(void **state)
{
    (void)state;
    const int64_t summer_us = NOW_US + 180 * US_PER_DAY;
    assert_true(zone_offset_s(ZONE_NEW_YORK, summer_us) != zone_offset_s(ZONE_NEW_YORK, NOW_US));
    for (int64_t now_us = NOW_US; now_us <= summer_us; now_us += 180 * US_PER_DAY) {
        const int64_t behind_us = now_us - quote_at(&sources[4], now_us).observed_at_us;
        assert_in_range(behind_us, 900 * US_PER_S, 905 * US_PER_S);
    }
}

static void frankfurter_has_the_fixing_of_the_last_working_day(void **state)
{
    (void)state;
    const int64_t fixed_us = quote_at(&sources[5], NOW_US).observed_at_us;
    assert_int_equal(fixed_us, NOW_US - 110 * 60 * US_PER_S); /* 13:10 UTC, there from 15:00 on */
    const double price = quote_at(&sources[5], NOW_US).price;
    for (int64_t hours = 1; hours < 71; hours++) { /* until Monday, 15:00 */
        const struct quote later = quote_at(&sources[5], NOW_US + hours * 3600 * US_PER_S);
        assert_int_equal(later.observed_at_us, fixed_us);
        assert_true(fabs(later.price / price - 1) < 0.0005); /* but for the noise of a poll */
    }
    assert_int_equal(quote_at(&sources[5], NOW_US + 72 * 3600 * US_PER_S).observed_at_us, fixed_us + 3 * US_PER_DAY);
}

static void one_unknown_symbol_spoils_a_call_at_kraken_and_binance(void **state)
{
    (void)state;
    struct sim_answer answer = ask(&world, "/kraken/0/public/Ticker?pair=XBTUSD,VETUSD");
    assert_int_equal(answer.status, 200);
    assert_true(str_is(buf_str(&answer.body), "{\"error\":[\"EQuery:Unknown asset pair\"]}"));
    buf_clear(&answer.body);
    answer = ask(&world, "/binance/api/v3/ticker/24hr?symbols=%5B%22BTCUSDT%22,%22XMRUSDT%22%5D");
    assert_int_equal(answer.status, 400);
    assert_true(str_is(buf_str(&answer.body), "{\"code\":-1121,\"msg\":\"Invalid symbol.\"}"));
    buf_clear(&answer.body);
}

static void wrong_unit_reaches_the_quote_of_every_source(void **state)
{
    (void)state;
    for (size_t i = 0; i < SOURCE_COUNT; i++) {
        const double right = quote_at(&sources[i], NOW_US).price;
        fault(sources[i].provider, "price_x100");
        const double wrong = quote_at(&sources[i], NOW_US).price;
        assert_true(fabs(wrong / right / 100 - 1) < 0.001);
    }
}

static void limit_of_every_source_is_read_as_one(void **state)
{
    (void)state;
    for (size_t i = 0; i < SOURCE_COUNT; i++) {
        fault(sources[i].provider, "status_429");
        assert_string_equal(outcome_name(poll_at(&sources[i], NOW_US).outcome), "limited");
        fault(sources[i].provider, "html_page");
        assert_string_equal(outcome_name(poll_at(&sources[i], NOW_US).outcome), "html");
        fault(sources[i].provider, "truncated_json");
        assert_string_equal(outcome_name(poll_at(&sources[i], NOW_US).outcome), "malformed");
    }
}

static void frozen_price_stays_while_its_time_goes_on(void **state)
{
    (void)state;
    for (size_t i = 0; i < 5; i++) { /* all that have a time of their own */
        fault(sources[i].provider, "frozen");
        const struct quote first = quote_at(&sources[i], NOW_US + 10 * US_PER_S),
                           later = quote_at(&sources[i], NOW_US + 70 * US_PER_S);
        assert_int_equal(later.observed_at_us, first.observed_at_us + 60 * US_PER_S);
        assert_true(str_is(first.currency, "USDT") || later.price == first.price);
        assert_true(fabs(later.price / first.price - 1) < 1e-4);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(sources_show_the_true_price_of_their_time, set_up, tear_down),
        cmocka_unit_test_setup_teardown(cboe_is_a_quarter_of_an_hour_behind_in_summer_and_in_winter, set_up, tear_down),
        cmocka_unit_test_setup_teardown(frankfurter_has_the_fixing_of_the_last_working_day, set_up, tear_down),
        cmocka_unit_test_setup_teardown(one_unknown_symbol_spoils_a_call_at_kraken_and_binance, set_up, tear_down),
        cmocka_unit_test_setup_teardown(wrong_unit_reaches_the_quote_of_every_source, set_up, tear_down),
        cmocka_unit_test_setup_teardown(limit_of_every_source_is_read_as_one, set_up, tear_down),
        cmocka_unit_test_setup_teardown(frozen_price_stays_while_its_time_goes_on, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
