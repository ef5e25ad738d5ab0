/*
 * CNBC: restQuote of stocks and pairs of currencies. Numbers are text with commas; an unknown symbol has a row with a code that
 * is not 0.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/zone.h"
#include "tests/sim/provider.h"

#define LIST_MAX 4096
#define MILLION 1e6

/** The symbols with commas in place of bars. */
static bool read_list(const struct sim_call *call, char list[LIST_MAX])
{
    const char *symbols = sim_param(call->request, "symbols");
    if (!symbols || strlen(symbols) >= LIST_MAX)
        return false;
    size_t len = 0;
    for (; symbols[len]; len++)
        list[len] = symbols[len] == '|' ? ',' : symbols[len];
    list[len] = '\0';
    return true;
}

/** The symbols asked for. */
static void resolve_quote(struct sim_call *call)
{
    char list[LIST_MAX];
    if (read_list(call, list))
        sim_ask_list(call, list, true);
}

/** A number with commas between thousands. */
static void out_grouped(struct json_out *out, const char *key, double value, int decimals)
{
    char plain[64], text[96];
    snprintf(plain, sizeof(plain), "%.*f", decimals, value);
    const size_t whole = strcspn(plain, ".");
    size_t len = 0;
    for (size_t i = 0; plain[i]; i++) {
        if (i > 0 && i < whole && (whole - i) % 3 == 0 && plain[i - 1] != '-')
            text[len++] = ',';
        text[len++] = plain[i];
    }
    text[len] = '\0';
    out_text(out, key, text);
}

/** `+1.25`, `-0.51%`; nothing at all is UNCH. */
static void out_change(struct json_out *out, const char *key, double value, int decimals, const char *sign)
{
    char text[64];
    snprintf(text, sizeof(text), "%+.*f%s", decimals, value, sign);
    out_text(out, key, fabs(value) < 0.5 * pow(10, -decimals) ? "UNCH" : text);
}

/** `2026-09-11T11:17:11.000-0400`: New York's time. */
static void out_local_time(struct json_out *out, const char *key, int64_t at_s)
{
    const int64_t offset_s = zone_offset_s(ZONE_NEW_YORK, at_s * US_PER_S);
    char local[TIME_TEXT_MAX], text[64];
    time_format_us((at_s + offset_s) * US_PER_S, local);
    snprintf(text, sizeof(text), "%.23s-%02d00", local, (int)(-offset_s / 3600));
    out_text(out, key, text);
}

/** What only shares have. */
static void write_share(struct json_out *out, const struct sim_asset *asset, const struct observation *seen)
{
    char text[32];
    snprintf(text, sizeof(text), "%.1fM", seen->volume / MILLION);
    out_grouped(out, "volume", seen->volume, 0);
    out_text(out, "volume_alt", text);
    out_text(out, "exchange", strcmp(asset->venue, "NYQ") == 0 ? "NYSE" : "NASDAQ");
    out_text(out, "type", "STOCK");
    out_text(out, "subType", "Common Stock");
}

/** The row of a known symbol. */
static void write_row(struct json_out *out, struct sim_call *call, const struct sim_asset *asset)
{
    const bool pair = asset->kind == SIM_FX;
    const int decimals = !pair ? 2 : asset->start_price > 20 ? 3 : 4;
    const struct observation seen = sim_observe(call, asset, pair ? 0 : -18000);
    const double change = seen.price - seen.previous_close;
    out_begin(out, NULL, '{');
    out_text(out, "symbol", asset->symbols[SIM_CNBC]);
    out_text(out, "symbolType", "symbol");
    out_int(out, "code", 0);
    out_text(out, "name", asset->name);
    out_grouped(out, "last", seen.price, decimals);
    out_local_time(out, "last_time", seen.observed_s);
    out_text(out, "changetype", change < 0 ? "DOWN" : "UP");
    out_grouped(out, "open", seen.open, decimals);
    out_grouped(out, "high", seen.high, decimals);
    out_grouped(out, "low", seen.low, decimals);
    out_change(out, "change", change, decimals, "");
    out_change(out, "change_pct", change / seen.previous_close * 100, 2, "%");
    out_text(out, "currencyCode", pair ? "" : asset->currency);
    if (!pair)
        write_share(out, asset, &seen);
    out_text(out, "provider", "CNBC Quote Cache");
    out_grouped(out, "previous_day_closing", seen.previous_close, decimals);
    out_text(out, "realTime", "true");
    out_text(out, "curmktstatus", "REG_MKT");
    out_end(out, '}');
}

/** The row of an unknown symbol. */
static void write_unknown(struct json_out *out, const char *symbol)
{
    out_begin(out, NULL, '{');
    out_text(out, "symbol", symbol);
    out_text(out, "symbolType", "symbol");
    out_int(out, "code", 1);
    out_end(out, '}');
}

/** One row per asked symbol, known or not; `key` is NULL in a list. */
static void write_rows(struct json_out *out, struct sim_call *call, const char *list)
{
    char symbol[64];
    for (struct str item; sim_list_next(&list, &item);) {
        snprintf(symbol, sizeof(symbol), "%.*s", (int)(item.len < sizeof(symbol) ? item.len : sizeof(symbol) - 1), item.ptr);
        const struct sim_asset *asset = call->asset_count ? sim_asset_by_symbol(SIM_CNBC, symbol) : NULL;
        if (asset)
            write_row(out, call, asset);
        else
            write_unknown(out, symbol);
    }
}

/** /quote-html-webservice/restQuote/symbolType/symbol?symbols=AAPL|MSFT&... */
static void answer_quote(struct sim_call *call, struct sim_answer *answer)
{
    struct json_out out = {.buf = &answer->body};
    char list[LIST_MAX];
    if (!read_list(call, list)) {
        sim_say(answer, 400, SIM_HTML, "<html><body>Bad Request</body></html>\n");
        return;
    }
    out_begin(&out, NULL, '{');
    out_begin(&out, "FormattedQuoteResult", '{');
    out_begin(&out, "FormattedQuote", '[');
    write_rows(&out, call, list);
    out_end(&out, ']');
    out_end(&out, '}');
    out_end(&out, '}');
}

/** A page of the network in front of it. */
static void limited(struct sim_answer *answer)
{
    sim_say(answer, 429, SIM_HTML, "<HTML><HEAD><TITLE>Too Many Requests</TITLE></HEAD></HTML>\n");
}

static const struct sim_endpoint endpoints[] = {
    {.name = "quote",
     .path = "/quote-html-webservice/restQuote/symbolType/symbol",
     .resolve = resolve_quote,
     .answer = answer_quote},
};

static const char *const matter[] = {"symbols", NULL};

const struct sim_provider sim_cnbc = {
    .name = "cnbc",
    .source = SIM_CNBC,
    .endpoints = endpoints,
    .endpoint_count = sizeof(endpoints) / sizeof(endpoints[0]),
    .matter = matter,
    .limited = limited,
};
