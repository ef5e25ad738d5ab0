/*
 * Cboe: delayed quotes of shares, 15 minutes behind everybody else. A file that does not exist is a 403 with a page in XML.
 */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/zone.h"
#include "tests/sim/provider.h"

#define DELAY_S 900
#define SUFFIX ".json"

/** The symbol stands before `.json`. */
static void resolve_quote(struct sim_call *call)
{
    char symbol[32];
    const char *rest = call->request->rest;
    const size_t len = strlen(rest), end = strlen(SUFFIX);
    if (len <= end || len - end >= sizeof(symbol) || strcmp(rest + len - end, SUFFIX) != 0)
        return;
    snprintf(symbol, sizeof(symbol), "%.*s", (int)(len - end), rest);
    sim_ask(call, sim_asset_by_symbol(SIM_CBOE, symbol));
}

/** A time to the second, with `between` between date and time of day. */
static void out_time(struct json_out *out, const char *key, int64_t at_s, char between)
{
    char text[TIME_TEXT_MAX];
    time_format_us(at_s * US_PER_S, text);
    text[strlen("2026-08-17")] = between;
    text[strlen("2026-08-17T14:27:32")] = '\0';
    out_text(out, key, text);
}

/** The figures. */
static void write_data(struct json_out *out, const struct sim_asset *asset, const struct observation *seen, int64_t offset_s)
{
    const double change = seen->price - seen->previous_close;
    out_begin(out, "data", '{');
    out_text(out, "symbol", asset->symbols[SIM_CBOE]);
    out_text(out, "security_type", "stock");
    out_int(out, "exchange_id", 5);
    out_num(out, "current_price", round_decimals(seen->price, 2));
    out_num(out, "price_change", round_decimals(change, 4));
    out_num(out, "price_change_percent", round_decimals(change / seen->previous_close * 100, 4));
    out_num(out, "bid", round_decimals(seen->bid, 2));
    out_int(out, "bid_size", 2);
    out_num(out, "ask", round_decimals(seen->ask, 2));
    out_int(out, "ask_size", 4);
    out_num(out, "open", round_decimals(seen->open, 2));
    out_num(out, "high", round_decimals(seen->high, 2));
    out_num(out, "low", round_decimals(seen->low, 2));
    out_num(out, "close", round_decimals(seen->price, 2));
    out_num(out, "prev_day_close", round_decimals(seen->previous_close, 2));
    out_num(out, "volume", seen->volume);
    out_num(out, "iv30", 24.5);
    out_num(out, "iv30_change", 0.1);
    out_num(out, "iv30_change_percent", 0.41);
    out_int(out, "seqno", 4711);
    out_time(out, "last_trade_time", seen->observed_s + offset_s, 'T');
    out_text(out, "tick", change < 0 ? "down" : "up");
    out_end(out, '}');
}

/** /api/global/delayed_quotes/quotes/AAPL.json */
static void answer_quote(struct sim_call *call, struct sim_answer *answer)
{
    struct json_out out = {.buf = &answer->body};
    const int64_t now_s = call->now_us / US_PER_S;
    const int64_t offset_s = zone_offset_s(ZONE_NEW_YORK, call->now_us - DELAY_S * US_PER_S);
    if (!call->asset_count) {
        sim_say(answer, 403, "application/xml",
                "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>AccessDenied</Code><Message>Access "
                "Denied</Message></Error>");
        return;
    }
    const struct observation seen = sim_observe_at(call, call->assets[0], offset_s, now_s - DELAY_S);
    out_begin(&out, NULL, '{');
    out_time(&out, "timestamp", now_s, ' ');
    out_text(&out, "symbol", call->assets[0]->symbols[SIM_CBOE]);
    write_data(&out, call->assets[0], &seen, offset_s);
    out_end(&out, '}');
}

/** A page of the network in front of it. */
static void limited(struct sim_answer *answer)
{
    sim_say(answer, 429, SIM_HTML, "<html><head><title>429 Too Many Requests</title></head></html>\n");
}

static const struct sim_endpoint endpoints[] = {
    {.name = "quote", .path = "/api/global/delayed_quotes/quotes/", .resolve = resolve_quote, .answer = answer_quote},
};

static const char *const matter[] = {NULL};

const struct sim_provider sim_cboe = {
    .name = "cboe",
    .source = SIM_CBOE,
    .endpoints = endpoints,
    .endpoint_count = sizeof(endpoints) / sizeof(endpoints[0]),
    .matter = matter,
    .limited = limited,
};
