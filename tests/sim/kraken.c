/*
 * Kraken: public/Ticker of many pairs. Every error comes with HTTP 200, one unknown pair spoils the call, and old pairs have
 * another name in the answer than in the request. There is no time in it.
 */
#include <string.h>

#include "tests/sim/provider.h"

/** Pairs whose name in the answer differs. */
static const char *const old_names[][2] = {
    {"XBTUSD", "XXBTZUSD"}, {"ETHUSD", "XETHZUSD"}, {"XRPUSD", "XXRPZUSD"}, {"LTCUSD", "XLTCZUSD"},
    {"XLMUSD", "XXLMZUSD"}, {"ETCUSD", "XETCZUSD"}, {"XMRUSD", "XXMRZUSD"}, {"USDTUSD", "USDTZUSD"},
};

/** The name that the answer has for a pair. */
static const char *answer_name(const char *pair)
{
    for (size_t i = 0; i < sizeof(old_names) / sizeof(old_names[0]); i++) {
        if (strcmp(old_names[i][0], pair) == 0)
            return old_names[i][1];
    }
    return pair;
}

/** Decimals of prices. */
static int decimals_of(double price)
{
    return price >= 10000 ? 1 : price >= 100 ? 2 : price >= 1 ? 4 : 7;
}

/** The pairs of `pair`. */
static void resolve_ticker(struct sim_call *call)
{
    sim_ask_list(call, sim_param(call->request, "pair"), true);
}

/** A list of two figures: today's and those of 24 hours. */
static void write_two(struct json_out *out, const char *key, double today, double day, int decimals)
{
    out_begin(out, key, '[');
    out_decimal(out, NULL, today, decimals);
    out_decimal(out, NULL, day, decimals);
    out_end(out, ']');
}

/** A price, whole lots and lots. */
static void write_offer(struct json_out *out, const char *key, double price, int decimals)
{
    out_begin(out, key, '[');
    out_decimal(out, NULL, price, decimals);
    out_text(out, NULL, "1");
    out_text(out, NULL, "1.000");
    out_end(out, ']');
}

/** The figures of one pair. */
static void write_pair(struct json_out *out, struct sim_call *call, const struct sim_asset *coin)
{
    const struct observation seen = sim_observe(call, coin, 0);
    const int decimals = decimals_of(coin->start_price);
    const double coins = seen.volume / seen.price / 40;
    out_begin(out, answer_name(coin->symbols[SIM_KRAKEN]), '{');
    write_offer(out, "a", seen.ask, decimals);
    write_offer(out, "b", seen.bid, decimals);
    write_two(out, "c", seen.price, 0.0008, decimals);
    write_two(out, "v", coins / 3, coins, 8);
    write_two(out, "p", seen.price, seen.price, decimals);
    out_begin(out, "t", '[');
    out_int(out, NULL, 12034);
    out_int(out, NULL, 40811);
    out_end(out, ']');
    write_two(out, "l", seen.low, seen.low, decimals);
    write_two(out, "h", seen.high, seen.high, decimals);
    out_decimal(out, "o", seen.open, decimals);
    out_end(out, '}');
}

/** /0/public/Ticker?pair=XBTUSD,ETHUSD */
static void answer_ticker(struct sim_call *call, struct sim_answer *answer)
{
    struct json_out out = {.buf = &answer->body};
    const char *pairs = sim_param(call->request, "pair");
    if (!call->asset_count || !sim_knows_all(call, pairs)) {
        sim_say(answer, 200, SIM_JSON, "{\"error\":[\"EQuery:Unknown asset pair\"]}");
        return;
    }
    out_begin(&out, NULL, '{');
    out_begin(&out, "error", '[');
    out_end(&out, ']');
    out_begin(&out, "result", '{');
    for (size_t i = 0; i < call->asset_count; i++)
        write_pair(&out, call, call->assets[i]);
    out_end(&out, '}');
    out_end(&out, '}');
}

/** The limit, which is a success to HTTP. */
static void limited(struct sim_answer *answer)
{
    sim_say(answer, 200, SIM_JSON, "{\"error\":[\"EAPI:Rate limit exceeded\"]}");
}

static const struct sim_endpoint endpoints[] = {
    {.name = "ticker", .path = "/0/public/Ticker", .resolve = resolve_ticker, .answer = answer_ticker},
};

static const char *const matter[] = {"pair", NULL};

const struct sim_provider sim_kraken = {
    .name = "kraken",
    .source = SIM_KRAKEN,
    .endpoints = endpoints,
    .endpoint_count = sizeof(endpoints) / sizeof(endpoints[0]),
    .matter = matter,
    .limited = limited,
};
