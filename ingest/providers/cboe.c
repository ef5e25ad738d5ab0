/*
 * Cboe: delayed quotes of US stocks, one symbol per call, about 15 minutes behind. Of its two times `timestamp` (UTC) says when
 * the file was written and `last_trade_time` (New York, without a zone) what the price is of. The files lie in a store that
 * answers for one that does not exist with 403 and a page in XML.
 */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/zone.h"
#include "ingest/json.h"
#include "ingest/providers/table.h"
#include "ingest/reply.h"

#define SOURCE "cboe"
/** How much of a page is looked at. */
#define PEEK_BYTES 512

/** `/api/global/delayed_quotes/quotes/AAPL.json` */
static bool build_quote(const struct request_spec *spec, struct buf *path, struct buf *headers, struct error *error)
{
    (void)headers;
    (void)error;
    buf_append_str(path, STR("/api/global/delayed_quotes/quotes/"));
    path_escape(path, spec->assets[0].symbol);
    buf_append_str(path, STR(".json"));
    return true;
}

/** Whether the response says that there is no such file; then the outcome is set. */
static bool is_absent(const struct http_response *response, struct parse_result *result)
{
    struct str head = response->body;
    head.len = head.len > PEEK_BYTES ? PEEK_BYTES : head.len;
    bool denied = response->status == 403 && (text_has(head, "AccessDenied") || text_has(head, "NoSuchKey"));
    if (!denied && response->status != 404) {
        return false;
    }
    reply_set(result, OUTCOME_UNKNOWN_SYMBOL, "the provider has no quote of the symbol");
    return true;
}

/** UTC of `2026-08-17T14:27:32` in New York. */
static struct opt_long read_time(const json_t *data)
{
    const char *text = json_string_value(json_object_get(data, "last_trade_time"));
    char marked[40];
    if (text == NULL || strlen(text) < strlen("2026-08-17T14:27:32") || strlen(text) > sizeof marked - 2) {
        return (struct opt_long){0};
    }
    snprintf(marked, sizeof marked, "%sZ", text);
    struct opt_long local = reply_time(marked);
    return local.set ? SOME_LONG(zone_to_utc_us(ZONE_NEW_YORK, local.value)) : local;
}

/** A price; 0 stands for none, e.g. a bid outside trading hours. */
static struct opt_double read_price(const json_t *data, const char *key)
{
    struct opt_double price = json_number_text(data, key);
    return price.set && price.value == 0 ? (struct opt_double){0} : price;
}

/** Fills a quote from `data`. */
static void read_data(const json_t *data, double price, struct quote *quote)
{
    struct opt_long time = read_time(data);
    quote->price = price;
    quote->currency = STR("USD");
    quote->bid = read_price(data, "bid");
    quote->ask = read_price(data, "ask");
    quote->open = read_price(data, "open");
    quote->high = read_price(data, "high");
    quote->low = read_price(data, "low");
    quote->previous_close = read_price(data, "prev_day_close");
    quote->volume = json_number_text(data, "volume");
    quote->observed_at_us = time.set ? time.value : quote->observed_at_us;
}

/** Reads `{"timestamp":"...","symbol":"AAPL","data":{"symbol":"AAPL","current_price":308.45,...}}`. */
static void parse_quote(const struct request_spec *spec, const struct http_response *response, struct arena *arena,
                        struct parse_result *result)
{
    const struct request_asset *asset = &spec->assets[0];
    reply_begin(spec, arena, result);
    json_t *root = is_absent(response, result) ? NULL : reply_json(response, result);
    const json_t *data = json_object_get(root, "data");
    const char *symbol = json_string_value(json_object_get(data, "symbol"));
    if (root == NULL || !reply_status(response, result)) {
        json_decref(root);
        return;
    }
    struct opt_double price = read_price(data, "current_price");
    if (!json_is_object(data)) {
        reply_set(result, OUTCOME_MALFORMED, "there is no data in the answer");
    } else if (symbol != NULL && strcasecmp(symbol, asset->symbol) != 0) {
        reply_set(result, OUTCOME_MALFORMED, "asked for %.40s, the answer is about %.40s", asset->symbol, symbol);
    } else if (price.set) {
        read_data(data, price.value, reply_quote(result, SOURCE, asset, response));
        reply_finish(spec, result);
    } else {
        reply_missing(result, asset);
        reply_finish(spec, result);
    }
    json_decref(root);
}

static const struct endpoint endpoints[] = {
    {.name = "quote", .batch_max = 1, .build = build_quote, .parse = parse_quote},
};

const struct provider provider_cboe = {
    .name = SOURCE,
    .endpoints = endpoints,
    .endpoint_count = sizeof endpoints / sizeof endpoints[0],
};
