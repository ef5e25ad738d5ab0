/*
 * Binance: ticker/24hr of many symbols, in USDT at its price of the moment. One unknown symbol spoils the call: a 400 with a
 * code.
 */
#include <string.h>

#include "base/clock.h"
#include "tests/sim/provider.h"

#define LIST_MAX 4096

/** Turns `["BTCUSDT","ETHUSDT"]` into `BTCUSDT,ETHUSDT`; false when it is none. */
static bool read_list(const char *json, char list[LIST_MAX])
{
    size_t len = 0;
    if (!json || json[0] != '[' || json[1] != '"' || strlen(json) >= LIST_MAX)
        return false;
    for (const char *c = json; *c; c++) {
        if (!strchr("[]\"", *c))
            list[len++] = *c;
    }
    list[len] = '\0';
    return len > 0;
}

/** The symbols asked for. */
static void resolve_ticker(struct sim_call *call)
{
    char list[LIST_MAX];
    if (read_list(sim_param(call->request, "symbols"), list))
        sim_ask_list(call, list, false);
}

/** One row, all prices in USDT. */
static void write_row(struct json_out *out, struct sim_call *call, const struct sim_asset *coin)
{
    const struct observation seen = sim_observe(call, coin, 0);
    const double unit = market_price(call->market, sim_asset_by_id("crypto:USDT"), seen.observed_s);
    const double day_ago = market_price(call->market, coin, seen.observed_s - 86400);
    const int decimals = 8;
    out_begin(out, NULL, '{');
    out_text(out, "symbol", coin->symbols[SIM_BINANCE]);
    out_decimal(out, "priceChange", (seen.price - day_ago) / unit, decimals);
    out_decimal(out, "priceChangePercent", (seen.price / day_ago - 1) * 100, 3);
    out_decimal(out, "weightedAvgPrice", seen.price / unit, decimals);
    out_decimal(out, "prevClosePrice", day_ago / unit, decimals);
    out_decimal(out, "lastPrice", seen.price / unit, decimals);
    out_decimal(out, "lastQty", 0.00218, decimals);
    out_decimal(out, "bidPrice", seen.bid / unit, decimals);
    out_decimal(out, "bidQty", 1.5, decimals);
    out_decimal(out, "askPrice", seen.ask / unit, decimals);
    out_decimal(out, "askQty", 2.5, decimals);
    out_decimal(out, "openPrice", seen.open / unit, decimals);
    out_decimal(out, "highPrice", seen.high / unit, decimals);
    out_decimal(out, "lowPrice", seen.low / unit, decimals);
    out_decimal(out, "volume", seen.volume / seen.price / 5, decimals);
    out_decimal(out, "quoteVolume", seen.volume / 5 / unit, decimals);
    out_int(out, "openTime", (seen.observed_s - 86400) * 1000);
    out_int(out, "closeTime", seen.observed_s * 1000);
    out_int(out, "firstId", 28385);
    out_int(out, "lastId", 28460);
    out_int(out, "count", 76);
    out_end(out, '}');
}

/** /api/v3/ticker/24hr?symbols=["BTCUSDT","ETHUSDT"] */
static void answer_ticker(struct sim_call *call, struct sim_answer *answer)
{
    struct json_out out = {.buf = &answer->body};
    char list[LIST_MAX];
    if (!read_list(sim_param(call->request, "symbols"), list)) {
        sim_say(answer, 400, SIM_JSON, "{\"code\":-1100,\"msg\":\"Illegal characters found in parameter 'symbols'.\"}");
        return;
    }
    if (!call->asset_count || !sim_knows_all(call, list)) {
        sim_say(answer, 400, SIM_JSON, "{\"code\":-1121,\"msg\":\"Invalid symbol.\"}");
        return;
    }
    out_begin(&out, NULL, '[');
    for (size_t i = 0; i < call->asset_count; i++)
        write_row(&out, call, call->assets[i]);
    out_end(&out, ']');
}

/** The words of a limit. */
static void limited(struct sim_answer *answer)
{
    sim_say(answer, 429, SIM_JSON,
            "{\"code\":-1003,\"msg\":\"Too much request weight used; current limit is 6000 per minute.\"}");
}

static const struct sim_endpoint endpoints[] = {
    {.name = "ticker_24hr", .path = "/api/v3/ticker/24hr", .resolve = resolve_ticker, .answer = answer_ticker},
};

static const char *const matter[] = {"symbols", "symbol", NULL};

const struct sim_provider sim_binance = {
    .name = "binance",
    .source = SIM_BINANCE,
    .endpoints = endpoints,
    .endpoint_count = sizeof(endpoints) / sizeof(endpoints[0]),
    .matter = matter,
    .limited = limited,
};
