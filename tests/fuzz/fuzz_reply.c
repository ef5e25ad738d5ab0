/*
 * Any bytes as the answer of a provider: the first byte picks the endpoint, the second what was asked for (asset, status, content
 * type, range, parameters), the rest is the body. tests/fuzz/seeds.py makes a corpus of recordings and the simulator's answers.
 *
 * A parser never fails; what it gives must be encodable, about assets that were asked for, and finite.
 */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "ingest/records.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define ENDPOINTS_MAX 64
#define ASSETS 16

/** Symbols of all providers, so that a body may answer any of them; twice, so that a batch can begin anywhere. */
static const struct request_asset assets[2 * ASSETS] = {
#define ASSET_LIST                                                                                                               \
    {"equity:AAPL", "AAPL"}, {"equity:IBM", "IBM"}, {"equity:MSFT", "MSFT"}, {"equity:OCDO", "OCDO.L"},                          \
        {"equity:TSCO", "TSCO.LON"}, {"crypto:BTC", "BTC-USD"}, {"crypto:BTC", "bitcoin"}, {"crypto:ETH", "ethereum"},           \
        {"crypto:BTC", "BTC/CNY"}, {"fx:EURUSD", "EURUSD=X"}, {"fx:EURUSD", "EUR/USD"}, {"crypto:BTC", "XBTUSD"},                \
        {"crypto:BTC", "BTCUSDT"}, {"fx:USDJPY", "JPY="}, {"fx:USDJPY", "USD/JPY"}, {"fx:EURUSD", "EUR="},
    ASSET_LIST ASSET_LIST};

/** Parameters of an indicator: as recorded, and those of each function. */
static const struct job_param params[][3] = {
    {{(char *)"interval", (char *)"15min"}, {(char *)"time_period", (char *)"10"}, {(char *)"points", (char *)"100"}},
    {{(char *)"function", (char *)"RSI"}, {(char *)"time_period", (char *)"14"}, {(char *)"points", (char *)"3"}},
    {{(char *)"function", (char *)"EMA"}, {(char *)"time_period", (char *)"20"}, {(char *)"points", (char *)"1"}},
    {{(char *)"function", (char *)"MACD"}, {(char *)"points", (char *)"100"}, {(char *)"series_type", (char *)"close"}},
};

/** All endpoints, those of sessions too. Returns how many. */
static size_t list_endpoints(const struct endpoint *endpoints[ENDPOINTS_MAX])
{
    size_t count = 0;
    for (const struct provider *const *provider = providers; *provider; provider++) {
        for (size_t i = 0; i < (*provider)->endpoint_count; i++)
            endpoints[count++] = &(*provider)->endpoints[i];
        if ((*provider)->session_cookie) {
            endpoints[count++] = (*provider)->session_cookie;
            endpoints[count++] = (*provider)->session_token;
        }
    }
    return count;
}

/** What holds for every result. */
static void check(const struct request_spec *spec, const struct parse_result *result)
{
    struct buf bytes = {0};
    if ((unsigned)result->outcome >= OUTCOME_COUNT || result->quote_count > spec->asset_count)
        abort();
    for (size_t i = 0; i < result->quote_count; i++) {
        if (!isfinite(result->quotes[i].price) || result->quotes[i].asset.len == 0)
            abort();
    }
    for (size_t i = 0; i < result->bar_count; i++) {
        if (!isfinite(result->bars[i].close))
            abort();
    }
    for (size_t k = 0; k < RECORD_KINDS; k++) {
        for (size_t i = 0; i < records_count(&record_kinds[k], result); i++)
            record_kinds[k].encode(records_at(&record_kinds[k], result, i), &bytes);
    }
    buf_clear(&bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const int statuses[] = {200, 200, 200, 200, 404, 429, 403, 500};
    static const struct endpoint *endpoints[ENDPOINTS_MAX];
    static size_t endpoint_count;
    static struct arena arena;
    if (endpoint_count == 0)
        endpoint_count = list_endpoints(endpoints);
    if (size < 2)
        return 0;
    const struct endpoint *endpoint = endpoints[data[0] % endpoint_count];
    const unsigned choice = data[1];
    const struct http_response response = {
        .status = statuses[choice >> 4 & 7],
        .content_type = choice & 0x80 ? STR("text/html") : STR("application/json"),
        .body = {.ptr = (const char *)data + 2, .len = size - 2},
        .date_us = SOME_LONG(INT64_C(1767322799000000)),
        .fetched_at_us = INT64_C(1767322800000000),
    };
    const struct request_spec spec = {
        .assets = assets + choice % ASSETS,
        .asset_count = endpoint->batch_max < ASSETS ? endpoint->batch_max : ASSETS,
        .from_us = choice & 0x20 ? SOME_LONG(0) : (struct opt_long){0},
        .params = params[choice >> 4 & 3],
        .param_count = endpoint->params ? 3 : 0,
    };
    struct parse_result result = {0};
    arena_reset(&arena);
    endpoint->parse(&spec, &response, &arena, &result);
    check(&spec, &result);
    return 0;
}
