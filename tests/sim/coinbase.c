/*
 * Coinbase Exchange: products/X/ticker. Every number is text; an unknown product is a 404 with one `message`.
 */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "tests/sim/provider.h"

#define TICKER "/ticker"

/** Decimals of prices: cents for large ones. */
static int decimals_of(double price)
{
    return price >= 100 ? 2 : price >= 1 ? 3 : 6;
}

/** The product stands between `/products/` and `/ticker`. */
static void resolve_ticker(struct sim_call *call)
{
    char product[32];
    const char *rest = call->request->rest, *end = strstr(rest, TICKER);
    if (!end || end[strlen(TICKER)] || (size_t)(end - rest) >= sizeof(product))
        return;
    snprintf(product, sizeof(product), "%.*s", (int)(end - rest), rest);
    sim_ask(call, sim_asset_by_symbol(SIM_COINBASE, product));
}

/** /products/BTC-USD/ticker */
static void answer_ticker(struct sim_call *call, struct sim_answer *answer)
{
    struct json_out out = {.buf = &answer->body};
    char time[TIME_TEXT_MAX];
    if (!call->asset_count) {
        sim_say(answer, 404, SIM_JSON, "{\"message\":\"NotFound\"}");
        return;
    }
    const struct sim_asset *coin = call->assets[0];
    const struct observation seen = sim_observe(call, coin, 0);
    const int decimals = decimals_of(coin->start_price);
    out_begin(&out, NULL, '{');
    out_decimal(&out, "ask", seen.ask, decimals);
    out_decimal(&out, "bid", seen.bid, decimals);
    out_decimal(&out, "volume", seen.volume / seen.price / 20, 8);
    out_int(&out, "trade_id", 600000000 + seen.observed_s % 100000000);
    out_decimal(&out, "price", seen.price, decimals);
    out_decimal(&out, "size", 0.00218, 8);
    out_text(&out, "time", time_format_us(seen.observed_s * US_PER_S, time));
    out_decimal(&out, "rfq_volume", 12.5, 6);
    out_end(&out, '}');
}

/** The words of a limit. */
static void limited(struct sim_answer *answer)
{
    sim_say(answer, 429, SIM_JSON, "{\"message\":\"Public rate limit exceeded\"}");
}

static const struct sim_endpoint endpoints[] = {
    {.name = "ticker", .path = "/products/", .resolve = resolve_ticker, .answer = answer_ticker},
};

static const char *const matter[] = {NULL};

const struct sim_provider sim_coinbase = {
    .name = "coinbase",
    .source = SIM_COINBASE,
    .endpoints = endpoints,
    .endpoint_count = sizeof(endpoints) / sizeof(endpoints[0]),
    .matter = matter,
    .limited = limited,
};
