/*
 * Binance's public data host: ticker/24hr for many symbols. Prices are in USDT, which is not the dollar: the record says so, and
 * its usd_rate comes from elsewhere (ingest/rates.h). One unknown symbol spoils the call.
 */
#include <string.h>

#include "ingest/json.h"
#include "ingest/providers/table.h"
#include "ingest/reply.h"

#define SOURCE "binance"
/** Up to so many symbols cost a weight of 2, one more costs 40. */
#define BATCH 20
/** "I'm a teapot": the address is banned for a while, since it went on after a 429. */
#define STATUS_BANNED 418

/** `/api/v3/ticker/24hr?symbols=["BTCUSDT","ETHUSDT"]`, escaped. */
static bool build_ticker(const struct request_spec *spec, struct buf *path, struct buf *headers, struct error *error)
{
    (void)headers;
    (void)error;
    buf_append_str(path, STR("/api/v3/ticker/24hr?symbols=%5B%22"));
    path_symbols_between(path, spec, STR("%22,%22"));
    buf_append_str(path, STR("%22%5D"));
    return true;
}

/** What Binance's error codes mean. */
static const struct {
    int code;
    enum outcome outcome;
    const char *message;
} errors[] = {
    {-1003, OUTCOME_LIMITED, "the provider says: too many requests"},
    {-1015, OUTCOME_LIMITED, "the provider says: too many requests"},
    {-2014, OUTCOME_BAD_KEY, "the provider refuses the API key"},
    {-2015, OUTCOME_BAD_KEY, "the provider refuses the API key"},
};

/** Codes of a symbol that does not exist, or cannot. */
static bool is_about_symbol(int code)
{
    return code == -1121 || code == -1100;
}

/** Judges `{"code": -1121, "msg": "Invalid symbol."}`; true when it is one that says more than the status. */
static bool read_error(const json_t *root, const struct request_spec *spec, struct parse_result *result)
{
    struct opt_double code = json_number(root, "code");
    if (!code.set || code.value >= 0 || code.value < -99999) {
        return false;
    }
    if (is_about_symbol((int)code.value)) {
        reply_unknown(spec, result);
        return true;
    }
    for (size_t i = 0; i < sizeof errors / sizeof errors[0]; i++) {
        if ((int)code.value == errors[i].code) {
            reply_set(result, errors[i].outcome, "%s", errors[i].message);
            return true;
        }
    }
    reply_set(result, OUTCOME_HTTP_ERROR, "the provider reports error %d", (int)code.value);
    return true;
}

/** The list of an answer, or NULL with the outcome set. The caller frees `*root` either way. */
static const json_t *open_answer(const struct request_spec *spec, const struct http_response *response, json_t **root,
                                 struct parse_result *result)
{
    *root = NULL;
    if (response->status == STATUS_BANNED) {
        reply_set(result, OUTCOME_LIMITED, "the provider has banned this address for a while");
        return NULL;
    }
    *root = reply_json(response, result);
    if (*root == NULL || read_error(*root, spec, result) || !reply_status(response, result)) {
        return NULL;
    }
    if (!json_is_array(*root)) {
        reply_set(result, OUTCOME_MALFORMED, "the answer is not a list of symbols");
        return NULL;
    }
    return *root;
}

/** The currency at the end of a symbol. The longer codes come first, since one may end with another. */
static struct str symbol_currency(const char *symbol)
{
    static const char *const codes[] = {"FDUSD", "USDT", "USDC", "TUSD", "BUSD", "USD", "EUR", "GBP", "TRY", "BTC", "ETH", "BNB"};
    size_t len = strlen(symbol);
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
        size_t code_len = strlen(codes[i]);
        if (len > code_len && strcmp(symbol + len - code_len, codes[i]) == 0) {
            return str_from(codes[i]);
        }
    }
    return STR("");
}

/** Fills a quote from one row. */
static void read_row(const json_t *row, double price, struct arena *arena, struct quote *quote)
{
    struct opt_long time = json_epoch_ms_us(row, "closeTime");
    quote->price = price;
    quote->bid = json_number_text(row, "bidPrice");
    quote->ask = json_number_text(row, "askPrice");
    quote->open = json_number_text(row, "openPrice");
    quote->high = json_number_text(row, "highPrice");
    quote->low = json_number_text(row, "lowPrice");
    quote->volume = json_number_text(row, "quoteVolume");
    quote->observed_at_us = time.set ? time.value : quote->observed_at_us;
    reply_currency(quote, symbol_currency(quote->symbol.ptr), arena);
}

/** Reads `[{"symbol":"BTCUSDT","lastPrice":"65080.50","closeTime":1759312800123,...}]`. */
static void parse_ticker(const struct request_spec *spec, const struct http_response *response, struct arena *arena,
                         struct parse_result *result)
{
    json_t *root;
    reply_begin(spec, arena, result);
    const json_t *list = open_answer(spec, response, &root, result);
    for (size_t i = 0; list != NULL && i < spec->asset_count; i++) {
        const json_t *row = json_find(list, "symbol", spec->assets[i].symbol);
        struct opt_double price = json_number_text(row, "lastPrice");
        if (price.set) {
            read_row(row, price.value, arena, reply_quote(result, SOURCE, &spec->assets[i], response));
        } else {
            reply_missing(result, &spec->assets[i]);
        }
    }
    if (list != NULL) {
        reply_finish(spec, result);
    }
    json_decref(root);
}

static const struct endpoint endpoints[] = {
    {.name = "ticker_24hr", .batch_max = BATCH, .build = build_ticker, .parse = parse_ticker, .ask_missing = "ticker_24hr"},
};

const struct provider provider_binance = {
    .name = SOURCE,
    .endpoints = endpoints,
    .endpoint_count = sizeof endpoints / sizeof endpoints[0],
};
