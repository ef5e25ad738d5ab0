#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <stdio.h>

#include "base/config.h"
#include "parse_bench.h"

#define JSON "application/json"

static const struct request_asset ibm = {.asset = "equity:IBM", .symbol = "IBM"};
static const struct request_asset london = {.asset = "equity:TSCO", .symbol = "TSCO.LON"};
static const struct request_asset euro = {.asset = "fx:EURUSD", .symbol = "EUR/USD"};
static const struct request_spec ibm_spec = {.assets = &ibm, .asset_count = 1};
static const struct request_spec london_spec = {.assets = &london, .asset_count = 1};
static const struct request_spec euro_spec = {.assets = &euro, .asset_count = 1};

static struct parsed global(const char *body)
{
    return parse_bytes("alphavantage", "global_quote", &ibm_spec, 200, JSON, str_from(body));
}

static struct parsed rate(const char *body)
{
    return parse_bytes("alphavantage", "currency_exchange_rate", &euro_spec, 200, JSON, str_from(body));
}

static void expect_none(struct parsed parsed, enum outcome outcome)
{
    assert_int_equal(parsed.result.outcome, outcome);
    assert_int_equal(parsed.result.quote_count, 0);
    assert_string_not_equal(parsed.result.message, "");
    assert_null(strstr(parsed.result.message, "SECRET"));
    parsed_clear(&parsed);
}

static void request_carries_the_key_or_demo(void **state)
{
    (void)state;
    struct buf headers = {0};
    struct request_spec keyed = ibm_spec;
    keyed.api_key = "SECRET&x";
    char *path = built_path("alphavantage", "global_quote", &keyed, &headers);
    assert_string_equal(path, "/query?function=GLOBAL_QUOTE&symbol=IBM&apikey=SECRET%26x");
    free(path);
    path = built_path("alphavantage", "currency_exchange_rate", &euro_spec, &headers);
    assert_string_equal(path, "/query?function=CURRENCY_EXCHANGE_RATE&from_currency=EUR&to_currency=USD&apikey=demo");
    free(path);
}

static void symbol_that_is_no_pair_makes_no_request(void **state)
{
    (void)state;
    static const char *const symbols[] = {"EURUSD", "/USD", "EUR/", "AAAAAAAAAAAAAAAA/USD"};
    for (size_t i = 0; i < sizeof symbols / sizeof symbols[0]; i++) {
        const struct request_asset asset = {.asset = "fx:X", .symbol = symbols[i]};
        const struct request_spec spec = {.assets = &asset, .asset_count = 1};
        struct buf path = {0};
        struct buf headers = {0};
        struct error error = {0};
        const struct endpoint *endpoint = provider_endpoint(provider_find("alphavantage"), "currency_exchange_rate");
        assert_false(endpoint->build(&spec, &path, &headers, &error));
        assert_int_equal(error.code, ERROR_USAGE);
        buf_clear(&path);
    }
}

static void global_quote_reads_numbers_from_text(void **state)
{
    (void)state;
    struct parsed parsed = global("{\"Global Quote\":{\"01. symbol\":\"IBM\",\"02. open\":\"112.6300\",\"03. high\":\"113.1700\","
                                  "\"04. low\":\"110.6400\",\"05. price\":\"112.1300\",\"06. volume\":\"27,500,200\","
                                  "\"07. latest trading day\":\"2018-10-05\",\"08. previous close\":\"112.7900\","
                                  "\"09. change\":\"-0.6600\",\"10. change percent\":\"-0.5852%\"}}");
    assert_int_equal(parsed.result.outcome, OUTCOME_OK);
    const struct quote *quote = &parsed.result.quotes[0];
    assert_true(quote->price == 112.13);
    assert_true(quote->open.value == 112.63);
    assert_true(quote->volume.value == 27500200);
    assert_true(quote->previous_close.value == 112.79);
    assert_int_equal(quote->observed_at_us, INT64_C(1538697600000000));
    assert_int_equal(quote->observed_resolution_s, 86400);
    assert_true(str_is(quote->currency, "USD"));
    parsed_clear(&parsed);
}

static void listing_in_london_is_in_pence(void **state)
{
    (void)state;
    struct parsed parsed = parse_bytes("alphavantage", "global_quote", &london_spec, 200, JSON,
                                       STR("{\"Global Quote\":{\"01. symbol\":\"TSCO.LON\",\"05. price\":\"305.3000\"}}"));
    assert_true(parsed.result.quotes[0].price == 3.053);
    assert_true(str_is(parsed.result.quotes[0].currency, "GBP"));
    assert_true(parsed.result.quotes[0].unit_factor == 0.01);
    parsed_clear(&parsed);
}

static void exchange_rate_gives_bid_and_ask(void **state)
{
    (void)state;
    struct parsed parsed =
        rate("{\"Realtime Currency Exchange Rate\":{\"1. From_Currency Code\":\"EUR\",\"3. To_Currency Code\":\"USD\","
             "\"5. Exchange Rate\":\"1.04360000\",\"6. Last Refreshed\":\"2025-02-20 12:00:01\",\"7. Time Zone\":\"UTC\","
             "\"8. Bid Price\":\"1.04350000\",\"9. Ask Price\":\"-\"}}");
    const struct quote *quote = &parsed.result.quotes[0];
    assert_int_equal(parsed.result.outcome, OUTCOME_OK);
    assert_true(quote->price == 1.0436);
    assert_true(quote->bid.value == 1.0435);
    assert_false(quote->ask.set);
    assert_int_equal(quote->observed_at_us, INT64_C(1740052801000000));
    assert_true(str_is(quote->currency, "USD"));
    parsed_clear(&parsed);
}

static void rate_of_another_pair_is_malformed(void **state)
{
    (void)state;
    expect_none(rate("{\"Realtime Currency Exchange Rate\":{\"1. From_Currency Code\":\"GBP\",\"3. To_Currency Code\":\"USD\","
                     "\"5. Exchange Rate\":\"1.2\"}}"),
                OUTCOME_MALFORMED);
    expect_none(global("{\"Global Quote\":{\"01. symbol\":\"MSFT\",\"05. price\":\"1\"}}"), OUTCOME_MALFORMED);
}

static void notices_are_sorted_and_never_repeated(void **state)
{
    static const struct {
        const char *body;
        enum outcome outcome;
    } cases[] = {
        {"{\"Note\":\"Thank you for using Alpha Vantage! Our standard API call frequency is 5 calls per minute and 500 calls per "
         "day. "
         "SECRET\"}",
         OUTCOME_LIMITED},
        {"{\"Information\":\"We have detected your API key as SECRET and our standard API rate limit is 25 requests per day.\"}",
         OUTCOME_LIMITED},
        {"{\"Information\":\"Please consider spreading out your free API requests more sparingly (1 request per second).\"}",
         OUTCOME_LIMITED},
        {"{\"Information\":\"The **demo** API key is for demo purposes only.\"}", OUTCOME_DEMO_ONLY},
        {"{\"Error Message\":\"the parameter apikey is invalid or missing. SECRET\"}", OUTCOME_BAD_KEY},
        {"{\"Information\":\"This is a premium endpoint.\"}", OUTCOME_BLOCKED},
        {"{\"Error Message\":\"Invalid API call. Please retry or visit the documentation for GLOBAL_QUOTE.\"}",
         OUTCOME_UNKNOWN_SYMBOL},
        {"{\"Note\":\"something new SECRET\"}", OUTCOME_LIMITED},
        {"{\"Information\":\"something new SECRET\"}", OUTCOME_HTTP_ERROR},
        {"{\"Global Quote\":{}}", OUTCOME_UNKNOWN_SYMBOL},
        {"{\"Global Quote\":[]}", OUTCOME_MALFORMED},
        {"{\"Global Quote\":{\"01. symbol\":\"IBM\",\"05. price\":\"None\"}}", OUTCOME_EMPTY},
        {"{}", OUTCOME_EMPTY},
        {"[]", OUTCOME_MALFORMED},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        expect_none(global(cases[i].body), cases[i].outcome);
    }
}

static void cut_off_notice_does_not_give_the_key_away(void **state)
{
    static const char body[] =
        "{\"Information\":\"We have detected your API key as SECRET and our standard API rate limit is 25\"}";
    (void)state;
    for (size_t len = 0; len < sizeof body - 1; len++) {
        struct str cut = {.ptr = body, .len = len};
        expect_none(parse_bytes("alphavantage", "global_quote", &ibm_spec, 200, JSON, cut),
                    len == 0 ? OUTCOME_EMPTY : OUTCOME_MALFORMED);
    }
}

static struct parsed overview(const char *body)
{
    return parse_bytes("alphavantage", "overview", &ibm_spec, 200, JSON, str_from(body));
}

static void overview_reads_figures_and_leaves_out_what_is_none(void **state)
{
    (void)state;
    struct parsed parsed =
        overview("{\"Symbol\":\"IBM\",\"Name\":\"Int. Business\",\"Currency\":\"USD\",\"Sector\":\"None\",\"Industry\":\"-\","
                 "\"MarketCapitalization\":\"130000000000\",\"EBITDA\":\"None\",\"PERatio\":\"21.5\",\"PEGRatio\":\"-\","
                 "\"EPS\":\"-1.25\",\"52WeekHigh\":\"150.1\",\"LatestQuarter\":\"2025-09-30\",\"DividendYield\":\"0.02\"}");
    assert_int_equal(parsed.result.outcome, OUTCOME_OK);
    assert_int_equal(parsed.result.fundamentals_count, 1);
    const struct fundamentals *company = &parsed.result.fundamentals[0];
    assert_true(str_is(company->name.value, "Int. Business"));
    assert_true(company->market_cap.value == 130e9);
    assert_true(company->pe_ratio.value == 21.5);
    assert_true(company->eps.value == -1.25);
    assert_true(company->high_52w.value == 150.1);
    assert_true(company->dividend_yield.value == 0.02);
    assert_false(company->ebitda.set || company->peg_ratio.set || company->sector.set || company->industry.set);
    assert_int_equal(company->latest_quarter.value, 20361);
    assert_int_equal(company->figures_count, 13);
    parsed_clear(&parsed);
}

static void overview_of_nothing_or_of_another_company_is_refused(void **state)
{
    (void)state;
    expect_none(overview("{}"), OUTCOME_UNKNOWN_SYMBOL);
    expect_none(overview("{\"Symbol\":\"MSFT\"}"), OUTCOME_MALFORMED);
    expect_none(overview("{\"Name\":\"x\"}"), OUTCOME_MALFORMED);
    expect_none(overview("[]"), OUTCOME_MALFORMED);
    expect_none(overview("{\"Information\":\"The **demo** API key SECRET\"}"), OUTCOME_DEMO_ONLY);
}

/** An indicator's answer about IBM. */
static struct parsed indicator(const char *function, const char *points, const char *meta, const char *series)
{
    static struct job_param params[3];
    static char body[2000];
    params[0] = (struct job_param){.name = (char *)"function", .value = (char *)function};
    params[1] = (struct job_param){.name = (char *)"points", .value = (char *)points};
    params[2] = (struct job_param){.name = (char *)"time_period", .value = (char *)"10"};
    struct request_spec spec = ibm_spec;
    spec.params = params;
    spec.param_count = 3;
    snprintf(body, sizeof body, "{\"Meta Data\":{\"1: Symbol\":\"IBM\",%s},\"Technical Analysis: %s\":%s}", meta, function,
             series);
    return parse_bytes("alphavantage", "indicator", &spec, 200, JSON, str_from(body));
}

#define META "\"4: Interval\":\"daily\",\"5: Time Period\":10,\"7: Time Zone\":\"US/Eastern\""

static void newest_values_of_an_indicator_are_taken(void **state)
{
    (void)state;
    struct parsed parsed = indicator("SMA", "2", META,
                                     "{\"2017-12-18\":{\"SMA\":\"83\"},\"2017-12-20 14:00\":{\"SMA\":\"85.2440\"},"
                                     "\"2017-12-19\":{\"SMA\":\"84.5\"},\"nonsense\":{\"SMA\":\"1\"}}");
    assert_int_equal(parsed.result.outcome, OUTCOME_OK);
    assert_int_equal(parsed.result.indicator_count, 2);
    const struct indicator *newest = &parsed.result.indicators[0];
    assert_true(newest->value == 85.244);
    assert_int_equal(newest->at_us, INT64_C(1513796400000000)); /* 14:00 in New York's winter */
    assert_int_equal(newest->time_period.value, 10);
    assert_true(str_is(newest->indicator, "SMA") && str_is(newest->interval, "1d") && str_is(newest->series_type, "close"));
    assert_true(parsed.result.indicators[1].value == 84.5);
    assert_int_equal(parsed.result.indicators[1].at_us, INT64_C(1513641600000000));
    parsed_clear(&parsed);
}

static void macd_has_a_signal_and_no_period(void **state)
{
    (void)state;
    struct parsed parsed = indicator(
        "MACD", "5", "\"4: Interval\":\"daily\"",
        "{\"2017-12-20\":{\"MACD\":\"0.5\",\"MACD_Hist\":\"-0.1\",\"MACD_Signal\":\"0.6\"},\"2017-12-19\":{\"MACD\":\"None\"}}");
    assert_int_equal(parsed.result.indicator_count, 1);
    assert_true(parsed.result.indicators[0].value == 0.5 && parsed.result.indicators[0].signal.value == 0.6);
    assert_true(parsed.result.indicators[0].histogram.value == -0.1);
    assert_false(parsed.result.indicators[0].time_period.set);
    parsed_clear(&parsed);
}

static void indicator_that_was_not_asked_for_is_malformed(void **state)
{
    static const char series[] = "{\"2017-12-20\":{\"SMA\":\"1\"}}";
    (void)state;
    expect_none(indicator("SMA", "2", "\"4: Interval\":\"weekly\",\"5: Time Period\":10", series), OUTCOME_MALFORMED);
    expect_none(indicator("SMA", "2", "\"4: Interval\":\"daily\",\"5: Time Period\":20", series), OUTCOME_MALFORMED);
    expect_none(indicator("RSI", "2", META, "[]"), OUTCOME_MALFORMED);
    expect_none(indicator("RSI", "2", META, "{}"), OUTCOME_UNKNOWN_SYMBOL);
    expect_none(indicator("SMA", "2", META, "{\"2017-12-20\":{\"SMA\":\"None\"}}"), OUTCOME_EMPTY);
}

static void indicator_is_asked_for_by_the_parameters_of_the_job(void **state)
{
    (void)state;
    struct buf headers = {0};
    struct job_param rsi[] = {{.name = (char *)"function", .value = (char *)"RSI"},
                              {.name = (char *)"interval", .value = (char *)"60min"}};
    struct job_param macd[] = {{.name = (char *)"function", .value = (char *)"MACD"}};
    struct job_param wrong[] = {{.name = (char *)"function", .value = (char *)"SMA&x=1"}};
    struct request_spec spec = ibm_spec;
    spec.params = rsi;
    spec.param_count = 2;
    char *path = built_path("alphavantage", "indicator", &spec, &headers);
    assert_string_equal(path, "/query?function=RSI&symbol=IBM&interval=60min&series_type=close&time_period=14&apikey=demo");
    free(path);
    spec.params = macd;
    spec.param_count = 1;
    path = built_path("alphavantage", "indicator", &spec, &headers);
    assert_string_equal(path, "/query?function=MACD&symbol=IBM&interval=daily&series_type=close&apikey=demo");
    free(path);
    spec.params = wrong;
    struct buf out = {0};
    struct error error = {0};
    const struct endpoint *endpoint = provider_endpoint(provider_find("alphavantage"), "indicator");
    assert_false(endpoint->build(&spec, &out, &headers, &error));
    assert_int_equal(error.code, ERROR_USAGE);
    buf_clear(&out);
}

/** A history of EUR/USD with that head. */
static struct parsed days(const char *to, const struct request_spec *spec)
{
    static char body[1000];
    /* FETCHED_US is in 2026-02-02: that day is not over. */
    snprintf(body, sizeof body,
             "{\"Meta Data\":{\"2. From Symbol\":\"EUR\",\"3. To Symbol\":\"%s\"},\"Time Series FX (Daily)\":{"
             "\"2026-02-02\":{\"1. open\":\"1.1\",\"2. high\":\"1.2\",\"3. low\":\"1.0\",\"4. close\":\"1.15\"},"
             "\"2026-01-30\":{\"1. open\":\"1.2\",\"2. high\":\"1.3\",\"3. low\":\"1.1\",\"4. close\":\"1.25\"},"
             "\"2026-01-29\":{\"1. open\":\"-\",\"4. close\":\"1.35\"},\"2026-01-28\":{\"4. close\":\"None\"}}}",
             to);
    return parse_bytes("alphavantage", "fx_daily", spec, 200, JSON, str_from(body));
}

static void days_of_a_pair_become_bars_when_they_are_over(void **state)
{
    (void)state;
    struct parsed parsed = days("USD", &euro_spec);
    assert_int_equal(parsed.result.outcome, OUTCOME_OK);
    assert_int_equal(parsed.result.bar_count, 2);
    const struct bar *bar = &parsed.result.bars[1];
    assert_int_equal(bar->date, 20483);
    assert_true(bar->open.value == 1.2 && bar->high.value == 1.3 && bar->low.value == 1.1 && bar->close == 1.25);
    assert_true(str_is(bar->currency, "USD"));
    assert_false(parsed.result.bars[0].open.set);
    parsed_clear(&parsed);
    struct request_spec ranged = euro_spec;
    ranged.to_us = SOME_LONG(INT64_C(20483) * 86400 * 1000000);
    parsed = days("USD", &ranged);
    assert_int_equal(parsed.result.bar_count, 1);
    assert_true(parsed.result.bars[0].close == 1.35);
    parsed_clear(&parsed);
    expect_none(days("JPY", &euro_spec), OUTCOME_MALFORMED);
}

static void shipped_jobs_keep_to_the_calls_of_a_day(void **state)
{
    (void)state;
    double calls = 0;
    struct error error = {0};
    struct config *config = config_load(&(struct config_options){.path = SOURCE_DIR "/config/quotebus.yaml"}, &error);
    assert_non_null(config);
    for (size_t i = 0; i < config->job_count; i++) {
        const struct job_settings *job = &config->jobs[i];
        double per_slot = 0;
        for (size_t k = 0; strcmp(job->provider, "alphavantage") == 0 && k < config->asset_count; k++) {
            per_slot += job_covers(job, &config->assets[k]) && asset_symbol_at(&config->assets[k], job->provider) != NULL;
        }
        calls += 86400.0 / (double)job->every_s * (job->rotate && per_slot > 1 ? 1 : per_slot);
    }
    print_message("calls a day at Alpha Vantage: %g\n", calls);
    assert_true(calls >= 20 && calls <= 24); /* of 25: one is for a retry */
    config_free(config);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(request_carries_the_key_or_demo),
        cmocka_unit_test(symbol_that_is_no_pair_makes_no_request),
        cmocka_unit_test(global_quote_reads_numbers_from_text),
        cmocka_unit_test(listing_in_london_is_in_pence),
        cmocka_unit_test(exchange_rate_gives_bid_and_ask),
        cmocka_unit_test(rate_of_another_pair_is_malformed),
        cmocka_unit_test(notices_are_sorted_and_never_repeated),
        cmocka_unit_test(cut_off_notice_does_not_give_the_key_away),
        cmocka_unit_test(overview_reads_figures_and_leaves_out_what_is_none),
        cmocka_unit_test(overview_of_nothing_or_of_another_company_is_refused),
        cmocka_unit_test(newest_values_of_an_indicator_are_taken),
        cmocka_unit_test(macd_has_a_signal_and_no_period),
        cmocka_unit_test(indicator_that_was_not_asked_for_is_malformed),
        cmocka_unit_test(indicator_is_asked_for_by_the_parameters_of_the_job),
        cmocka_unit_test(days_of_a_pair_become_bars_when_they_are_over),
        cmocka_unit_test(shipped_jobs_keep_to_the_calls_of_a_day),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
