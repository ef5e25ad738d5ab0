#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/config.h"
#include "ingest/records.h"
#include "tests/unit/sim_ask.h"

static struct sim_world world;

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
    return 0;
}

static const char *const requests[] = {
    "/yahoo/v8/finance/chart/AAPL?range=5d&interval=1d",
    "/yahoo/v7/finance/spark?symbols=AAPL,BTC-USD,EURUSD%3DX&range=1d&interval=1d",
    "/coingecko/api/v3/simple/price?ids=bitcoin,vechain&vs_currencies=usd,eur&include_market_cap=true&precision=full",
    "/coingecko/api/v3/coins/markets?vs_currency=usd",
    "/coingecko/api/v3/ping",
    "/alphavantage/query?function=GLOBAL_QUOTE&symbol=IBM&apikey=demo",
    "/alphavantage/query?function=CURRENCY_EXCHANGE_RATE&from_currency=BTC&to_currency=USD&apikey=demo",
    "/coinbase/products/BTC-USD/ticker",
    "/kraken/0/public/Ticker?pair=XBTUSD,SOLUSD",
    "/binance/api/v3/ticker/24hr?symbols=%5B%22BTCUSDT%22,%22POLUSDT%22%5D",
    "/cnbc/quote-html-webservice/restQuote/symbolType/symbol?symbols=AAPL%7CEUR%3D&output=json",
    "/cboe/api/global/delayed_quotes/quotes/AAPL.json",
    "/frankfurter/v1/latest?base=EUR&symbols=USD,JPY",
    "/sim/calls",
    "/sim/faults",
};

static void the_same_seed_and_requests_give_the_same_bytes(void **state)
{
    (void)state;
    struct sim_world twin, other;
    world_init(&twin, 1, NOW_US - 60 * US_PER_S);
    world_init(&other, 2, NOW_US - 60 * US_PER_S);
    int different = 0;
    for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++) {
        struct sim_answer a = ask(&world, requests[i]), b = ask(&twin, requests[i]), c = ask(&other, requests[i]);
        assert_int_equal(a.status, 200);
        assert_true(a.body.len > 0);
        assert_true(same_body(&a, &b));
        different += !same_body(&a, &c);
        buf_clear(&a.body);
        buf_clear(&b.body);
        buf_clear(&c.body);
    }
    assert_int_equal(different, 12); /* all that hold prices */
    world_clear(&twin);
    world_clear(&other);
}

/** Whether an answer has a record of any kind about an asset. */
static bool has_record(const struct parse_result *result, const char *asset)
{
    for (size_t k = 0; k < RECORD_KINDS; k++) {
        for (size_t i = 0; i < records_count(&record_kinds[k], result); i++) {
            if (str_is(record_key(&record_kinds[k], records_at(&record_kinds[k], result, i)), asset))
                return true;
        }
    }
    return false;
}

/** Feeds one batch of a job to the simulator and its answer to the product's parser; counts priced assets. */
static size_t poll_batch(const struct endpoint *endpoint, const char *provider, const struct request_spec *spec)
{
    struct buf path = {0}, headers = {0};
    struct arena arena = {0};
    struct error error = {0};
    struct parse_result result = {0};
    buf_printf(&path, "/%s", provider);
    assert_true(endpoint->build(spec, &path, &headers, &error));
    buf_append(&path, "", 1);
    struct sim_answer answer = ask(&world, (const char *)path.data);
    const struct http_response response = {.status = answer.status,
                                           .content_type = str_from(answer.content_type),
                                           .body = buf_str(&answer.body),
                                           .fetched_at_us = NOW_US};
    endpoint->parse(spec, &response, &arena, &result);
    for (size_t i = 0; i < result.quote_count; i++) {
        assert_true(result.quotes[i].price > 0);
        assert_true(result.quotes[i].observed_at_us <= NOW_US);
        assert_true(result.quotes[i].observed_at_us >= NOW_US - US_PER_DAY);
    }
    for (size_t i = 0; i < result.missing_count; i++)
        assert_string_equal(result.missing[i]->asset, "equity:HES");
    if (result.outcome != OUTCOME_OK) {
        assert_true(result.outcome == OUTCOME_DELISTED || result.outcome == OUTCOME_UNKNOWN_SYMBOL);
        assert_string_equal(spec->assets[0].asset, "equity:HES");
    }
    size_t count = endpoint->batch_max == BATCH_WHOLE && result.ranking_count == 1 ? spec->asset_count : 0;
    for (size_t i = 0; i < spec->asset_count; i++)
        count += has_record(&result, spec->assets[i].asset);
    buf_clear(&answer.body);
    buf_clear(&path);
    buf_clear(&headers);
    arena_clear(&arena);
    return count;
}

/** Whether a job is about an asset. */
static bool wants(const struct job_settings *job, const struct asset_settings *asset)
{
    bool wanted = job->classes.count == 0 && job->assets.count == 0;
    for (size_t i = 0; i < job->classes.count; i++)
        wanted = wanted || strcmp(job->classes.items[i], asset->asset_class) == 0;
    for (size_t i = 0; i < job->assets.count; i++)
        wanted = wanted || strcmp(job->assets.items[i], asset->id) == 0;
    return wanted && asset_symbol_at(asset, job->provider);
}

/** Polls one job of the configuration in batches; returns the number of assets it got records of, *asked that of the assets. */
static size_t poll_job(const struct config *config, const struct job_settings *job, size_t *asked)
{
    const struct endpoint *endpoint = provider_endpoint(provider_find(job->provider), job->endpoint);
    struct request_asset batch[250];
    struct request_spec spec = {.assets = batch, .params = job->params, .param_count = job->param_count};
    size_t answered = 0;
    for (size_t i = 0; i < config->asset_count; i++) {
        const struct asset_settings *asset = &config->assets[i];
        if (wants(job, asset)) {
            batch[spec.asset_count++] = (struct request_asset){asset->id, asset_symbol_at(asset, job->provider)};
            (*asked)++;
        }
        if (spec.asset_count && (spec.asset_count == endpoint->batch_max || i + 1 == config->asset_count)) {
            answered += poll_batch(endpoint, job->provider, &spec);
            spec.asset_count = 0;
        }
    }
    return answered;
}

static void the_products_own_parsers_find_a_record_of_every_configured_asset_but_hes(void **state)
{
    (void)state;
    struct error error = {0};
    const struct config_options options = {.path = SOURCE_DIR "/config/quotebus.yaml"};
    struct config *config = config_load(&options, &error);
    assert_non_null(config);
    const struct asset_settings *hes = config->assets;
    while (strcmp(hes->id, "equity:HES") != 0)
        hes++;
    for (size_t i = 0; i < config->job_count; i++) {
        size_t asked = 0;
        const size_t answered = poll_job(config, &config->jobs[i], &asked);
        const bool about_hes = wants(&config->jobs[i], hes);
        assert_true(asked > 0);
        assert_int_equal(answered, about_hes ? asked - 1 : asked);
    }
    config_free(config);
}

static void a_chart_of_a_delisted_or_unknown_symbol_is_a_404_in_yahoos_words(void **state)
{
    (void)state;
    static const char *const symbols[] = {"HES", "NOSUCH", "", "A%2FB"};
    for (size_t i = 0; i < 4; i++) {
        char uri[100];
        snprintf(uri, sizeof(uri), "/yahoo/v8/finance/chart/%s", symbols[i]);
        struct sim_answer answer = ask(&world, uri);
        assert_int_equal(answer.status, 404);
        assert_true(
            str_is(buf_str(&answer.body),
                   "{\"chart\":{\"result\":null,\"error\":{\"code\":\"Not Found\",\"description\":\"No data found, symbol "
                   "may be delisted\"}}}"));
        buf_clear(&answer.body);
    }
}

static void a_spark_leaves_unknown_symbols_out_and_refuses_more_than_twenty(void **state)
{
    (void)state;
    int status;
    json_t *spark = ask_json(&world, "/yahoo/v7/finance/spark?symbols=HES,AAPL,NOSUCH,AAPL&range=1d", &status);
    const json_t *results = json_object_get(json_object_get(spark, "spark"), "result");
    assert_int_equal(status, 200);
    assert_int_equal(json_array_size(results), 1);
    assert_string_equal(json_string_value(json_object_get(json_array_get(results, 0), "symbol")), "AAPL");
    json_decref(spark);

    spark = ask_json(&world, "/yahoo/v7/finance/spark?symbols=A,B,C,D,E,F,G,H,I,J,K,L,M,N,O,P,Q,R,S,V", &status);
    assert_int_equal(status, 200); /* V is known */
    json_decref(spark);
    spark = ask_json(&world, "/yahoo/v7/finance/spark?symbols=A,B,C,D,E,F,G,H,I,J,K,L,M,N,O,P,Q,R,S,T,U", &status);
    assert_int_equal(status, 400);
    assert_true(json_is_string(json_object_get(json_object_get(json_object_get(spark, "spark"), "error"), "code")));
    json_decref(spark);
    json_decref(ask_json(&world, "/yahoo/v7/finance/spark", &status));
    assert_int_equal(status, 400);
    json_decref(ask_json(&world, "/yahoo/v7/finance/spark?symbols=HES,NOSUCH", &status));
    assert_int_equal(status, 404);
}

static void london_is_quoted_in_pence_and_bars_are_widened_floats(void **state)
{
    (void)state;
    json_t *chart = ask_json(&world, "/yahoo/v8/finance/chart/OCDO.L?range=5d&interval=1d", NULL);
    const json_t *result = json_array_get(json_object_get(json_object_get(chart, "chart"), "result"), 0);
    const json_t *meta = json_object_get(result, "meta");
    const json_t *bars = json_array_get(json_object_get(json_object_get(result, "indicators"), "quote"), 0);
    const json_t *closes = json_object_get(bars, "close");
    assert_string_equal(json_string_value(json_object_get(meta, "currency")), "GBp");
    assert_int_equal(json_integer_value(json_object_get(meta, "priceHint")), 2);
    assert_true(json_array_size(closes) >= 3);
    assert_int_equal(json_array_size(closes), json_array_size(json_object_get(result, "timestamp")));
    for (size_t i = 0; i < json_array_size(closes); i++) {
        const double close = json_number_value(json_array_get(closes, i));
        assert_true((double)(float)close == close);
    }
    json_decref(chart);
}

static void simple_price_gives_what_is_included_and_nothing_else(void **state)
{
    (void)state;
    json_t *plain = ask_json(&world, "/coingecko/api/v3/simple/price?ids=bitcoin,nosuch&vs_currencies=usd", NULL);
    json_t *full = ask_json(&world,
                            "/coingecko/api/v3/simple/price?ids=bitcoin&vs_currencies=usd,jpy&include_market_cap=true"
                            "&include_24hr_vol=true&include_24hr_change=true&include_last_updated_at=true&precision=full",
                            NULL);
    const json_t *coin = json_object_get(full, "bitcoin");
    assert_int_equal(json_object_size(plain), 1);
    assert_int_equal(json_object_size(json_object_get(plain, "bitcoin")), 1);
    assert_int_equal(json_object_size(coin), 9);
    assert_true(json_number_value(json_object_get(coin, "jpy")) > 100 * json_number_value(json_object_get(coin, "usd")));
    assert_true(json_is_number(json_object_get(coin, "usd_24h_vol")));
    assert_in_range(json_integer_value(json_object_get(coin, "last_updated_at")), NOW_US / US_PER_S - 10, NOW_US / US_PER_S);
    json_decref(plain);
    json_decref(full);
}

static void coingecko_names_the_missing_parameter_with_a_422(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"/coingecko/api/v3/simple/price", "Missing parameter ids"},
        {"/coingecko/api/v3/simple/price?ids=bitcoin", "Missing parameter vs_currencies"},
        {"/coingecko/api/v3/coins/markets?ids=bitcoin", "Missing parameter vs_currency"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        int status;
        json_t *body = ask_json(&world, cases[i][0], &status);
        assert_int_equal(status, 422);
        assert_string_equal(json_string_value(json_object_get(body, "error")), cases[i][1]);
        json_decref(body);
    }
}

static void coins_markets_pages_through_all_coins(void **state)
{
    (void)state;
    json_t *all = ask_json(&world, "/coingecko/api/v3/coins/markets?vs_currency=usd&per_page=250", NULL);
    json_t *second = ask_json(&world, "/coingecko/api/v3/coins/markets?vs_currency=usd&per_page=5&page=2", NULL);
    assert_int_equal(json_array_size(all), 24);
    assert_int_equal(json_array_size(second), 5);
    assert_true(json_equal(json_array_get(all, 5), json_array_get(second, 0)));
    assert_int_equal(json_integer_value(json_object_get(json_array_get(second, 0), "market_cap_rank")), 6);
    json_decref(all);
    json_decref(second);
}

static void alpha_vantage_answers_every_error_with_200(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"/alphavantage/query", "apikey is invalid or missing"},
        {"/alphavantage/query?function=GLOBAL_QUOTE&symbol=IBM", "apikey is invalid or missing"},
        {"/alphavantage/query?function=NOSUCH&apikey=demo", "does not exist"},
        {"/alphavantage/query?function=GLOBAL_QUOTE&symbol=HES&apikey=demo", "\"Global Quote\": {}"},
        {"/alphavantage/query?function=GLOBAL_QUOTE&apikey=demo", "\"Global Quote\": {}"},
        {"/alphavantage/query?function=CURRENCY_EXCHANGE_RATE&from_currency=A&to_currency=B&apikey=k", "Invalid API call"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct sim_answer answer = ask(&world, cases[i][0]);
        assert_int_equal(answer.status, 200);
        assert_non_null(memmem(answer.body.data, answer.body.len, cases[i][1], strlen(cases[i][1])));
        buf_clear(&answer.body);
    }
}

static void the_trading_day_of_a_weekend_is_friday(void **state)
{
    (void)state;
    const int64_t sunday_us = NOW_US + 2 * US_PER_DAY;
    json_t *quote = ask_json_at(&world, "/alphavantage/query?function=GLOBAL_QUOTE&symbol=IBM&apikey=demo", sunday_us, NULL);
    const json_t *body = json_object_get(quote, "Global Quote");
    assert_string_equal(json_string_value(json_object_get(body, "07. latest trading day")), "2026-01-02");
    json_decref(quote);
}

static void the_witness_counts_each_call_of_each_endpoint(void **state)
{
    (void)state;
    for (int i = 0; i < 300; i++) {
        struct sim_answer answer =
            ask_at(&world, "GET", "/yahoo/v8/finance/chart/AAPL?interval=1m", "", NOW_US + i * (US_PER_S / 4));
        buf_clear(&answer.body);
    }
    for (int i = 0; i < 2; i++) {
        struct sim_answer answer = ask(&world, "/coingecko/nosuch");
        assert_int_equal(answer.status, 404);
        buf_clear(&answer.body);
    }
    json_t *calls = ask_json(&world, "/sim/calls", NULL);
    const json_t *times = json_object_get(json_object_get(calls, "last_calls"), "yahoo");
    assert_int_equal(json_integer_value(json_object_get(json_object_get(calls, "yahoo"), "chart")), 300);
    assert_int_equal(json_integer_value(json_object_get(json_object_get(calls, "yahoo"), "spark")), 0);
    assert_int_equal(json_integer_value(json_object_get(json_object_get(calls, "coingecko"), "other")), 2);
    assert_int_equal(json_integer_value(json_object_get(json_object_get(calls, "per_second_max"), "yahoo")), 4);
    assert_int_equal(json_array_size(times), WITNESS_LAST_CALLS);
    assert_string_equal(json_string_value(json_array_get(times, WITNESS_LAST_CALLS - 1)), "2026-01-02T15:01:14.750000Z");
    json_decref(calls);
    json_t *all = ask_json(&world, "/sim/times?provider=yahoo", NULL);
    times = json_object_get(all, "times_us");
    assert_int_equal(json_integer_value(json_object_get(all, "total")), 300);
    assert_int_equal(json_array_size(times), 300);
    assert_int_equal(json_integer_value(json_array_get(times, 1)) - json_integer_value(json_array_get(times, 0)), US_PER_S / 4);
    json_decref(all);
    struct sim_answer none = ask(&world, "/sim/times?provider=nobody");
    assert_int_equal(none.status, 404);
    buf_clear(&none.body);
}

static void hostile_requests_get_an_answer(void **state)
{
    (void)state;
    static const struct {
        const char *method, *uri;
        int status;
    } cases[] = {
        {"GET", "", 404},
        {"GET", "/", 404},
        {"GET", "//", 404},
        {"GET", "?", 404},
        {"GET", "/yahoo", 404},
        {"GET", "/yahoo/", 404},
        {"GET", "/yahoo?symbols=AAPL", 404},
        {"GET", "/yahoo/v8/finance/chart/%00", 400},
        {"GET", "/yahoo/v8/finance/chart/%zz%", 404},
        {"GET", "/yahoo/v8/finance/chart/%", 404},
        {"GET", "/yahoo/v8/finance/chart/AAPL?range=%zz&interval=%f0%9f&period1=x&period2=-1", 200},
        {"GET", "/yahoo/v8/finance/chart/AAPL?period1=99999999999999999999&period2=1", 200},
        {"GET", "/yahoo/v8/finance/chart/AAPL?period1=0&period2=1767366000", 200},
        {"GET", "/yahoo/v7/finance/spark?symbols=%00", 400},
        {"GET", "/yahoo/v7/finance/spark?symbols=,,,,", 404},
        {"GET", "/yahoo/v7/finance/spark?symbols", 400},
        {"GET", "/yahoo/v7/finance/spark?&&&=&symbols=AAPL&", 200},
        {"GET", "/coingecko/api/v3/simple/price?ids=&vs_currencies=", 200},
        {"GET", "/coingecko/api/v3/simple/price?ids=bitcoin&vs_currencies=usd,usd,nosuch&precision=-5", 200},
        {"GET", "/coingecko/api/v3/coins/markets?vs_currency=usd&per_page=0&page=-3", 200},
        {"GET", "/coingecko/api/v3/coins/markets?vs_currency=usd&page=10000", 200},
        {"GET", "/alphavantage/query?function=CURRENCY_EXCHANGE_RATE&from_currency=BTC&apikey=k", 200},
        {"DELETE", "/yahoo/v8/finance/chart/AAPL", 405},
        {"", "/yahoo/v8/finance/chart/AAPL", 405},
        {"GET", "/sim", 404},
        {"GET", "/sim/nosuch", 404},
        {"POST", "/sim/calls", 404},
        {"POST", "/sim/faults", 400},
        {"DELETE", "/sim/faults?name=nosuch", 404},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct sim_answer answer = ask_at(&world, cases[i].method, cases[i].uri, "", NOW_US);
        if (answer.status != cases[i].status)
            fail_msg("%s %s: %d, not %d", cases[i].method, cases[i].uri, answer.status, cases[i].status);
        buf_clear(&answer.body);
    }
}

static void long_requests_are_refused_and_random_ones_survived(void **state)
{
    (void)state;
    char uri[SIM_URI_MAX + 100];
    memset(uri, 'a', sizeof(uri));
    memcpy(uri, "/yahoo/v7/finance/spark?symbols=", 32);
    uri[sizeof(uri) - 1] = '\0';
    struct sim_answer answer = ask(&world, uri);
    assert_int_equal(answer.status, 414);
    buf_clear(&answer.body);
    for (size_t i = 0; i < 130; i++)
        memcpy(uri + 32 + 2 * i, "&b", 2);
    uri[292] = '\0';
    answer = ask(&world, uri);
    assert_int_equal(answer.status, 400);
    buf_clear(&answer.body);
    static const char alphabet[] = "/%?&=,+.0aAzZ\x01\xff";
    for (uint64_t turn = 0; turn < 20000; turn++) {
        static const char *const starts[] = {"/yahoo/v8/finance/chart/", "/coingecko/api/v3/simple/price?ids=", "/",
                                             "/sim/faults?"};
        size_t len = (size_t)snprintf(uri, sizeof(uri), "%s", starts[turn % 4]);
        for (size_t i = 0; i < turn % 40; i++)
            uri[len++] = alphabet[sim_hash(turn, i) % (sizeof(alphabet) - 1)];
        uri[len] = '\0';
        answer = ask(&world, uri);
        assert_in_range(answer.status, 200, 422);
        buf_clear(&answer.body);
    }
}

int main(void)
{
#define FRESH(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        FRESH(the_same_seed_and_requests_give_the_same_bytes),
        FRESH(the_products_own_parsers_find_a_record_of_every_configured_asset_but_hes),
        FRESH(a_chart_of_a_delisted_or_unknown_symbol_is_a_404_in_yahoos_words),
        FRESH(a_spark_leaves_unknown_symbols_out_and_refuses_more_than_twenty),
        FRESH(london_is_quoted_in_pence_and_bars_are_widened_floats),
        FRESH(simple_price_gives_what_is_included_and_nothing_else),
        FRESH(coingecko_names_the_missing_parameter_with_a_422),
        FRESH(coins_markets_pages_through_all_coins),
        FRESH(alpha_vantage_answers_every_error_with_200),
        FRESH(the_trading_day_of_a_weekend_is_friday),
        FRESH(the_witness_counts_each_call_of_each_endpoint),
        FRESH(hostile_requests_get_an_answer),
        FRESH(long_requests_are_refused_and_random_ones_survived),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
