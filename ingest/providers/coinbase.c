/*
 * Coinbase Exchange: products/X-USD/ticker, one product per call. Every number is text. The volume is left out: it counts coins,
 * while a coin's volume is turnover elsewhere.
 */
#include "ingest/json.h"
#include "ingest/providers/table.h"
#include "ingest/reply.h"

#define SOURCE "coinbase"

/** `/products/BTC-USD/ticker` */
static bool build_ticker(const struct request_spec *spec, struct buf *path, struct buf *headers, struct error *error)
{
    (void)headers;
    (void)error;
    buf_append_str(path, STR("/products/"));
    path_escape(path, spec->assets[0].symbol);
    buf_append_str(path, STR("/ticker"));
    return true;
}

/** Judges `{"message": "NotFound"}`; true when it is one that says more than the status. */
static bool read_message(const json_t *root, struct parse_result *result)
{
    struct opt_str words = json_text(root, "message");
    if (!words.set) {
        return false;
    }
    if (text_has(words.value, "delisted")) {
        reply_set(result, OUTCOME_DELISTED, "the provider says: the product is delisted");
    } else if (text_has(words.value, "notfound") || text_has(words.value, "not found")) {
        reply_set(result, OUTCOME_UNKNOWN_SYMBOL, "the provider does not know the product");
    } else if (text_has(words.value, "rate limit")) {
        reply_set(result, OUTCOME_LIMITED, "the provider says: rate limit exceeded");
    } else {
        return false;
    }
    return true;
}

/** The currency behind the dash of `BTC-USD`. */
static struct str product_currency(const char *symbol)
{
    struct str text = str_from(symbol);
    for (size_t i = text.len; i > 0; i--) {
        if (text.ptr[i - 1] == '-') {
            return (struct str){.ptr = text.ptr + i, .len = text.len - i};
        }
    }
    return STR("");
}

/** Reads `{"ask":"6267.71","bid":"6265.15","price":"6268.48","time":"2020-03-20T00:22:57.833Z",...}`. */
static void read_ticker(const json_t *root, const struct request_spec *spec, const struct http_response *response,
                        struct arena *arena, struct parse_result *result)
{
    struct opt_double price = json_number_text(root, "price");
    if (!json_is_object(root)) {
        reply_set(result, OUTCOME_MALFORMED, "the answer is not an object");
        return;
    }
    if (!price.set) {
        reply_missing(result, &spec->assets[0]);
        reply_finish(spec, result);
        return;
    }
    struct opt_long time = reply_time(json_string_value(json_object_get(root, "time")));
    struct quote *quote = reply_quote(result, SOURCE, &spec->assets[0], response);
    quote->price = price.value;
    quote->bid = json_number_text(root, "bid");
    quote->ask = json_number_text(root, "ask");
    quote->observed_at_us = time.set ? time.value : quote->observed_at_us;
    reply_currency(quote, product_currency(spec->assets[0].symbol), arena);
    reply_finish(spec, result);
}

/** Reads a ticker answer. */
static void parse_ticker(const struct request_spec *spec, const struct http_response *response, struct arena *arena,
                         struct parse_result *result)
{
    reply_begin(spec, arena, result);
    json_t *root = reply_json(response, result);
    if (root != NULL && !read_message(root, result) && reply_status(response, result)) {
        read_ticker(root, spec, response, arena, result);
    }
    json_decref(root);
}

static const struct endpoint endpoints[] = {
    {.name = "ticker", .batch_max = 1, .build = build_ticker, .parse = parse_ticker},
};

const struct provider provider_coinbase = {
    .name = SOURCE,
    .endpoints = endpoints,
    .endpoint_count = sizeof endpoints / sizeof endpoints[0],
};
