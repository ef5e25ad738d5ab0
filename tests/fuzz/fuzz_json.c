/*
 * Any bytes as the answer of a provider, to the parsers of all endpoints. Recorded bodies make a good corpus.
 *
 * A parser never fails; what it gives must be encodable.
 */
#include <stdint.h>
#include <stdlib.h>

#include "ingest/provider.h"
#include "quotebus_records.h"

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
    const struct request_spec spec = {.assets = assets, .asset_count = endpoint->batch_max < count ? endpoint->batch_max : count};
    arena_reset(arena);
    endpoint->parse(&spec, response, arena, &result);
    if ((unsigned)result.outcome >= OUTCOME_COUNT || result.quote_count > spec.asset_count)
        abort();
    for (size_t i = 0; i < result.quote_count; i++)
        quote_encode(&result.quotes[i], &bytes);
    buf_clear(&bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct arena arena;
    const struct http_response response = {
        .status = 200,
        .content_type = STR("application/json"),
        .body = {.ptr = (const char *)data, .len = size},
        .date_us = SOME_LONG(INT64_C(1767322799000000)),
        .fetched_at_us = INT64_C(1767322800000000),
    };
    for (const struct provider *const *provider = providers; *provider; provider++) {
        for (size_t i = 0; i < (*provider)->endpoint_count; i++)
            try_endpoint(&(*provider)->endpoints[i], &response, &arena);
    }
    return 0;
}
