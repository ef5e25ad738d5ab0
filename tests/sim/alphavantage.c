/*
 * Alpha Vantage: GLOBAL_QUOTE, CURRENCY_EXCHANGE_RATE, OVERVIEW, SMA, EMA, RSI, MACD and FX_DAILY. Every number is text, every
 * error comes with HTTP 200. Unlike the real service, which knows a few symbols with the key `demo`, any key gets everything: the
 * demo has to show three providers.
 */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "tests/sim/provider.h"

#define INDENT 4
#define CODE_MAX 15
/** Points of a series, and days that are looked at for them. */
#define POINTS 100
#define DAYS_BACK 150

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

/** Asks for the pair that two parameters make. */
static void resolve_pair(struct sim_call *call, const char *from, const char *to)
{
    char pair[2 * CODE_MAX + 2];
    if (!from || !to || strlen(from) > CODE_MAX || strlen(to) > CODE_MAX)
        return;
    snprintf(pair, sizeof(pair), "%s/%s", from, to);
    sim_ask(call, sim_asset_by_symbol(SIM_ALPHAVANTAGE, pair));
}

/** The pair of a rate. */
static void resolve_rate(struct sim_call *call)
{
    resolve_pair(call, sim_param(call->request, "from_currency"), sim_param(call->request, "to_currency"));
}

/** The pair of a history. */
static void resolve_days(struct sim_call *call)
{
    resolve_pair(call, sim_param(call->request, "from_symbol"), sim_param(call->request, "to_symbol"));
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

/** /query?function=OVERVIEW&symbol=IBM: figures that go with the price, and `None` for what a company does not have. */
static void answer_overview(struct sim_call *call, struct sim_answer *answer)
{
    struct json_out out = {.buf = &answer->body, .indent = INDENT};
    if (!has_key(call, answer))
        return;
    out_begin(&out, NULL, '{');
    if (call->asset_count) {
        const struct sim_asset *asset = call->assets[0];
        const struct observation seen = sim_observe(call, asset, 0);
        const double eps = 2 + 6 * sim_fraction(sim_hash_text(1, asset->symbols[SIM_ALPHAVANTAGE]));
        const double shares = 1e9 * (1 + 4 * sim_fraction(sim_hash_text(2, asset->symbols[SIM_ALPHAVANTAGE])));
        out_text(&out, "Symbol", asset->symbols[SIM_ALPHAVANTAGE]);
        out_text(&out, "AssetType", "Common Stock");
        out_text(&out, "Name", asset->name);
        out_text(&out, "Exchange", "NASDAQ");
        out_text(&out, "Currency", "USD");
        out_text(&out, "Sector", "TECHNOLOGY");
        out_text(&out, "Industry", "-");
        out_text(&out, "LatestQuarter", "2025-09-30");
        out_decimal(&out, "MarketCapitalization", seen.price * shares, 0);
        out_text(&out, "EBITDA", "None");
        out_decimal(&out, "PERatio", seen.price / eps, 2);
        out_decimal(&out, "EPS", eps, 2);
        out_text(&out, "DividendPerShare", "None");
        out_decimal(&out, "Beta", 0.5 + eps / 8, 3);
        out_decimal(&out, "52WeekHigh", seen.high * 1.2, 2);
        out_decimal(&out, "52WeekLow", seen.low * 0.8, 2);
        out_decimal(&out, "SharesOutstanding", shares, 0);
    }
    out_end(&out, '}');
}

/** A day since the epoch as `2026-01-02`. */
static void day_text(int64_t day_s, char text[TIME_TEXT_MAX])
{
    time_format_us(day_s * US_PER_S, text);
    text[strlen("2026-01-02")] = '\0';
}

/** The weekdays up to today, newest first. Returns how many, POINTS at most. */
static size_t weekdays(const struct sim_call *call, int64_t days_s[POINTS])
{
    size_t count = 0;
    int64_t today = time_day_of_us(call->now_us);
    for (int64_t day = today; day > today - DAYS_BACK && count < POINTS; day--) {
        const int64_t weekday = (day + 4) % 7; /* 0 is Sunday */
        if (weekday != 0 && weekday != 6)
            days_s[count++] = day * US_PER_DAY / US_PER_S;
    }
    return count;
}

/** The close of an asset on a day, plus what the averages of a longer window lag behind. */
static double smooth_close(const struct sim_call *call, int64_t day_s, int64_t days)
{
    double sum = 0;
    for (int64_t i = 0; i < days; i++)
        sum += market_price(call->market, call->assets[0], day_s - i * US_PER_DAY / US_PER_S + 72000);
    return sum / (double)days;
}

/** One point of an indicator. */
static void out_point(struct json_out *out, const struct sim_call *call, const char *function, int64_t day_s, int64_t period)
{
    if (strcmp(function, "MACD") == 0) {
        const double macd = smooth_close(call, day_s, 12) - smooth_close(call, day_s, 26);
        out_decimal(out, "MACD", macd, 4);
        out_decimal(out, "MACD_Signal", macd * 0.9, 4);
        out_decimal(out, "MACD_Hist", macd * 0.1, 4);
    } else if (strcmp(function, "RSI") == 0) {
        const double ratio = market_price(call->market, call->assets[0], day_s + 72000) / smooth_close(call, day_s, period);
        out_decimal(out, "RSI", 100 * ratio / (1 + ratio), 4);
    } else {
        out_decimal(out, function, smooth_close(call, day_s, period), 4);
    }
}

/** The head of an indicator's answer. */
static void write_meta(struct json_out *out, const struct sim_call *call, const char *function, int64_t period)
{
    static const char *const titles[][2] = {{"SMA", "Simple Moving Average (SMA)"},
                                            {"EMA", "Exponential Moving Average (EMA)"},
                                            {"RSI", "Relative Strength Index (RSI)"},
                                            {"MACD", "Moving Average Convergence/Divergence (MACD)"}};
    const char *interval = sim_param(call->request, "interval"), *series = sim_param(call->request, "series_type");
    out_begin(out, "Meta Data", '{');
    out_text(out, "1: Symbol", call->assets[0]->symbols[SIM_ALPHAVANTAGE]);
    for (size_t i = 0; i < sizeof(titles) / sizeof(titles[0]); i++) {
        if (strcmp(titles[i][0], function) == 0)
            out_text(out, "2: Indicator", titles[i][1]);
    }
    out_trading_day(out, "3: Last Refreshed", call->now_us / US_PER_S);
    out_text(out, "4: Interval", interval ? interval : "daily");
    if (strcmp(function, "MACD") != 0)
        out_int(out, "5: Time Period", period);
    out_text(out, "6: Series Type", series ? series : "close");
    out_text(out, "7: Time Zone", "US/Eastern");
    out_end(out, '}');
}

/** Whether the key serves the call and its symbol is known; otherwise the answer says why not. */
static bool is_served(struct sim_call *call, struct sim_answer *answer)
{
    if (!has_key(call, answer))
        return false;
    if (!call->asset_count)
        write_notice(answer, "Error Message", "Invalid API call. Please retry or visit the documentation.");
    return call->asset_count > 0;
}

/** /query?function=SMA&symbol=IBM&interval=daily&time_period=20&series_type=close; days whatever the interval is. */
static void answer_indicator(struct sim_call *call, struct sim_answer *answer)
{
    struct json_out out = {.buf = &answer->body, .indent = INDENT};
    const char *function = call->endpoint->function;
    const int64_t period = sim_param_int(call->request, "time_period", 10, 1, 200);
    char name[40], text[TIME_TEXT_MAX];
    int64_t days_s[POINTS];
    if (!is_served(call, answer))
        return;
    snprintf(name, sizeof(name), "Technical Analysis: %s", function);
    out_begin(&out, NULL, '{');
    write_meta(&out, call, function, period);
    out_begin(&out, name, '{');
    const size_t count = weekdays(call, days_s);
    for (size_t i = 0; i < count; i++) {
        day_text(days_s[i], text);
        out_begin(&out, text, '{');
        out_point(&out, call, function, days_s[i], period);
        out_end(&out, '}');
    }
    out_end(&out, '}');
    out_end(&out, '}');
}

/** /query?function=FX_DAILY&from_symbol=EUR&to_symbol=USD; the day that is not over, too. */
static void answer_days(struct sim_call *call, struct sim_answer *answer)
{
    struct json_out out = {.buf = &answer->body, .indent = INDENT};
    char text[TIME_TEXT_MAX];
    int64_t days_s[POINTS];
    if (!is_served(call, answer))
        return;
    out_begin(&out, NULL, '{');
    out_begin(&out, "Meta Data", '{');
    out_text(&out, "1. Information", "Forex Daily Prices (open, high, low, close)");
    out_text(&out, "2. From Symbol", sim_param(call->request, "from_symbol"));
    out_text(&out, "3. To Symbol", sim_param(call->request, "to_symbol"));
    out_text(&out, "4. Output Size", "Compact");
    out_trading_day(&out, "5. Last Refreshed", call->now_us / US_PER_S);
    out_text(&out, "6. Time Zone", "UTC");
    out_end(&out, '}');
    out_begin(&out, "Time Series FX (Daily)", '{');
    const size_t count = weekdays(call, days_s);
    for (size_t i = 0; i < count; i++) {
        const struct day_bar bar = market_day(call->market, call->assets[0], days_s[i], call->now_us / US_PER_S);
        day_text(days_s[i], text);
        out_begin(&out, text, '{');
        out_decimal(&out, "1. open", bar.open, 5);
        out_decimal(&out, "2. high", bar.high, 5);
        out_decimal(&out, "3. low", bar.low, 5);
        out_decimal(&out, "4. close", bar.close, 5);
        out_end(&out, '}');
    }
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
    {.name = "overview", .path = "/query", .function = "OVERVIEW", .resolve = resolve_quote, .answer = answer_overview},
    {.name = "sma", .path = "/query", .function = "SMA", .resolve = resolve_quote, .answer = answer_indicator},
    {.name = "ema", .path = "/query", .function = "EMA", .resolve = resolve_quote, .answer = answer_indicator},
    {.name = "rsi", .path = "/query", .function = "RSI", .resolve = resolve_quote, .answer = answer_indicator},
    {.name = "macd", .path = "/query", .function = "MACD", .resolve = resolve_quote, .answer = answer_indicator},
    {.name = "fx_daily", .path = "/query", .function = "FX_DAILY", .resolve = resolve_days, .answer = answer_days},
    {.name = "query", .path = "/query", .answer = answer_unknown},
};

static const char *const matter[] = {"function",  "symbol",   "from_currency", "to_currency", "from_symbol",
                                     "to_symbol", "interval", "time_period",   "series_type", NULL};

const struct sim_provider sim_alphavantage = {
    .name = "alphavantage",
    .source = SIM_ALPHAVANTAGE,
    .endpoints = endpoints,
    .endpoint_count = sizeof(endpoints) / sizeof(endpoints[0]),
    .matter = matter,
    .limited = limited,
};
