/*
 * Yahoo Finance: v8 chart and v7 spark. Field by field after recorded answers; manners: prices of `meta` are rounded to about
 * priceHint digits, bars are float32 widened to double, London is in pence, a symbol nobody knows is a 404 of the chart and just
 * absent from the spark. Shares pay a dividend each quarter. The v7 quote is in yahoo_quote.c.
 */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "tests/sim/yahoo.h"

#define SPARK_MAX 20
#define DAY_S INT64_C(86400)
#define BARS_MAX 400
#define NOT_FOUND "No data found, symbol may be delisted"

static const struct venue venues[] = {
    {"NMS", "NasdaqGS", "EQUITY", "EST", "America/New_York", -18000, true, 345479400, 34200, 57600, 14400, 72000},
    {"NYQ", "NYSE", "EQUITY", "EST", "America/New_York", -18000, true, -252322200, 34200, 57600, 14400, 72000},
    {"LSE", "LSE", "EQUITY", "GMT", "Europe/London", 0, false, 1279695600, 28800, 59400, 26100, 62100},
    {"GER", "XETRA", "EQUITY", "CET", "Europe/Berlin", 3600, false, 910598400, 32400, 63000, 25200, 73800},
    {"CCC", "CCC", "CRYPTOCURRENCY", "UTC", "UTC", 0, false, 1410912000, 0, 86340, 0, 86340},
    {"CCY", "CCY", "CURRENCY", "GMT", "Europe/London", 0, false, 1070236800, 0, 86340, 0, 86340},
    {"CMX", "COMEX", "FUTURE", "EST", "America/New_York", -18000, false, 967608000, 0, 86340, 0, 86340},
};

const struct venue *yahoo_venue(const struct sim_asset *asset)
{
    for (size_t i = 0; i < sizeof(venues) / sizeof(venues[0]); i++) {
        if (strcmp(venues[i].name, asset->venue) == 0)
            return &venues[i];
    }
    return &venues[0];
}

int yahoo_price_hint(const struct sim_asset *asset)
{
    if (asset->kind == SIM_FX)
        return asset->start_price > 20 ? 3 : 4;
    return asset->start_price < 5 && asset->supply > 0 ? 6 : 2;
}

/** A session of the trading day. */
static void write_period(struct json_out *out, const char *key, const struct venue *venue, int64_t start_s, int64_t end_s)
{
    out_begin(out, key, '{');
    out_text(out, "timezone", venue->timezone);
    out_int(out, "start", start_s);
    out_int(out, "end", end_s);
    out_int(out, "gmtoffset", venue->gmt_offset_s);
    out_end(out, '}');
}

/** The sessions of the day of an observation. */
static void write_periods(struct json_out *out, const struct venue *venue, int64_t day_s)
{
    out_begin(out, "currentTradingPeriod", '{');
    write_period(out, "pre", venue, day_s + venue->pre_s, day_s + venue->open_s);
    write_period(out, "regular", venue, day_s + venue->open_s, day_s + venue->close_s);
    write_period(out, "post", venue, day_s + venue->close_s, day_s + venue->post_s);
    out_end(out, '}');
}

/** Which bars are asked for. */
struct window {
    const char *interval, *range; /* range is empty when two times are given */
    int64_t from_s, to_s;         /* epoch seconds */
    bool daily;
};

/** Ranges and their days; the rest counts as one day. */
static const struct {
    const char *name;
    int64_t days;
} ranges[] = {{"1d", 1}, {"5d", 5}, {"1mo", 30}, {"3mo", 91}, {"6mo", 182}, {"1y", 365}, {"2y", 730}, {"5y", 1826}};

/** Reads the window from the parameters; at most BARS_MAX days. */
static struct window read_window(const struct sim_call *call)
{
    const int64_t now_s = call->now_us / US_PER_S;
    const char *range = sim_param(call->request, "range");
    const char *interval = sim_param(call->request, "interval");
    struct window window = {.interval = interval ? interval : "1d", .range = range ? range : "1d", .to_s = now_s};
    int64_t days = 1;
    for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++)
        days = strcmp(ranges[i].name, window.range) == 0 ? ranges[i].days : days;
    window.from_s = now_s - (days - 1) * DAY_S;
    if (sim_param(call->request, "period1") && sim_param(call->request, "period2")) {
        window.from_s = sim_param_int(call->request, "period1", now_s, 0, now_s);
        window.to_s = sim_param_int(call->request, "period2", now_s, 0, now_s);
        window.range = "";
    }
    if (window.from_s < window.to_s - (BARS_MAX - 1) * DAY_S)
        window.from_s = window.to_s - (BARS_MAX - 1) * DAY_S;
    window.daily = strcmp(window.interval, "1d") == 0;
    return window;
}

/** Exchange, currency and times. */
static void write_listing(struct json_out *out, const struct sim_asset *asset, const struct venue *venue, int64_t observed_s)
{
    out_text(out, "currency", asset->currency);
    out_text(out, "symbol", asset->symbols[SIM_YAHOO]);
    out_text(out, "exchangeName", venue->name);
    out_text(out, "fullExchangeName", venue->full_name);
    out_text(out, "instrumentType", venue->instrument);
    out_int(out, "firstTradeDate", venue->first_trade);
    out_int(out, "regularMarketTime", observed_s);
    out_bool(out, "hasPrePostMarketData", venue->pre_post);
    out_int(out, "gmtoffset", venue->gmt_offset_s);
    out_text(out, "timezone", venue->timezone);
    out_text(out, "exchangeTimezoneName", venue->zone_name);
}

/** `meta` of chart and spark. */
static void write_meta(struct json_out *out, const struct sim_asset *asset, const struct observation *seen,
                       const struct window *window, double close_before)
{
    static const char *const valid[] = {"1d", "5d", "1mo", "3mo", "6mo", "1y", "2y", "5y", "10y", "ytd", "max"};
    const struct venue *venue = yahoo_venue(asset);
    const int hint = yahoo_price_hint(asset);
    out_begin(out, "meta", '{');
    write_listing(out, asset, venue, seen->observed_s);
    out_num(out, "regularMarketPrice", round_decimals(seen->price, hint));
    out_num(out, "fiftyTwoWeekHigh", round_decimals(asset->start_price * 1.31, hint));
    out_num(out, "fiftyTwoWeekLow", round_decimals(asset->start_price * 0.72, hint));
    out_num(out, "regularMarketDayHigh", round_decimals(seen->high, hint));
    out_num(out, "regularMarketDayLow", round_decimals(seen->low, hint));
    out_int(out, "regularMarketVolume", (int64_t)seen->volume);
    if (asset->kind != SIM_FUTURE)
        out_text(out, "longName", asset->name);
    out_text(out, "shortName", asset->name);
    out_num(out, "chartPreviousClose", round_decimals(close_before, hint));
    if (!window->daily) {
        out_num(out, "previousClose", round_decimals(seen->previous_close, hint));
        out_int(out, "scale", 3);
    }
    out_int(out, "priceHint", hint);
    write_periods(out, venue, seen->day_start_s);
    out_text(out, "dataGranularity", window->interval);
    out_text(out, "range", window->range);
    out_begin(out, "validRanges", '[');
    for (size_t i = 0; i < sizeof(valid) / sizeof(valid[0]); i++)
        out_text(out, NULL, valid[i]);
    out_end(out, ']');
    out_end(out, '}');
}

/** The bars of a window, oldest first; the last one is today's and knows what the observation shows. */
struct bars {
    struct day_bar items[BARS_MAX];
    double dividends[BARS_MAX]; /* paid on that day; 0: none */
    size_t count;
    bool live;      /* the last one is today's */
    int64_t open_s; /* of the session, from the begin of a day */
    int64_t observed_s;
};

/** Whether there is trading on the day that begins at `day_s`. */
static bool trades_on(const struct sim_asset *asset, const struct venue *venue, int64_t day_s)
{
    const int64_t weekday = ((day_s + venue->gmt_offset_s) / DAY_S + 4) % 7; /* 1970-01-01 was a Thursday; 0 is Sunday */
    return asset->supply > 0 || asset->kind == SIM_FX || (weekday != 0 && weekday != 6);
}

/** The dividend of a day: shares pay 0.25% of their first price each 91 days, each on a day of its own. */
static double dividend_of(const struct sim_asset *asset, int64_t day_s)
{
    const int64_t own = (int64_t)(sim_hash_text(7, asset->id) % 91);
    const int64_t day = day_s / DAY_S;
    return asset->kind == SIM_EQUITY && day % 91 == own ? round_decimals(asset->start_price * 0.0025, 2) : 0;
}

/** Begin of a bar as Yahoo says it: of the session, and the last observation for the day so far. */
static int64_t bar_time(const struct bars *bars, size_t i)
{
    return bars->live && i + 1 == bars->count ? bars->observed_s : bars->items[i].start_s + bars->open_s;
}

/** Fills the bars; there are none but daily ones. The day of the observation always counts as one of trading. */
static void find_bars(const struct sim_call *call, const struct sim_asset *asset, const struct window *window,
                      const struct observation *seen, struct bars *bars)
{
    const struct venue *venue = yahoo_venue(asset);
    *bars = (struct bars){.open_s = venue->open_s, .observed_s = seen->observed_s};
    for (int64_t day_s = market_day_start(window->from_s, venue->gmt_offset_s);
         window->daily && day_s <= window->to_s && bars->count < BARS_MAX; day_s += DAY_S) {
        const bool today = day_s == seen->day_start_s;
        if (day_s > seen->day_start_s || (!today && !trades_on(asset, venue, day_s)))
            continue;
        bars->dividends[bars->count] = dividend_of(asset, day_s);
        bars->live = today;
        struct day_bar *bar = &bars->items[bars->count++];
        *bar = market_day(call->market, asset, day_s, call->now_us / US_PER_S);
        if (today)
            *bar = (struct day_bar){day_s, seen->open, seen->high, seen->low, seen->price, seen->volume};
    }
}

/** A member of a bar. */
static double bar_value(const struct day_bar *bar, size_t member)
{
    const double values[] = {bar->open, bar->high, bar->low, bar->close};
    return values[member];
}

/** One series, as float32 widened to double. */
static void write_series(struct json_out *out, const char *key, const struct bars *bars, size_t member)
{
    out_begin(out, key, '[');
    for (size_t i = 0; i < bars->count; i++)
        out_num(out, NULL, (double)(float)round_decimals(bar_value(&bars->items[i], member), 6));
    out_end(out, ']');
}

/** The closes with every later dividend taken off, in the proportion of its eve's close. */
static void write_adjusted(struct json_out *out, const struct bars *bars)
{
    double factors[BARS_MAX];
    double factor = 1;
    for (size_t i = bars->count; i-- > 0;) {
        factors[i] = factor;
        if (i > 0 && bars->dividends[i] > 0)
            factor *= 1 - bars->dividends[i] / bars->items[i - 1].close;
    }
    out_begin(out, "adjclose", '[');
    for (size_t i = 0; i < bars->count; i++)
        out_num(out, NULL, (double)(float)round_decimals(bars->items[i].close * factors[i], 6));
    out_end(out, ']');
}

/** `events`; absent when there are none or nobody asked. */
static void write_events(struct json_out *out, const struct sim_call *call, const struct bars *bars)
{
    const char *events = sim_param(call->request, "events");
    bool begun = false;
    for (size_t i = 0; events && strstr(events, "div") && i < bars->count; i++) {
        char key[24];
        if (bars->dividends[i] <= 0)
            continue;
        if (!begun) {
            out_begin(out, "events", '{');
            out_begin(out, "dividends", '{');
        }
        begun = true;
        snprintf(key, sizeof(key), "%lld", (long long)bar_time(bars, i));
        out_begin(out, key, '{');
        out_num(out, "amount", bars->dividends[i]);
        out_int(out, "date", bar_time(bars, i));
        out_end(out, '}');
    }
    if (begun) {
        out_end(out, '}');
        out_end(out, '}');
    }
}

/** `timestamp`; absent without bars. */
static void write_timestamps(struct json_out *out, const struct bars *bars)
{
    if (bars->count == 0)
        return;
    out_begin(out, "timestamp", '[');
    for (size_t i = 0; i < bars->count; i++)
        out_int(out, NULL, bar_time(bars, i));
    out_end(out, ']');
}

/** `indicators` of a chart. */
static void write_indicators(struct json_out *out, const struct bars *bars)
{
    out_begin(out, "indicators", '{');
    out_begin(out, "quote", '[');
    out_begin(out, NULL, '{');
    if (bars->count) {
        out_begin(out, "volume", '[');
        for (size_t i = 0; i < bars->count; i++)
            out_int(out, NULL, (int64_t)bars->items[i].volume);
        out_end(out, ']');
        write_series(out, "open", bars, 0);
        write_series(out, "high", bars, 1);
        write_series(out, "low", bars, 2);
        write_series(out, "close", bars, 3);
    }
    out_end(out, '}');
    out_end(out, ']');
    if (bars->count) {
        out_begin(out, "adjclose", '[');
        out_begin(out, NULL, '{');
        write_adjusted(out, bars);
        out_end(out, '}');
        out_end(out, ']');
    }
    out_end(out, '}');
}

/** One element of a result: `meta`, times and bars; of a spark only the closes. */
static void write_result(struct json_out *out, struct sim_call *call, const struct sim_asset *asset, bool spark)
{
    struct bars bars;
    const struct window window = read_window(call);
    const struct observation seen = sim_observe(call, asset, yahoo_venue(asset)->gmt_offset_s);
    const bool today = window.from_s >= seen.day_start_s;
    find_bars(call, asset, &window, &seen, &bars);
    out_begin(out, NULL, '{');
    write_meta(out, asset, &seen, &window,
               today ? seen.previous_close : market_price(call->market, asset, window.from_s - DAY_S));
    write_timestamps(out, &bars);
    if (spark) {
        out_begin(out, "indicators", '{');
        out_begin(out, "quote", '[');
        out_begin(out, NULL, '{');
        write_series(out, "close", &bars, 3);
        out_end(out, '}');
        out_end(out, ']');
        out_end(out, '}');
    } else {
        write_events(out, call, &bars);
        write_indicators(out, &bars);
    }
    out_end(out, '}');
}

void yahoo_error(struct sim_answer *answer, const char *wrapper, int status, const char *code, const char *words)
{
    struct json_out out = {.buf = &answer->body};
    answer->status = status;
    out_begin(&out, NULL, '{');
    out_begin(&out, wrapper, '{');
    out_null(&out, "result");
    out_begin(&out, "error", '{');
    out_text(&out, "code", code);
    out_text(&out, "description", words);
    out_end(&out, '}');
    out_end(&out, '}');
    out_end(&out, '}');
}

/** The symbol stands in the path. */
static void resolve_chart(struct sim_call *call)
{
    sim_ask(call, sim_asset_by_symbol(SIM_YAHOO, call->request->rest));
}

void yahoo_resolve_symbols(struct sim_call *call)
{
    sim_ask_list(call, sim_param(call->request, "symbols"), false);
}

/** Opens the wrapper and its list of results. */
static void begin_results(struct json_out *out, const char *wrapper)
{
    out_begin(out, NULL, '{');
    out_begin(out, wrapper, '{');
    out_begin(out, "result", '[');
}

/** Closes what begin_results opened. */
static void end_results(struct json_out *out)
{
    out_end(out, ']');
    out_null(out, "error");
    out_end(out, '}');
    out_end(out, '}');
}

/** /v8/finance/chart/SYMBOL */
static void answer_chart(struct sim_call *call, struct sim_answer *answer)
{
    struct json_out out = {.buf = &answer->body};
    if (call->asset_count == 0) {
        yahoo_error(answer, "chart", 404, "Not Found", NOT_FOUND);
        return;
    }
    begin_results(&out, "chart");
    write_result(&out, call, call->assets[0], false);
    end_results(&out);
}

/** /v7/finance/spark?symbols=A,B */
static void answer_spark(struct sim_call *call, struct sim_answer *answer)
{
    struct json_out out = {.buf = &answer->body};
    const size_t asked = sim_list_count(sim_param(call->request, "symbols"));
    if (asked == 0 || asked > SPARK_MAX) {
        yahoo_error(answer, "spark", 400, "Bad Request",
                    asked ? "Too many symbols" : "Missing value for the \"symbols\" argument");
        return;
    }
    if (call->asset_count == 0) {
        yahoo_error(answer, "spark", 404, "Not Found", NOT_FOUND);
        return;
    }
    begin_results(&out, "spark");
    for (size_t i = 0; i < call->asset_count; i++) {
        out_begin(&out, NULL, '{');
        out_text(&out, "symbol", call->assets[i]->symbols[SIM_YAHOO]);
        out_begin(&out, "response", '[');
        write_result(&out, call, call->assets[i], true);
        out_end(&out, ']');
        out_end(&out, '}');
    }
    end_results(&out);
}

/** 19 bytes and no Retry-After. */
static void limited(struct sim_answer *answer)
{
    sim_say(answer, 429, "text/html", "Too Many Requests\r\n");
}

static const struct sim_endpoint endpoints[] = {
    {.name = "history", .path = "/v8/finance/chart/", .needs = "events", .resolve = resolve_chart, .answer = answer_chart},
    {.name = "chart", .path = "/v8/finance/chart/", .resolve = resolve_chart, .answer = answer_chart},
    {.name = "spark", .path = "/v7/finance/spark", .resolve = yahoo_resolve_symbols, .answer = answer_spark},
    {.name = "quote", .path = "/v7/finance/quote", .resolve = yahoo_resolve_symbols, .answer = yahoo_answer_quote},
    {.name = "crumb", .path = "/v1/test/getcrumb", .answer = yahoo_answer_crumb},
    {.name = "cookie", .path = "/", .answer = yahoo_answer_cookie},
};

static const char *const matter[] = {"symbols", NULL};

const struct sim_provider sim_yahoo = {
    .name = "yahoo",
    .source = SIM_YAHOO,
    .endpoints = endpoints,
    .endpoint_count = sizeof(endpoints) / sizeof(endpoints[0]),
    .matter = matter,
    .limited = limited,
};
