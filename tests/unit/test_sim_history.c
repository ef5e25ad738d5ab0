/* The simulated histories, lists and sessions, read by the product's own parsers where there are some. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "ingest/records.h"
#include "tests/unit/sim_ask.h"

static int start(void **state)
{
    static struct sim_world world;
    world_init(&world, 1, NOW_US);
    *state = &world;
    return 0;
}

static int end(void **state)
{
    world_clear(*state);
    return 0;
}

#define FRESH(test) cmocka_unit_test_setup_teardown(test, start, end)

/** GET with a cookie. */
static struct sim_answer ask_with(struct sim_world *world, const char *uri, const char *cookie)
{
    struct sim_answer answer;
    const struct sim_incoming incoming = {.method = "GET", .uri = uri, .cookie = cookie};
    world_answer(world, &incoming, NOW_US, &answer);
    return answer;
}

/** Asks as ingest does and parses the answer; clear the arena and free the body. */
static struct sim_answer fetch(struct sim_world *world, const char *provider, const char *endpoint,
                               const struct request_spec *spec, struct arena *arena, struct parse_result *result)
{
    struct buf uri = {0};
    struct buf headers = {0};
    struct error error = {0};
    const struct endpoint *called = provider_endpoint(provider_find(provider), endpoint);
    buf_printf(&uri, "/%s", provider);
    assert_true(called->build(spec, &uri, &headers, &error));
    buf_append(&uri, "", 1);
    struct sim_answer answer = ask(world, (const char *)uri.data);
    const struct http_response response = {.status = answer.status,
                                           .content_type = str_from(answer.content_type),
                                           .body = buf_str(&answer.body),
                                           .fetched_at_us = NOW_US};
    called->parse(spec, &response, arena, result);
    buf_clear(&uri);
    buf_clear(&headers);
    return answer;
}

/** 2026-01-02, the day of NOW_US. */
#define TODAY (NOW_US / US_PER_DAY)

static void yahoo_history_has_trading_days_and_a_consistent_adjustment(void **state)
{
    struct arena arena = {0};
    struct parse_result result;
    const struct request_asset asset = {.asset = "equity:KO", .symbol = "KO"};
    const struct request_spec spec = {.assets = &asset,
                                      .asset_count = 1,
                                      .from_us = SOME_LONG((TODAY - 365) * US_PER_DAY),
                                      .to_us = SOME_LONG(TODAY * US_PER_DAY)};
    struct sim_answer answer = fetch(*state, "yahoo", "history", &spec, &arena, &result);
    assert_int_equal(result.outcome, OUTCOME_OK);
    assert_true(result.bar_count >= 255 && result.bar_count <= 262); /* working days: the simulator knows no holidays */
    size_t dividends = 0;
    for (size_t i = 0; i < result.bar_count; i++) {
        const struct bar *bar = &result.bars[i];
        int64_t weekday = (bar->date + 4) % 7; /* 1970-01-01 was a Thursday; 0 is Sunday */
        assert_true(weekday != 0 && weekday != 6);
        assert_true(bar->low.value <= bar->open.value && bar->open.value <= bar->high.value);
        assert_true(bar->adj_close.value <= bar->close * (1 + 1e-6));
        dividends += bar->dividend.set;
    }
    assert_true(dividends >= 1 && dividends <= 4);
    assert_true(result.bars[0].adj_close.value < result.bars[0].close * 0.999);
    buf_clear(&answer.body);
    arena_clear(&arena);
}

static void yahoo_history_without_a_range_leaves_today_out(void **state)
{
    struct arena arena = {0};
    struct parse_result result;
    const struct request_asset coin = {.asset = "crypto:BTC", .symbol = "BTC-USD"};
    const struct request_spec spec = {.assets = &coin, .asset_count = 1};
    struct sim_answer answer = fetch(*state, "yahoo", "history", &spec, &arena, &result);
    assert_int_equal(result.outcome, OUTCOME_OK);
    assert_int_equal(result.bars[result.bar_count - 1].date, TODAY - 1);
    assert_int_equal(result.bar_count, 29);
    buf_clear(&answer.body);
    arena_clear(&arena);
}

static void yahoo_quote_wants_cookie_and_crumb(void **state)
{
    struct sim_answer nothing = ask(*state, "/yahoo/v7/finance/quote?symbols=AAPL");
    assert_int_equal(nothing.status, 401);
    struct sim_answer page = ask(*state, "/yahoo/");
    assert_int_equal(page.status, 404);
    assert_non_null(page.set_cookie);
    char cookie[100];
    snprintf(cookie, sizeof cookie, "%.*s", (int)strcspn(page.set_cookie, ";"), page.set_cookie);
    struct sim_answer no_crumb = ask(*state, "/yahoo/v1/test/getcrumb");
    assert_int_equal(no_crumb.status, 401);
    struct sim_answer crumb = ask_with(*state, "/yahoo/v1/test/getcrumb", cookie);
    assert_int_equal(crumb.status, 200);
    struct buf uri = {0};
    buf_append_str(&uri, STR("/yahoo/v7/finance/quote?symbols=AAPL,NOSUCH,BTC-USD&crumb="));
    for (size_t i = 0; i < crumb.body.len; i++)
        buf_printf(&uri, "%%%02X", crumb.body.data[i]);
    buf_append(&uri, "", 1);
    struct sim_answer quotes = ask_with(*state, (const char *)uri.data, cookie);
    assert_int_equal(quotes.status, 200);
    struct arena arena = {0};
    struct parse_result result;
    const struct request_asset assets[] = {{"equity:AAPL", "AAPL"}, {"equity:X", "NOSUCH"}, {"crypto:BTC", "BTC-USD"}};
    const struct request_spec spec = {.assets = assets, .asset_count = 3};
    const struct http_response response = {.status = 200, .body = buf_str(&quotes.body), .fetched_at_us = NOW_US};
    provider_endpoint(provider_find("yahoo"), "quote")->parse(&spec, &response, &arena, &result);
    assert_int_equal(result.quote_count, 2);
    assert_int_equal(result.missing_count, 1);
    assert_true(result.quotes[0].bid.set && result.quotes[1].market_cap.set);
    struct sim_answer without_cookie = ask(*state, (const char *)uri.data);
    assert_int_equal(without_cookie.status, 401);
    struct sim_answer *const all[] = {&nothing, &page, &no_crumb, &crumb, &quotes, &without_cookie};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        buf_clear(&all[i]->body);
    buf_clear(&uri);
    arena_clear(&arena);
}

/** Switches a fault of Yahoo on and asks for a chart. */
static struct sim_answer chart_with(struct sim_world *world, const char *kind)
{
    char fault[100];
    snprintf(fault, sizeof fault, "{\"provider\":\"yahoo\",\"kind\":\"%s\"}", kind);
    struct sim_answer posted = ask_at(world, "POST", "/sim/faults", fault, NOW_US);
    assert_int_equal(posted.status, 200);
    buf_clear(&posted.body);
    return ask(world, "/yahoo/v8/finance/chart/AAPL");
}

static void consent_is_a_redirect_to_another_host(void **state)
{
    struct sim_answer answer = chart_with(*state, "consent_redirect");
    assert_int_equal(answer.status, 302);
    assert_non_null(strstr(answer.location, "https://guce.yahoo.com/"));
    buf_clear(&answer.body);
}

static void session_can_be_over(void **state)
{
    struct sim_answer answer = chart_with(*state, "invalid_crumb");
    assert_int_equal(answer.status, 401);
    buf_clear(&answer.body);
}

static void coingecko_trends_change_every_ten_minutes(void **state)
{
    struct arena arena = {0};
    struct parse_result result;
    const struct request_asset coin = {.asset = "crypto:BTC", .symbol = "bitcoin"};
    const struct request_spec spec = {.assets = &coin, .asset_count = 1};
    struct sim_answer answer = fetch(*state, "coingecko", "trending", &spec, &arena, &result);
    assert_int_equal(result.outcome, OUTCOME_OK);
    const struct ranking *list = &result.rankings[0];
    assert_int_equal(list->entries_count, 15);
    for (size_t i = 0; i < list->entries_count; i++)
        assert_true(list->entries[i].price.set && list->entries[i].market_cap.value > 0 && list->entries[i].volume.value > 0);
    struct sim_answer later = ask_at(*state, "GET", "/coingecko/api/v3/search/trending", "", NOW_US + 600 * US_PER_S);
    assert_false(same_body(&answer, &later));
    buf_clear(&answer.body);
    buf_clear(&later.body);
    arena_clear(&arena);
}

static void coingecko_pages_and_days_are_read_by_the_product(void **state)
{
    struct arena arena = {0};
    struct parse_result result;
    const struct request_asset coin = {.asset = "crypto:BTC", .symbol = "bitcoin"};
    struct request_spec spec = {.assets = &coin, .asset_count = 1};
    struct sim_answer page = fetch(*state, "coingecko", "top_coins", &spec, &arena, &result);
    assert_int_equal(result.outcome, OUTCOME_OK);
    assert_int_equal(result.rankings[0].entries_count, 24);
    assert_true(result.rankings[0].entries[0].asset.set);
    assert_int_equal(result.rankings[0].entries[23].rank, 24);
    buf_clear(&page.body);
    struct sim_answer days = fetch(*state, "coingecko", "market_chart", &spec, &arena, &result);
    assert_int_equal(result.outcome, OUTCOME_OK);
    assert_int_equal(result.bar_count, 30);
    buf_clear(&days.body);
    spec.from_us = SOME_LONG((TODAY - 10) * US_PER_DAY);
    spec.to_us = SOME_LONG((TODAY - 3) * US_PER_DAY);
    struct sim_answer range = fetch(*state, "coingecko", "market_chart", &spec, &arena, &result);
    assert_int_equal(result.bar_count, 7);
    assert_int_equal(result.bars[0].date, TODAY - 10);
    assert_true(result.bars[0].volume.set);
    buf_clear(&range.body);
    struct sim_answer unknown = ask(*state, "/coingecko/api/v3/coins/nosuch/market_chart?vs_currency=usd&days=1");
    assert_int_equal(unknown.status, 404);
    buf_clear(&unknown.body);
    arena_clear(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FRESH(yahoo_history_has_trading_days_and_a_consistent_adjustment),
        FRESH(yahoo_history_without_a_range_leaves_today_out),
        FRESH(yahoo_quote_wants_cookie_and_crumb),
        FRESH(consent_is_a_redirect_to_another_host),
        FRESH(session_can_be_over),
        FRESH(coingecko_trends_change_every_ten_minutes),
        FRESH(coingecko_pages_and_days_are_read_by_the_product),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
