/*
 * Any bytes as the answer of a provider, to the parsers of all endpoints. Recorded bodies make a good corpus.
 *
 * A parser never fails; what it gives must be encodable.
 */
#include <stdint.h>
#include <stdlib.h>

#include "ingest/records.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/** Symbols of all providers, so that a body may answer any of them. */
static const struct request_asset assets[] = {
    {"equity:AAPL", "AAPL"},    {"equity:IBM", "IBM"},     {"crypto:BTC", "BTC-USD"}, {"crypto:BTC", "bitcoin"},
    {"crypto:ETH", "ethereum"}, {"fx:EURUSD", "EURUSD=X"}, {"fx:EURUSD", "EUR/USD"},  {"crypto:BTC", "XBTUSD"},
    {"crypto:BTC", "BTCUSDT"},  {"fx:USDJPY", "JPY="},
};

/** Gives the body to one parser and encodes what comes out. */
static void try_endpoint(const struct endpoint *endpoint, const struct http_response *response, struct arena *arena)
{
    struct buf bytes = {0};
    struct parse_result result = {0};
    const size_t count = sizeof(assets) / sizeof(assets[0]);
    const struct request_spec spec = {
        .assets = assets,
        .asset_count = endpoint->batch_max < count ? endpoint->batch_max : count,
        .from_us = response->status % 2 ? SOME_LONG(0) : (struct opt_long){0}, /* a range as well as the usual days */
    };
    arena_reset(arena);
    endpoint->parse(&spec, response, arena, &result);
    if ((unsigned)result.outcome >= OUTCOME_COUNT || result.quote_count > spec.asset_count)
        abort();
    for (size_t k = 0; k < RECORD_KINDS; k++) {
        for (size_t i = 0; i < records_count(&record_kinds[k], &result); i++)
            record_kinds[k].encode(records_at(&record_kinds[k], &result, i), &bytes);
    }
    buf_clear(&bytes);
}

/** Gives the body to all parsers of a provider. */
static void try_provider(const struct provider *provider, const struct http_response *response, struct arena *arena)
{
    for (size_t i = 0; i < provider->endpoint_count; i++)
        try_endpoint(&provider->endpoints[i], response, arena);
    if (provider->session_cookie) {
        try_endpoint(provider->session_cookie, response, arena);
        try_endpoint(provider->session_token, response, arena);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct arena arena;
    const struct http_response response = {
        .status = 200 + (size > 0 && data[size - 1] == ' '), /* 2xx, all the same to parsers */
        .content_type = STR("application/json"),
        .body = {.ptr = (const char *)data, .len = size},
        .date_us = SOME_LONG(INT64_C(1767322799000000)),
        .fetched_at_us = INT64_C(1767322800000000),
    };
    for (const struct provider *const *provider = providers; *provider; provider++)
        try_provider(*provider, &response, &arena);
    return 0;
}
