/*
 * Kraken: public/Ticker for many pairs. Errors come with HTTP 200, one unknown pair spoils the call, and old pairs are named
 * otherwise in the answer than they were asked for (XBTUSD, XXBTZUSD). There is no time stamp: the response's Date header says
 * when the figures were right. What is of 24 hours is taken, not what is of the day since midnight.
 */
#include <string.h>

#include "ingest/json.h"
#include "ingest/providers/table.h"
#include "ingest/reply.h"

#define SOURCE "kraken"
/** Place of the 24 hours' figure in a list of two; the first one is of today. */
#define LAST_24_H 1
/** Longest name of a pair. */
#define PAIR_NAME_MAX 31

/** `/0/public/Ticker?pair=XBTUSD,ETHUSD` */
static bool build_ticker(const struct request_spec *spec, struct buf *path, struct buf *headers, struct error *error)
{
    (void)headers;
    (void)error;
    buf_append_str(path, STR("/0/public/Ticker?pair="));
    path_symbols(path, spec);
    return true;
}

/** What Kraken's errors mean. */
static const struct {
    const char *word;
    enum outcome outcome;
    const char *message;
} errors[] = {
    {"rate limit", OUTCOME_LIMITED, "the provider says: rate limit exceeded"},
    {"too many requests", OUTCOME_LIMITED, "the provider says: too many requests"},
    {"lockout", OUTCOME_LIMITED, "the provider has locked this address out for a while"},
    {"permission denied", OUTCOME_BLOCKED, "the provider denies permission"},
    {"invalid key", OUTCOME_BAD_KEY, "the provider refuses the API key"},
    {"unavailable", OUTCOME_HTTP_ERROR, "the provider says: service unavailable"},
    {"busy", OUTCOME_HTTP_ERROR, "the provider says: service busy"},
};

/** Judges one error of the list, e.g. `EQuery:Unknown asset pair`. */
static void judge_error(struct str words, const struct request_spec *spec, struct parse_result *result)
{
    if (text_has(words, "unknown asset pair")) {
        reply_unknown(spec, result);
        return;
    }
    for (size_t i = 0; i < sizeof errors / sizeof errors[0]; i++) {
        if (text_has(words, errors[i].word)) {
            reply_set(result, errors[i].outcome, "%s", errors[i].message);
            return;
        }
    }
    reply_set(result, OUTCOME_HTTP_ERROR, "the provider reports %.*s", words.len > 100 ? 100 : (int)words.len, words.ptr);
}

/** Judges `{"error": ["EAPI:Rate limit exceeded"]}`; true when there is an error. What begins with W is a mere warning. */
static bool read_errors(const json_t *root, const struct request_spec *spec, struct parse_result *result)
{
    const json_t *list = json_object_get(root, "error");
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *entry = json_array_get(list, i);
        const struct str words = {.ptr = json_string_value(entry), .len = json_string_length(entry)};
        if (words.len > 0 && words.ptr[0] != 'W') {
            judge_error(words, spec, result);
            return true;
        }
    }
    return false;
}

/**
 * Writes the short name of a pair: without the X that marks a coin and the Z that marks a currency in names of old pairs
 * (XXBTZUSD, USDTZUSD).
 */
static void shorten(const char *name, char out[PAIR_NAME_MAX + 1])
{
    size_t len = strlen(name);
    bool marked = len >= 5 && len <= PAIR_NAME_MAX && name[len - 4] == 'Z';
    size_t skip = marked && len == 8 && name[0] == 'X' ? 1 : 0;
    size_t base_len = marked ? len - 4 - skip : 0;
    memcpy(out, name + skip, base_len);
    memcpy(out + base_len, marked ? name + len - 3 : "", marked ? 3 : 0);
    out[marked ? base_len + 3 : 0] = '\0';
}

/** The figures of a pair, under its own name or the longer one. */
static const json_t *find_pair(const json_t *pairs, const char *symbol)
{
    char name[PAIR_NAME_MAX + 1];
    const json_t *found = json_object_get(pairs, symbol);
    void *at = found != NULL ? NULL : json_object_iter((json_t *)(uintptr_t)pairs);
    for (; at != NULL && found == NULL; at = json_object_iter_next((json_t *)(uintptr_t)pairs, at)) {
        shorten(json_object_iter_key(at), name);
        found = strcmp(name, symbol) == 0 ? json_object_iter_value(at) : NULL;
    }
    return found;
}

/** Turnover of 24 hours: coins times their mean price weighted by volume. */
static struct opt_double turnover(const json_t *pair)
{
    struct opt_double coins = json_number_text_at(json_object_get(pair, "v"), LAST_24_H);
    struct opt_double mean = json_number_text_at(json_object_get(pair, "p"), LAST_24_H);
    return coins.set && mean.set ? SOME_DOUBLE(coins.value * mean.value) : (struct opt_double){0};
}

/** The currency of a pair: its last three letters, or USDT and its like. */
static struct str pair_currency(const char *symbol)
{
    struct str text = str_from(symbol);
    size_t len =
        text.len > 4 && (strcmp(symbol + text.len - 4, "USDT") == 0 || strcmp(symbol + text.len - 4, "USDC") == 0) ? 4 : 3;
    return text.len > len ? str_from(symbol + text.len - len) : STR("");
}

/** Fills a quote from `{"a":["52609.6","1","1.000"],"b":[...],"c":["52641.1","0.00080"],...}`. */
static void read_pair(const json_t *pair, double price, const struct http_response *response, struct arena *arena,
                      struct quote *quote)
{
    quote->price = price;
    quote->bid = json_number_text_at(json_object_get(pair, "b"), 0);
    quote->ask = json_number_text_at(json_object_get(pair, "a"), 0);
    quote->high = json_number_text_at(json_object_get(pair, "h"), LAST_24_H);
    quote->low = json_number_text_at(json_object_get(pair, "l"), LAST_24_H);
    quote->open = json_number_text(pair, "o");
    quote->volume = turnover(pair);
    quote->observed_at_us = response->date_us.set ? response->date_us.value : quote->observed_at_us;
    reply_currency(quote, pair_currency(quote->symbol.ptr), arena);
}

/** Reads the pairs of a good answer. */
static void read_pairs(const json_t *pairs, const struct request_spec *spec, const struct http_response *response,
                       struct arena *arena, struct parse_result *result)
{
    for (size_t i = 0; i < spec->asset_count; i++) {
        const json_t *pair = find_pair(pairs, spec->assets[i].symbol);
        struct opt_double price = json_number_text_at(json_object_get(pair, "c"), 0);
        if (price.set) {
            read_pair(pair, price.value, response, arena, reply_quote(result, SOURCE, &spec->assets[i], response));
        } else {
            reply_missing(result, &spec->assets[i]);
        }
    }
    reply_finish(spec, result);
}

/** Reads a ticker answer. */
static void parse_ticker(const struct request_spec *spec, const struct http_response *response, struct arena *arena,
                         struct parse_result *result)
{
    reply_begin(spec, arena, result);
    json_t *root = reply_json(response, result);
    const json_t *pairs = json_object_get(root, "result");
    if (root != NULL && !read_errors(root, spec, result) && reply_status(response, result)) {
        if (json_is_object(pairs)) {
            read_pairs(pairs, spec, response, arena, result);
        } else {
            reply_set(result, OUTCOME_MALFORMED, "there is no result in the answer");
        }
    }
    json_decref(root);
}

static const struct endpoint endpoints[] = {
    {.name = "ticker", .batch_max = 50, .build = build_ticker, .parse = parse_ticker, .ask_missing = "ticker"},
};

const struct provider provider_kraken = {
    .name = SOURCE,
    .endpoints = endpoints,
    .endpoint_count = sizeof endpoints / sizeof endpoints[0],
};
