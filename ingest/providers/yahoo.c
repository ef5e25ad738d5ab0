/*
 * Yahoo Finance without a key: v8 chart (one symbol) and v7 spark (up to 20; unknown symbols are silently absent, so that the
 * chart is asked about them). Both carry the same `meta`. Prices are float32 widened to double in places, London is in pence.
 * History is in yahoo_history.c, the quotes that want a session in yahoo_quote.c.
 */
#include <math.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "base/zone.h"
#include "ingest/json.h"
#include "ingest/number.h"
#include "ingest/providers/table.h"
#include "ingest/providers/yahoo.h"

/** Half a unit in the last place of a float32, relative. */
#define FLOAT32_ERROR 6e-8

/** Where Yahoo sends visitors that have not agreed to cookies. */
static bool is_consent(struct str text)
{
    return text_has(text, "consent.yahoo.") || text_has(text, "guce.yahoo.");
}

bool yahoo_wants_consent(const struct http_response *http, struct parse_result *result)
{
    bool page = http->body.len > 0 && http->body.ptr[0] == '<' && is_consent(http->body);
    if (!is_consent(http->location) && !page) {
        return false;
    }
    reply_set(result, OUTCOME_BLOCKED,
              "Yahoo asks for consent to cookies, as it does in Europe: fetch by a proxy elsewhere (https_proxy), or set "
              "providers.yahoo.enabled to false");
    return true;
}

json_t *yahoo_json(const struct http_response *http, struct parse_result *result)
{
    return yahoo_wants_consent(http, result) ? NULL : reply_json(http, result);
}

void yahoo_add_cookie(const struct request_spec *spec, struct buf *headers)
{
    if (spec->cookie != NULL) {
        buf_printf(headers, "Cookie: %s\n", spec->cookie);
    }
}

/** `/v8/finance/chart/AAPL?...` */
static bool build_chart(const struct request_spec *spec, struct buf *path, struct buf *headers, struct error *error)
{
    (void)headers;
    if (spec->asset_count != 1) {
        return error_set(error, ERROR_INVALID, "yahoo chart takes one symbol, not %zu", spec->asset_count);
    }
    buf_append_str(path, STR("/v8/finance/chart/"));
    path_escape(path, spec->assets[0].symbol);
    buf_append_str(path, STR("?range=1d&interval=1d&includePrePost=false"));
    return true;
}

/** `/v7/finance/spark?symbols=AAPL,MSFT&...` */
static bool build_spark(const struct request_spec *spec, struct buf *path, struct buf *headers, struct error *error)
{
    (void)headers;
    (void)error;
    buf_append_str(path, STR("/v7/finance/spark?symbols="));
    path_symbols(path, spec);
    buf_append_str(path, STR("&range=1d&interval=1d"));
    return true;
}

int yahoo_hint(const json_t *object)
{
    struct opt_double hint = json_number(object, "priceHint");
    bool usable = hint.set && hint.value >= 0 && hint.value <= 9 && hint.value == floor(hint.value);
    return usable ? (int)hint.value : YAHOO_NO_HINT;
}

double yahoo_price(double value, int hint)
{
    double rounded = hint == YAHOO_NO_HINT ? value : number_round(value, hint);
    return fabs(rounded - value) <= fabs(value) * FLOAT32_ERROR ? number_undo_float32(rounded) : number_undo_float32(value);
}

struct opt_double yahoo_number(const json_t *object, const char *key, int hint)
{
    struct opt_double value = json_number(object, key);
    value.value = value.set ? yahoo_price(value.value, hint) : 0;
    return value;
}

int64_t yahoo_offset_s(const json_t *meta, int64_t at_s)
{
    static const struct {
        const char *name;
        enum zone zone;
    } zones[] = {{"America/New_York", ZONE_NEW_YORK},       {"Europe/London", ZONE_LONDON},
                 {"Europe/Berlin", ZONE_CENTRAL_EUROPE},    {"Europe/Paris", ZONE_CENTRAL_EUROPE},
                 {"Europe/Amsterdam", ZONE_CENTRAL_EUROPE}, {"Europe/Zurich", ZONE_CENTRAL_EUROPE}};
    struct opt_str name = json_text(meta, "exchangeTimezoneName");
    for (size_t i = 0; name.set && i < sizeof zones / sizeof zones[0]; i++) {
        if (str_is(name.value, zones[i].name)) {
            return zone_offset_s(zones[i].zone, at_s * US_PER_S);
        }
    }
    double offset = json_number(meta, "gmtoffset").value;
    return fabs(offset) <= 86400 ? (int64_t)offset : 0;
}

/** The last bar's value of a series, if that bar is of the trading day of `meta`; bars of other days belong to other prices. */
static struct opt_double last_bar(const json_t *response, const json_t *meta, const char *series)
{
    const json_t *times = json_object_get(response, "timestamp");
    const json_t *bars = json_array_get(json_object_get(json_object_get(response, "indicators"), "quote"), 0);
    const json_t *values = json_object_get(bars, series);
    size_t count = json_array_size(times);
    struct opt_double now = json_number(meta, "regularMarketTime");
    if (count == 0 || json_array_size(values) != count || !now.set) {
        return (struct opt_double){0};
    }
    const json_t *value = json_array_get(values, count - 1);
    double offset = json_number(meta, "gmtoffset").value;
    double day_of_bar = floor((json_number_value(json_array_get(times, count - 1)) + offset) / 86400);
    if (!json_is_number(value) || day_of_bar != floor((now.value + offset) / 86400)) {
        return (struct opt_double){0};
    }
    return SOME_DOUBLE(yahoo_price(json_number_value(value), yahoo_hint(meta)));
}

/** Yesterday's close: chartPreviousClose is that only when the range is one day. */
static struct opt_double previous_close(const json_t *meta)
{
    int hint = yahoo_hint(meta);
    struct opt_double close = yahoo_number(meta, "previousClose", hint);
    struct opt_str range = json_text(meta, "range");
    if (!close.set && range.set && str_is(range.value, "1d")) {
        close = yahoo_number(meta, "chartPreviousClose", hint);
    }
    return close;
}

/** A quote from one element with `meta`; false when there is no price in it or it is about another symbol. */
static bool read_quote(const json_t *response, const struct request_asset *asset, const struct http_response *http,
                       struct arena *arena, struct parse_result *result)
{
    const json_t *meta = json_object_get(response, "meta");
    const char *symbol = json_string_value(json_object_get(meta, "symbol"));
    int hint = yahoo_hint(meta);
    struct opt_double price = yahoo_number(meta, "regularMarketPrice", hint);
    if (!price.set || (symbol != NULL && strcasecmp(symbol, asset->symbol) != 0)) {
        return false;
    }
    struct quote *quote = reply_quote(result, YAHOO, asset, http);
    struct opt_long time = json_epoch_us(meta, "regularMarketTime");
    quote->price = price.value;
    quote->open = last_bar(response, meta, "open");
    quote->high = yahoo_number(meta, "regularMarketDayHigh", hint);
    quote->low = yahoo_number(meta, "regularMarketDayLow", hint);
    quote->volume = json_number(meta, "regularMarketVolume");
    quote->previous_close = previous_close(meta);
    quote->observed_at_us = time.set ? time.value : quote->observed_at_us;
    reply_currency(quote, json_text(meta, "currency").value, arena);
    return true;
}

/** Judges `{"code": ..., "description": ...}`. True when there is such an error. */
static bool read_error(const json_t *error, const struct http_response *http, struct parse_result *result)
{
    struct opt_str code = json_text(error, "code");
    struct str words = json_text(error, "description").value;
    if (!code.set) {
        return false;
    }
    if (text_has(words, "too many requests") || text_has(code.value, "too many requests")) {
        reply_set(result, OUTCOME_LIMITED, "the provider says: too many requests");
    } else if (text_has(words, "delisted")) {
        reply_set(result, OUTCOME_DELISTED, "the provider says: %.*s", words.len > 120 ? 120 : (int)words.len, words.ptr);
    } else if (text_has(code.value, "not found")) {
        reply_set(result, OUTCOME_UNKNOWN_SYMBOL, "the provider does not know the symbol");
    } else if (text_has(code.value, "unauthorized")) {
        reply_set(result, OUTCOME_BLOCKED, "the provider wants a session for this");
    } else if (reply_status(http, result)) {
        reply_set(result, OUTCOME_HTTP_ERROR, "the provider reports error %.*s", code.value.len > 60 ? 60 : (int)code.value.len,
                  code.value.ptr);
    }
    return true;
}

const json_t *yahoo_results(const json_t *root, const char *wrapper, const struct http_response *http,
                            struct parse_result *result)
{
    const json_t *body = json_object_get(root, wrapper);
    const json_t *finance = json_object_get(root, "finance");
    if (read_error(json_object_get(body, "error"), http, result) || read_error(json_object_get(finance, "error"), http, result) ||
        !reply_status(http, result)) {
        return NULL;
    }
    const json_t *list = json_object_get(body, "result");
    if (!json_is_array(list)) {
        reply_set(result, OUTCOME_MALFORMED, "there is no %s.result in the answer", wrapper);
        return NULL;
    }
    return list;
}

/** Reads a chart answer. */
static void parse_chart(const struct request_spec *spec, const struct http_response *response, struct arena *arena,
                        struct parse_result *result)
{
    reply_begin(spec, arena, result);
    json_t *root = yahoo_json(response, result);
    const json_t *list = root == NULL ? NULL : yahoo_results(root, "chart", response, result);
    if (list != NULL) {
        const json_t *first = json_array_get(list, 0);
        const char *symbol = json_string_value(json_object_get(json_object_get(first, "meta"), "symbol"));
        if (read_quote(first, &spec->assets[0], response, arena, result)) {
            reply_finish(spec, result);
        } else if (symbol != NULL && strcasecmp(symbol, spec->assets[0].symbol) != 0) {
            reply_set(result, OUTCOME_MALFORMED, "asked for %.40s, the answer is about %.40s", spec->assets[0].symbol, symbol);
        } else {
            reply_missing(result, &spec->assets[0]);
            reply_finish(spec, result);
        }
    }
    json_decref(root);
}

/** Whether spark refuses a call as a whole since it knows none of the symbols: they are all missing then. */
static bool knows_none(const json_t *root, const json_t *list, const struct parse_result *result)
{
    bool unknown = result->outcome == OUTCOME_UNKNOWN_SYMBOL || result->outcome == OUTCOME_DELISTED;
    return root != NULL && list == NULL && unknown;
}

/** Reads a spark answer: every asked symbol is either there with a price, or missing. */
static void parse_spark(const struct request_spec *spec, const struct http_response *response, struct arena *arena,
                        struct parse_result *result)
{
    reply_begin(spec, arena, result);
    json_t *root = yahoo_json(response, result);
    const json_t *list = root == NULL ? NULL : yahoo_results(root, "spark", response, result);
    if (list == NULL && !knows_none(root, list, result)) {
        json_decref(root);
        return;
    }
    for (size_t i = 0; i < spec->asset_count; i++) {
        const json_t *entry = json_find(list, "symbol", spec->assets[i].symbol);
        const json_t *inner = json_array_get(json_object_get(entry, "response"), 0);
        if (!read_quote(inner, &spec->assets[i], response, arena, result)) {
            reply_missing(result, &spec->assets[i]);
        }
    }
    reply_finish(spec, result);
    json_decref(root);
}

static const struct endpoint endpoints[] = {
    {.name = "chart", .batch_max = 1, .build = build_chart, .parse = parse_chart},
    {.name = "spark", .batch_max = 20, .build = build_spark, .parse = parse_spark, .ask_missing = "chart"},
    {.name = "history",
     .kind = ENDPOINT_HISTORY,
     .batch_max = 1,
     .params = yahoo_history_params,
     .build = yahoo_build_history,
     .parse = yahoo_parse_history},
    {.name = "quote",
     .batch_max = 50,
     .needs_session = true,
     .build = yahoo_build_quote,
     .parse = yahoo_parse_quote,
     .ask_missing = "chart"},
};

const struct provider provider_yahoo = {
    .name = YAHOO,
    .endpoints = endpoints,
    .endpoint_count = sizeof endpoints / sizeof endpoints[0],
    .session_cookie = &yahoo_session_cookie,
    .session_token = &yahoo_session_crumb,
    .history = "history",
};
