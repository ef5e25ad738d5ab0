/*
 * CNBC: restQuote for many symbols, stocks and pairs of currencies (`EUR=`). Numbers are text with commas; what has none says
 * UNCH or nothing. Unknown symbols have a row with a code that is not 0. A list of one may come as the one thing itself. After
 * the close the time is a date only.
 */
#include <stdio.h>
#include <string.h>

#include "ingest/json.h"
#include "ingest/number.h"
#include "ingest/providers/table.h"
#include "ingest/reply.h"

#define SOURCE "cnbc"
#define DAY_S 86400

/** `/quote-html-webservice/restQuote/symbolType/symbol?symbols=AAPL|MSFT&...`, escaped. */
static bool build_quote(const struct request_spec *spec, struct buf *path, struct buf *headers, struct error *error)
{
    (void)headers;
    (void)error;
    buf_append_str(path, STR("/quote-html-webservice/restQuote/symbolType/symbol?symbols="));
    path_symbols_between(path, spec, STR("%7C"));
    buf_append_str(path, STR("&requestMethod=itv&noform=1&partnerId=2&fund=1&exthrs=1&output=json"));
    return true;
}

/** Whether a row is about something. */
static bool is_known(const json_t *row)
{
    struct opt_double code = json_number_text(row, "code");
    return row != NULL && (!code.set || code.value == 0);
}

/** Sets the time: `2026-09-11T11:17:11.000-0400`, or `2026-10-02` once the market has closed. */
static void read_time(const json_t *row, struct quote *quote)
{
    const char *text = json_string_value(json_object_get(row, "last_time"));
    size_t len = text != NULL ? strlen(text) : 0;
    char colon[40];
    if (len > 10 && len < sizeof colon - 1 && (text[len - 5] == '-' || text[len - 5] == '+')) {
        snprintf(colon, sizeof colon, "%.*s:%s", (int)len - 2, text, text + len - 2);
        text = colon;
    }
    struct opt_long time = reply_time(text);
    if (time.set) {
        quote->observed_at_us = time.value;
        quote->observed_resolution_s = len == strlen("2026-10-02") ? DAY_S : 1;
    }
}

/** The close of the session before. After midnight the field holds the last price itself beside a change that is not nil. */
static struct opt_double previous_close(const json_t *row, double last)
{
    struct opt_double close = json_number_text(row, "previous_day_closing");
    struct opt_double change = json_number_text(row, "change");
    bool moved = change.set && change.value != 0;
    return close.set && close.value == last && moved ? (struct opt_double){0} : close;
}

/** A figure like `5.261T` or `252,972.93M`. */
static struct opt_double read_abbreviated(const json_t *row, const char *key)
{
    static const struct {
        char letter;
        int exponent;
    } units[] = {{'T', 12}, {'B', 9}, {'M', 6}, {'K', 3}};
    struct opt_str text = json_text(row, key);
    double value;
    for (size_t i = 0; text.set && text.value.len > 1 && i < sizeof units / sizeof units[0]; i++) {
        struct str digits = {.ptr = text.value.ptr, .len = text.value.len - 1};
        if (text.value.ptr[digits.len] == units[i].letter && number_from_text(digits, &value)) {
            return SOME_DOUBLE(number_shift_point(value, units[i].exponent));
        }
    }
    return json_number_text(row, key);
}

/** The currency of a row. Of a pair it is the second one, which our own id ends with: the row's currencyCode is not told of. */
static struct str row_currency(const json_t *row, const struct quote *quote)
{
    const struct str asset = quote->asset;
    if (asset.len > 6 && memcmp(asset.ptr, "fx:", 3) == 0) {
        return (struct str){.ptr = asset.ptr + asset.len - 3, .len = 3};
    }
    struct opt_str code = json_text(row, "currencyCode");
    return code.set ? code.value : STR("");
}

/** Fills a quote from one row. */
static void read_row(const json_t *row, double price, struct arena *arena, struct quote *quote)
{
    quote->price = price;
    quote->open = json_number_text(row, "open");
    quote->high = json_number_text(row, "high");
    quote->low = json_number_text(row, "low");
    quote->volume = json_number_text(row, "volume");
    quote->previous_close = previous_close(row, price);
    quote->market_cap = read_abbreviated(row, "mktcapView");
    read_time(row, quote);
    reply_currency(quote, row_currency(row, quote), arena);
}

/** The row of a symbol in a list, or in the one row there is. */
static const json_t *find_row(const json_t *rows, const char *symbol)
{
    const char *only = json_string_value(json_object_get(rows, "symbol"));
    return only != NULL && strcmp(only, symbol) == 0 ? rows : json_find(rows, "symbol", symbol);
}

/** Reads the rows of all assets; tells when the provider knows none of them. */
static void read_rows(const json_t *rows, const struct request_spec *spec, const struct http_response *response,
                      struct arena *arena, struct parse_result *result)
{
    size_t unknown = 0;
    for (size_t i = 0; i < spec->asset_count; i++) {
        const json_t *row = find_row(rows, spec->assets[i].symbol);
        struct opt_double price = is_known(row) ? json_number_text(row, "last") : (struct opt_double){0};
        if (price.set) {
            read_row(row, price.value, arena, reply_quote(result, SOURCE, &spec->assets[i], response));
        } else {
            reply_missing(result, &spec->assets[i]);
            unknown += row != NULL && !is_known(row);
        }
    }
    reply_finish(spec, result);
    if (unknown == spec->asset_count) {
        reply_set(result, OUTCOME_UNKNOWN_SYMBOL, "the provider knows none of the symbols");
    }
}

/** Reads `{"FormattedQuoteResult":{"FormattedQuote":[{"symbol":"AAPL","last":"1,254.93",...}]}}`. */
static void parse_quote(const struct request_spec *spec, const struct http_response *response, struct arena *arena,
                        struct parse_result *result)
{
    reply_begin(spec, arena, result);
    json_t *root = reply_json(response, result);
    const json_t *rows = json_object_get(json_object_get(root, "FormattedQuoteResult"), "FormattedQuote");
    if (root != NULL && reply_status(response, result)) {
        if (json_is_array(rows) || json_is_object(rows)) {
            read_rows(rows, spec, response, arena, result);
        } else {
            reply_set(result, OUTCOME_MALFORMED, "there is no FormattedQuoteResult.FormattedQuote in the answer");
        }
    }
    json_decref(root);
}

static const struct endpoint endpoints[] = {
    {.name = "quote", .batch_max = 50, .build = build_quote, .parse = parse_quote},
};

const struct provider provider_cnbc = {
    .name = SOURCE,
    .endpoints = endpoints,
    .endpoint_count = sizeof endpoints / sizeof endpoints[0],
};
