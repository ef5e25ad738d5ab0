/*
 * Alpha Vantage: GLOBAL_QUOTE and CURRENCY_EXCHANGE_RATE. Every number is text, every error comes with HTTP 200. Unlike the real
 * service, which knows a few symbols with the key `demo`, any key gets everything: the demo has to show three providers.
 */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "tests/sim/provider.h"

#define INDENT 4
#define CODE_MAX 15

/** Names of the codes that occur. */
static const char *const names[][2] = {
    {"USD", "United States Dollar"},
    {"EUR", "Euro"},
    {"GBP", "British Pound Sterling"},
    {"JPY", "Japanese Yen"},
};

/** The long name of a code: a currency's, or that of the coin. */
static const char *name_of(const char *code, const struct sim_asset *asset)
{
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (strcmp(names[i][0], code) == 0)
            return names[i][1];
    }
    return asset->name;
}

/** An object with one text. */
static void write_notice(struct sim_answer *answer, const char *key, const char *words)
{
    struct json_out out = {.buf = &answer->body, .indent = INDENT};
    out_begin(&out, NULL, '{');
    out_text(&out, key, words);
    out_end(&out, '}');
}

/** Whether the request has a key, whatever it is; otherwise says so. */
static bool has_key(const struct sim_call *call, struct sim_answer *answer)
{
    const char *key = sim_param(call->request, "apikey");
    if (key && *key)
        return true;
    write_notice(answer, "Error Message", "the parameter apikey is invalid or missing. Please claim your free API key.");
    return false;
}

/** The share stands in `symbol`. */
static void resolve_quote(struct sim_call *call)
{
    const char *symbol = sim_param(call->request, "symbol");
    const struct sim_asset *asset = symbol ? sim_asset_by_symbol(SIM_ALPHAVANTAGE, symbol) : NULL;
    if (asset && asset->kind == SIM_EQUITY)
        sim_ask(call, asset);
}

/** The last weekday up to a time. */
static void out_trading_day(struct json_out *out, const char *key, int64_t at_s)
{
    char text[TIME_TEXT_MAX];
    int64_t day = time_day_of_us(at_s * US_PER_S);
    const int64_t weekday = (day + 4) % 7; /* 0 is Sunday */
    day -= weekday == 0 ? 2 : weekday == 6 ? 1 : 0;
    time_format_us(day * US_PER_DAY, text);
    text[strlen("2026-01-02")] = '\0';
    out_text(out, key, text);
}

/** /query?function=GLOBAL_QUOTE&symbol=IBM */
static void answer_quote(struct sim_call *call, struct sim_answer *answer)
{
    struct json_out out = {.buf = &answer->body, .indent = INDENT};
    if (!has_key(call, answer))
        return;
    out_begin(&out, NULL, '{');
    out_begin(&out, "Global Quote", '{');
    if (call->asset_count) {
        const struct sim_asset *asset = call->assets[0];
        const struct observation seen = sim_observe(call, asset, 0);
        const double change = seen.price - seen.previous_close;
        char percent[32];
        snprintf(percent, sizeof(percent), "%.4f%%", change / seen.previous_close * 100);
        out_text(&out, "01. symbol", asset->symbols[SIM_ALPHAVANTAGE]);
        out_decimal(&out, "02. open", seen.open, 4);
        out_decimal(&out, "03. high", seen.high, 4);
        out_decimal(&out, "04. low", seen.low, 4);
        out_decimal(&out, "05. price", seen.price, 4);
        out_decimal(&out, "06. volume", seen.volume, 0);
        out_trading_day(&out, "07. latest trading day", seen.observed_s);
        out_decimal(&out, "08. previous close", seen.previous_close, 4);
        out_decimal(&out, "09. change", change, 4);
        out_text(&out, "10. change percent", percent);
    }
    out_end(&out, '}');
    out_end(&out, '}');
}

/** The pair stands in two parameters. */
static void resolve_rate(struct sim_call *call)
{
    const char *from = sim_param(call->request, "from_currency"), *to = sim_param(call->request, "to_currency");
    char pair[2 * CODE_MAX + 2];
    if (!from || !to || strlen(from) > CODE_MAX || strlen(to) > CODE_MAX)
        return;
    snprintf(pair, sizeof(pair), "%s/%s", from, to);
    sim_ask(call, sim_asset_by_symbol(SIM_ALPHAVANTAGE, pair));
}

/** The two codes of a pair and their names. */
static void write_pair(struct json_out *out, const struct sim_asset *asset)
{
    char from[CODE_MAX + 1] = "";
    const char *pair = asset->symbols[SIM_ALPHAVANTAGE], *to = strchr(pair, '/') + 1;
    memcpy(from, pair, (size_t)(to - pair) - 1);
    out_text(out, "1. From_Currency Code", from);
    out_text(out, "2. From_Currency Name", name_of(from, asset));
    out_text(out, "3. To_Currency Code", to);
    out_text(out, "4. To_Currency Name", name_of(to, asset));
}

/** `2017-12-20 19:23:21` */
static void out_refreshed(struct json_out *out, const char *key, int64_t at_s)
{
    char text[TIME_TEXT_MAX];
    time_format_us(at_s * US_PER_S, text);
    text[strlen("2017-12-20")] = ' ';
    text[strlen("2017-12-20 19:23:21")] = '\0';
    out_text(out, key, text);
}

/** /query?function=CURRENCY_EXCHANGE_RATE&from_currency=EUR&to_currency=USD */
static void answer_rate(struct sim_call *call, struct sim_answer *answer)
{
    struct json_out out = {.buf = &answer->body, .indent = INDENT};
    if (!has_key(call, answer))
        return;
    if (call->asset_count == 0) {
        write_notice(answer, "Error Message",
                     "Invalid API call. Please retry or visit the documentation for CURRENCY_EXCHANGE_RATE.");
        return;
    }
    const struct observation seen = sim_observe(call, call->assets[0], 0);
    out_begin(&out, NULL, '{');
    out_begin(&out, "Realtime Currency Exchange Rate", '{');
    write_pair(&out, call->assets[0]);
    out_decimal(&out, "5. Exchange Rate", seen.price, 8);
    out_refreshed(&out, "6. Last Refreshed", seen.observed_s);
    out_text(&out, "7. Time Zone", "UTC");
    out_decimal(&out, "8. Bid Price", seen.bid, 8);
    out_decimal(&out, "9. Ask Price", seen.ask, 8);
    out_end(&out, '}');
    out_end(&out, '}');
}

/** Any other function. */
static void answer_unknown(struct sim_call *call, struct sim_answer *answer)
{
    if (has_key(call, answer))
        write_notice(answer, "Error Message", "This API function does not exist.");
}

/** A limit has no status of its own here. */
static void limited(struct sim_answer *answer)
{
    sim_say(answer, 429, "text/html", "Too Many Requests");
}

static const struct sim_endpoint endpoints[] = {
    {.name = "global_quote", .path = "/query", .function = "GLOBAL_QUOTE", .resolve = resolve_quote, .answer = answer_quote},
    {.name = "currency_exchange_rate",
     .path = "/query",
     .function = "CURRENCY_EXCHANGE_RATE",
     .resolve = resolve_rate,
     .answer = answer_rate},
    {.name = "query", .path = "/query", .answer = answer_unknown},
};

static const char *const matter[] = {"function", "symbol", "from_currency", "to_currency", NULL};

const struct sim_provider sim_alphavantage = {
    .name = "alphavantage",
    .source = SIM_ALPHAVANTAGE,
    .endpoints = endpoints,
    .endpoint_count = sizeof(endpoints) / sizeof(endpoints[0]),
    .matter = matter,
    .limited = limited,
};
