/*
 * Yahoo's v7 quote: many symbols at once, with bid, ask and market capitalisation. It wants a cookie and a crumb
 * (yahoo_session.c), which is why it is a fallback only. An unknown symbol is silently absent.
 */
#include <strings.h>

#include "ingest/json.h"
#include "ingest/providers/yahoo.h"

bool yahoo_build_quote(const struct request_spec *spec, struct buf *path, struct buf *headers, struct error *error)
{
    (void)error;
    yahoo_add_cookie(spec, headers);
    buf_append_str(path, STR("/v7/finance/quote?symbols="));
    path_symbols(path, spec);
    if (spec->token != NULL) {
        buf_append_str(path, STR("&crumb="));
        path_escape(path, spec->token);
    }
    return true;
}

/** A quote from one element; false when there is no price in it. */
static bool read_quote(const json_t *entry, const struct request_asset *asset, const struct http_response *http,
                       struct arena *arena, struct parse_result *result)
{
    int hint = yahoo_hint(entry);
    struct opt_double price = yahoo_number(entry, "regularMarketPrice", hint);
    struct opt_str currency = json_text(entry, "currency");
    struct opt_long time = json_epoch_us(entry, "regularMarketTime");
    if (!price.set || !currency.set) {
        return false;
    }
    struct quote *quote = reply_quote(result, YAHOO, asset, http);
    quote->price = price.value;
    quote->bid = yahoo_number(entry, "bid", hint);
    quote->ask = yahoo_number(entry, "ask", hint);
    quote->open = yahoo_number(entry, "regularMarketOpen", hint);
    quote->high = yahoo_number(entry, "regularMarketDayHigh", hint);
    quote->low = yahoo_number(entry, "regularMarketDayLow", hint);
    quote->previous_close = yahoo_number(entry, "regularMarketPreviousClose", hint);
    quote->volume = json_number(entry, "regularMarketVolume");
    quote->market_cap = json_number(entry, "marketCap"); /* in the major unit already where the prices are in pence */
    quote->observed_at_us = time.set ? time.value : quote->observed_at_us;
    reply_currency(quote, currency.value, arena);
    return true;
}

void yahoo_parse_quote(const struct request_spec *spec, const struct http_response *response, struct arena *arena,
                       struct parse_result *result)
{
    reply_begin(spec, arena, result);
    json_t *root = yahoo_json(response, result);
    const json_t *list = root == NULL ? NULL : yahoo_results(root, "quoteResponse", response, result);
    for (size_t i = 0; list != NULL && i < spec->asset_count; i++) {
        const json_t *entry = json_find(list, "symbol", spec->assets[i].symbol);
        if (!read_quote(entry, &spec->assets[i], response, arena, result)) {
            reply_missing(result, &spec->assets[i]);
        }
    }
    if (list != NULL) {
        reply_finish(spec, result);
    }
    json_decref(root);
}
