/*
 * Alpha Vantage: GLOBAL_QUOTE (stocks) and CURRENCY_EXCHANGE_RATE (currencies and coins), and the table of all its endpoints.
 * Every number is text, every error comes with HTTP 200. Its words may contain the API key, so they are never repeated in a
 * message.
 */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "ingest/json.h"
#include "ingest/providers/alphavantage.h"
#include "ingest/providers/table.h"

#define SOURCE ALPHAVANTAGE

void alphavantage_add_key(const struct request_spec *spec, struct buf *path)
{
    buf_append_str(path, STR("&apikey="));
    path_escape(path, spec->api_key != NULL ? spec->api_key : "demo");
}

/** `/query?function=GLOBAL_QUOTE&symbol=IBM&apikey=...` */
static bool build_global_quote(const struct request_spec *spec, struct buf *path, struct buf *headers, struct error *error)
{
    (void)headers;
    (void)error;
    buf_append_str(path, STR("/query?function=GLOBAL_QUOTE&symbol="));
    path_symbols(path, spec);
    alphavantage_add_key(spec, path);
    return true;
}

/** `/query?function=CURRENCY_EXCHANGE_RATE&from_currency=EUR&to_currency=USD&apikey=...` */
static bool build_exchange_rate(const struct request_spec *spec, struct buf *path, struct buf *headers, struct error *error)
{
    struct pair pair;
    (void)headers;
    if (!pair_split(spec->assets[0].symbol, &pair)) {
        return pair_error(&spec->assets[0], error);
    }
    buf_append_str(path, STR("/query?function=CURRENCY_EXCHANGE_RATE&from_currency="));
    path_escape(path, pair.from);
    buf_append_str(path, STR("&to_currency="));
    path_escape(path, pair.to);
    alphavantage_add_key(spec, path);
    return true;
}

/** What words of a notice mean, most telling first. */
static const struct {
    const char *word;
    enum outcome outcome;
    const char *message;
} notices[] = {
    {"demo api key", OUTCOME_DEMO_ONLY, "the demo key does not serve this: set the provider's own key"},
    {"**demo**", OUTCOME_DEMO_ONLY, "the demo key does not serve this: set the provider's own key"},
    {"per day", OUTCOME_LIMITED, "the provider says: calls of the day are used up"},
    {"per minute", OUTCOME_LIMITED, "the provider says: too many calls in a minute"},
    {"per second", OUTCOME_LIMITED, "the provider says: too many calls in a second"},
    {"rate limit", OUTCOME_LIMITED, "the provider says: rate limit reached"},
    {"call frequency", OUTCOME_LIMITED, "the provider says: call frequency too high"},
    {"apikey is invalid", OUTCOME_BAD_KEY, "the provider refuses the API key"},
    {"invalid api key", OUTCOME_BAD_KEY, "the provider refuses the API key"},
    {"premium", OUTCOME_BLOCKED, "the provider's free plan does not cover this"},
    {"invalid api call", OUTCOME_UNKNOWN_SYMBOL, "the provider does not know the symbol"},
};

/** Judges Note, Information and Error Message; true when there is one. */
static bool read_notice(const json_t *root, struct parse_result *result)
{
    static const char *const keys[] = {"Note", "Information", "Error Message"};
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        struct opt_str words = json_text(root, keys[i]);
        if (!words.set) {
            continue;
        }
        for (size_t k = 0; k < sizeof notices / sizeof notices[0]; k++) {
            if (text_has(words.value, notices[k].word)) {
                reply_set(result, notices[k].outcome, "%s", notices[k].message);
                return true;
            }
        }
        reply_set(result, strcmp(keys[i], "Note") == 0 ? OUTCOME_LIMITED : OUTCOME_HTTP_ERROR,
                  "the provider sends %s instead of data", keys[i]);
        return true;
    }
    return false;
}

const json_t *alphavantage_answer(const struct http_response *http, json_t **root, struct parse_result *result)
{
    *root = reply_json(http, result);
    if (*root == NULL || read_notice(*root, result) || !reply_status(http, result)) {
        return NULL;
    }
    return *root;
}

const json_t *alphavantage_open(const struct http_response *http, const char *name, json_t **root, struct parse_result *result)
{
    const json_t *answer = alphavantage_answer(http, root, result);
    if (answer == NULL) {
        return NULL;
    }
    const json_t *body = json_object_get(answer, name);
    if (json_is_object(body) && json_object_size(body) == 0) {
        reply_set(result, OUTCOME_UNKNOWN_SYMBOL, "the provider does not know the symbol");
        return NULL;
    }
    if (!json_is_object(body)) {
        bool nothing = json_is_object(answer) && json_object_size(answer) == 0;
        reply_set(result, nothing ? OUTCOME_EMPTY : OUTCOME_MALFORMED, "there is no '%s' in the answer", name);
        return NULL;
    }
    return body;
}

/** Currency of a listing by the suffix of its symbol, since the answer does not say it. */
static struct str listing_currency(const char *symbol)
{
    static const char *const suffixes[][2] = {{"LON", "GBX"}, {"TRT", "CAD"}, {"TRV", "CAD"}, {"DEX", "EUR"}, {"FRK", "EUR"},
                                              {"AMS", "EUR"}, {"PAR", "EUR"}, {"BSE", "INR"}, {"SHH", "CNY"}, {"SHZ", "CNY"}};
    const char *dot = strrchr(symbol, '.');
    if (dot == NULL || strlen(dot) < 4) {
        return STR("USD");
    }
    for (size_t i = 0; i < sizeof suffixes / sizeof suffixes[0]; i++) {
        if (strcasecmp(dot + 1, suffixes[i][0]) == 0) {
            return str_from(suffixes[i][1]);
        }
    }
    return STR("");
}

/** Fills a quote from "Global Quote". */
static void read_global_quote(const json_t *body, double price, const struct request_asset *asset, struct arena *arena,
                              struct quote *quote)
{
    struct opt_long day = reply_time(json_string_value(json_object_get(body, "07. latest trading day")));
    quote->price = price;
    quote->open = json_number_text(body, "02. open");
    quote->high = json_number_text(body, "03. high");
    quote->low = json_number_text(body, "04. low");
    quote->volume = json_number_text(body, "06. volume");
    quote->previous_close = json_number_text(body, "08. previous close");
    if (day.set) {
        quote->observed_at_us = day.value;
        quote->observed_resolution_s = 86400;
    }
    reply_currency(quote, listing_currency(asset->symbol), arena);
}

/** Reads a GLOBAL_QUOTE answer. */
static void parse_global_quote(const struct request_spec *spec, const struct http_response *response, struct arena *arena,
                               struct parse_result *result)
{
    const struct request_asset *asset = &spec->assets[0];
    json_t *root;
    reply_begin(spec, arena, result);
    const json_t *body = alphavantage_open(response, "Global Quote", &root, result);
    if (body != NULL) {
        const char *symbol = json_string_value(json_object_get(body, "01. symbol"));
        struct opt_double price = json_number_text(body, "05. price");
        if (symbol != NULL && strcasecmp(symbol, asset->symbol) != 0) {
            reply_set(result, OUTCOME_MALFORMED, "asked for %.40s, the answer is about %.40s", asset->symbol, symbol);
        } else {
            if (price.set) {
                read_global_quote(body, price.value, asset, arena, reply_quote(result, SOURCE, asset, response));
            } else {
                reply_missing(result, asset);
            }
            reply_finish(spec, result);
        }
    }
    json_decref(root);
}

/** `2017-12-20 19:23:21` with zone UTC. */
static struct opt_long refreshed_us(const json_t *body)
{
    const char *text = json_string_value(json_object_get(body, "6. Last Refreshed"));
    const char *zone = json_string_value(json_object_get(body, "7. Time Zone"));
    char iso[24];
    if (text == NULL || strlen(text) != 19 || text[10] != ' ' || zone == NULL || strcmp(zone, "UTC") != 0) {
        return (struct opt_long){0};
    }
    snprintf(iso, sizeof iso, "%.10sT%sZ", text, text + 11);
    return reply_time(iso);
}

/** Whether the answer's codes are those that were asked for. */
static bool same_pair(const json_t *body, const char *symbol)
{
    struct pair pair;
    const char *got_from = json_string_value(json_object_get(body, "1. From_Currency Code"));
    const char *got_to = json_string_value(json_object_get(body, "3. To_Currency Code"));
    return got_from != NULL && got_to != NULL && pair_split(symbol, &pair) && strcasecmp(pair.from, got_from) == 0 &&
           strcasecmp(pair.to, got_to) == 0;
}

/** Reads a CURRENCY_EXCHANGE_RATE answer. */
static void parse_exchange_rate(const struct request_spec *spec, const struct http_response *response, struct arena *arena,
                                struct parse_result *result)
{
    const struct request_asset *asset = &spec->assets[0];
    json_t *root;
    reply_begin(spec, arena, result);
    const json_t *body = alphavantage_open(response, "Realtime Currency Exchange Rate", &root, result);
    struct opt_double rate = json_number_text(body, "5. Exchange Rate");
    if (body != NULL && !same_pair(body, asset->symbol)) {
        reply_set(result, OUTCOME_MALFORMED, "asked for %.40s, the answer is about another pair", asset->symbol);
    } else if (body != NULL && rate.set) {
        struct quote *quote = reply_quote(result, SOURCE, asset, response);
        struct opt_long time = refreshed_us(body);
        quote->price = rate.value;
        quote->bid = json_number_text(body, "8. Bid Price");
        quote->ask = json_number_text(body, "9. Ask Price");
        quote->observed_at_us = time.set ? time.value : quote->observed_at_us;
        reply_currency(quote, json_text(body, "3. To_Currency Code").value, arena);
        reply_finish(spec, result);
    } else if (body != NULL) {
        reply_missing(result, asset);
        reply_finish(spec, result);
    }
    json_decref(root);
}

static const struct endpoint endpoints[] = {
    {.name = "global_quote", .batch_max = 1, .build = build_global_quote, .parse = parse_global_quote},
    {.name = "currency_exchange_rate", .batch_max = 1, .build = build_exchange_rate, .parse = parse_exchange_rate},
    {.name = "overview",
     .batch_max = 1,
     .build = alphavantage_build_overview,
     .parse = alphavantage_parse_overview,
     .kind = ENDPOINT_DETAILS},
    {.name = "indicator",
     .batch_max = 1,
     .params = alphavantage_indicator_params,
     .build = alphavantage_build_indicator,
     .parse = alphavantage_parse_indicator,
     .kind = ENDPOINT_DETAILS},
    {.name = "fx_daily",
     .batch_max = 1,
     .params = alphavantage_fx_daily_params,
     .build = alphavantage_build_fx_daily,
     .parse = alphavantage_parse_fx_daily,
     .kind = ENDPOINT_HISTORY},
};

const struct provider provider_alphavantage = {
    .name = SOURCE,
    .endpoints = endpoints,
    .endpoint_count = sizeof endpoints / sizeof endpoints[0],
};
