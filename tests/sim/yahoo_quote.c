/*
 * Yahoo's v7 quote and what it wants: a cookie, which any page sets (a 404, too), and a crumb that is given for the cookie. Field
 * by field after recorded answers; a symbol nobody knows is silently absent.
 */
#include <string.h>

#include "tests/sim/yahoo.h"

#define COOKIE "A3=d=SIMULATED&S=quotebus"
/** With characters that have to be escaped. */
#define CRUMB "sim/cRumb.7+Q"

/** Whether the request has the cookie. */
static bool has_cookie(const struct sim_call *call)
{
    return call->request->cookie && strstr(call->request->cookie, COOKIE);
}

void yahoo_answer_cookie(struct sim_call *call, struct sim_answer *answer)
{
    (void)call;
    sim_say(answer, 404, SIM_HTML, "<!DOCTYPE html><html><head><title>Yahoo</title></head><body></body></html>\n");
    answer->set_cookie = COOKIE "; Max-Age=31557600; Domain=.yahoo.com; Path=/; SameSite=None; Secure; HttpOnly";
}

void yahoo_answer_crumb(struct sim_call *call, struct sim_answer *answer)
{
    if (has_cookie(call))
        sim_say(answer, 200, "text/plain;charset=utf-8", CRUMB);
    else
        yahoo_error(answer, "finance", 401, "Unauthorized", "Invalid Cookie");
}

/** Who the asset is and where it trades. */
static void write_identity(struct json_out *out, const struct sim_asset *asset, const struct venue *venue)
{
    out_text(out, "language", "en-US");
    out_text(out, "region", "US");
    out_text(out, "quoteType", venue->instrument);
    out_text(out, "quoteSourceName", "Delayed Quote");
    out_bool(out, "triggerable", true);
    out_text(out, "currency", asset->currency);
    out_text(out, "shortName", asset->name);
    out_text(out, "longName", asset->name);
    out_text(out, "exchange", venue->name);
    out_text(out, "fullExchangeName", venue->full_name);
    out_text(out, "exchangeTimezoneName", venue->zone_name);
    out_text(out, "exchangeTimezoneShortName", venue->timezone);
    out_int(out, "gmtOffSetMilliseconds", venue->gmt_offset_s * 1000);
    out_bool(out, "esgPopulated", false);
    out_bool(out, "tradeable", false);
    out_int(out, "firstTradeDateMilliseconds", venue->first_trade * 1000);
    out_text(out, "marketState", "REGULAR");
}

/** One element. */
static void write_quote(struct json_out *out, struct sim_call *call, const struct sim_asset *asset)
{
    const struct venue *venue = yahoo_venue(asset);
    const struct observation seen = sim_observe(call, asset, venue->gmt_offset_s);
    const int hint = yahoo_price_hint(asset);
    out_begin(out, NULL, '{');
    write_identity(out, asset, venue);
    out_int(out, "priceHint", hint);
    out_num(out, "regularMarketPrice", round_decimals(seen.price, hint));
    out_int(out, "regularMarketTime", seen.observed_s);
    out_num(out, "regularMarketChange", (double)(float)round_decimals(seen.price - seen.previous_close, 6));
    out_num(out, "regularMarketChangePercent", (double)(float)((seen.price / seen.previous_close - 1) * 100));
    out_num(out, "regularMarketOpen", round_decimals(seen.open, hint));
    out_num(out, "regularMarketDayHigh", round_decimals(seen.high, hint));
    out_num(out, "regularMarketDayLow", round_decimals(seen.low, hint));
    out_num(out, "regularMarketPreviousClose", round_decimals(seen.previous_close, hint));
    out_int(out, "regularMarketVolume", (int64_t)seen.volume);
    out_num(out, "fiftyTwoWeekLow", round_decimals(asset->start_price * 0.72, hint));
    out_num(out, "fiftyTwoWeekHigh", round_decimals(asset->start_price * 1.31, hint));
    if (asset->supply > 0) {
        out_num(out, "circulatingSupply", asset->supply);
        out_num(out, "marketCap", round_decimals(asset->supply * seen.price, 0));
    } else {
        out_num(out, "bid", round_decimals(seen.bid, hint));
        out_num(out, "ask", round_decimals(seen.ask, hint));
    }
    out_int(out, "sourceInterval", 15);
    out_int(out, "exchangeDataDelayedBy", 0);
    out_text(out, "symbol", asset->symbols[SIM_YAHOO]);
    out_end(out, '}');
}

void yahoo_answer_quote(struct sim_call *call, struct sim_answer *answer)
{
    struct json_out out = {.buf = &answer->body};
    const char *crumb = sim_param(call->request, "crumb");
    if (!has_cookie(call) || !crumb || strcmp(crumb, CRUMB) != 0) {
        yahoo_error(answer, "finance", 401, "Unauthorized", has_cookie(call) ? "Invalid Crumb" : "Invalid Cookie");
        return;
    }
    out_begin(&out, NULL, '{');
    out_begin(&out, "quoteResponse", '{');
    out_begin(&out, "result", '[');
    for (size_t i = 0; i < call->asset_count; i++)
        write_quote(&out, call, call->assets[i]);
    out_end(&out, ']');
    out_null(&out, "error");
    out_end(&out, '}');
    out_end(&out, '}');
}
