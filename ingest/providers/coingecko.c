/*
 * CoinGecko: simple/price (prices of many coins), coins/markets (with volume, capitalisation, high and low, and the supply as
 * fundamentals) and ping. Works without a key; a demo key goes into a header. A limit comes as 429 or as HTTP 200 with an error
 * object. Lists are in coingecko_lists.c, days in coingecko_history.c.
 */
#include "ingest/providers/coingecko.h"
#include "base/number_text.h"
#include "ingest/json.h"
#include "ingest/providers/table.h"

void coingecko_add_key(const struct request_spec *spec, struct buf *headers)
{
    if (spec->api_key != NULL) {
        buf_printf(headers, "x-cg-demo-api-key: %s\n", spec->api_key);
    }
}

/** `/api/v3/simple/price?ids=bitcoin,ethereum&...` */
static bool build_simple_price(const struct request_spec *spec, struct buf *path, struct buf *headers, struct error *error)
{
    (void)error;
    coingecko_add_key(spec, headers);
    buf_append_str(path, STR("/api/v3/simple/price?ids="));
    path_symbols(path, spec);
    buf_append_str(path, STR("&vs_currencies=usd&include_market_cap=true&include_24hr_vol=true&include_last_updated_at=true"
                             "&precision=full"));
    return true;
}

/** `/api/v3/coins/markets?vs_currency=usd&ids=...` */
static bool build_coins_markets(const struct request_spec *spec, struct buf *path, struct buf *headers, struct error *error)
{
    (void)error;
    coingecko_add_key(spec, headers);
    buf_append_str(path, STR("/api/v3/coins/markets?vs_currency=usd&ids="));
    path_symbols(path, spec);
    buf_printf(path, "&per_page=%d&page=1&precision=full", COINGECKO_PAGE);
    return true;
}

/** What CoinGecko's error codes mean; they are those of HTTP and five-digit ones of its own. */
static const struct {
    int code;
    enum outcome outcome;
    const char *words;
} codes[] = {
    {429, OUTCOME_LIMITED, "the provider says: rate limit exceeded"},
    {10002, OUTCOME_BAD_KEY, "the provider misses an API key"},
    {10005, OUTCOME_BLOCKED, "the provider's plan does not cover this"},
    {10010, OUTCOME_BAD_KEY, "the provider refuses the API key: it is one of another plan"},
    {10011, OUTCOME_BAD_KEY, "the provider refuses the API key: it is one of another plan"},
    {10012, OUTCOME_BLOCKED, "the provider's plan does not go back so far"},
    {1020, OUTCOME_BLOCKED, "the provider's firewall refuses the call"},
    {401, OUTCOME_BLOCKED, "the provider refuses with code 401"},
    {403, OUTCOME_BLOCKED, "the provider refuses with code 403"},
};

/** Judges `{"error_code": 429, "error_message": ...}`; true when it is one. */
static bool read_status(const json_t *status, struct parse_result *result)
{
    struct opt_double code = json_number(status, "error_code");
    if (!code.set) {
        return false;
    }
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
        if ((int64_t)code.value == codes[i].code) {
            reply_set(result, codes[i].outcome, "%s", codes[i].words);
            return true;
        }
    }
    reply_set(result, OUTCOME_HTTP_ERROR, "the provider reports error %.0f", code.value);
    return true;
}

/** Judges `{"error": "coin not found"}`; true when it is one. */
static bool read_error_text(const json_t *root, const struct http_response *http, struct parse_result *result)
{
    struct opt_str words = json_text(root, "error");
    if (!words.set) {
        return false;
    }
    if (text_has(words.value, "not found")) {
        reply_set(result, OUTCOME_UNKNOWN_SYMBOL, "the provider does not know the coin");
    } else if (text_has(words.value, "rate limit")) {
        reply_set(result, OUTCOME_LIMITED, "the provider says: rate limit exceeded");
    } else {
        reply_set(result, OUTCOME_HTTP_ERROR, "status %d, the provider says: %.*s", http->status,
                  words.value.len > 100 ? 100 : (int)words.value.len, words.value.ptr);
    }
    return true;
}

const json_t *coingecko_open(const struct http_response *http, json_t **root, struct parse_result *result)
{
    *root = reply_json(http, result);
    if (*root == NULL) {
        return NULL;
    }
    const json_t *error = json_object_get(*root, "error");
    if (read_status(json_object_get(*root, "status"), result) || read_status(*root, result) ||
        read_status(json_object_get(error, "status"), result) || read_status(error, result) ||
        read_error_text(*root, http, result) || !reply_status(http, result)) {
        return NULL;
    }
    return *root;
}

/** Reads `{"bitcoin":{"usd":49357,...}}`. */
static void parse_simple_price(const struct request_spec *spec, const struct http_response *response, struct arena *arena,
                               struct parse_result *result)
{
    json_t *root;
    reply_begin(spec, arena, result);
    const json_t *answer = coingecko_open(response, &root, result);
    if (answer != NULL && !json_is_object(answer)) {
        reply_set(result, OUTCOME_MALFORMED, "the answer is not an object of coins");
        answer = NULL;
    }
    for (size_t i = 0; answer != NULL && i < spec->asset_count; i++) {
        const json_t *coin = json_object_get(answer, spec->assets[i].symbol);
        struct opt_double price = json_number(coin, "usd");
        struct opt_long time = json_epoch_us(coin, "last_updated_at");
        if (!price.set) {
            reply_missing(result, &spec->assets[i]);
            continue;
        }
        struct quote *quote = reply_quote(result, COINGECKO, &spec->assets[i], response);
        quote->price = price.value;
        quote->currency = STR("USD");
        quote->market_cap = json_number(coin, "usd_market_cap");
        quote->volume = json_number(coin, "usd_24h_vol");
        quote->observed_at_us = time.set ? time.value : quote->observed_at_us;
    }
    if (answer != NULL) {
        reply_finish(spec, result);
    }
    json_decref(root);
}

/** Fills a quote from one row of coins/markets. */
static void read_market(const json_t *row, double price, struct quote *quote)
{
    struct opt_long updated = reply_time(json_string_value(json_object_get(row, "last_updated")));
    quote->price = price;
    quote->currency = STR("USD");
    quote->high = json_number(row, "high_24h");
    quote->low = json_number(row, "low_24h");
    quote->volume = json_number(row, "total_volume");
    quote->market_cap = json_number(row, "market_cap");
    quote->observed_at_us = updated.set ? updated.value : quote->observed_at_us;
}

/** A member of a row as text; false for null, objects and lists. */
static bool figure_text(const json_t *value, struct arena *arena, struct str *text)
{
    char number[DOUBLE_TEXT_MAX];
    if (json_is_string(value)) {
        *text = arena_str(arena, (struct str){.ptr = json_string_value(value), .len = json_string_length(value)});
    } else if (json_is_number(value)) {
        double_text(json_number_value(value), number);
        *text = arena_str(arena, str_from(number));
    }
    return json_is_string(value) || json_is_number(value);
}

/** What a row of coins/markets says about the coin itself. */
static struct fundamentals read_coin(const json_t *row, const struct request_asset *asset, struct arena *arena)
{
    struct opt_str name = json_text(row, "name");
    struct fundamentals coin = {
        .asset = str_from(asset->asset),
        .source = STR(COINGECKO),
        .symbol = str_from(asset->symbol),
        .currency = STR("USD"),
        .name = name.set ? SOME_STR(arena_str(arena, name.value)) : name,
        .market_cap = json_number(row, "market_cap"),
        .shares_outstanding = json_number(row, "circulating_supply"),
        .shares_total = json_number(row, "total_supply"),
        .shares_max = json_number(row, "max_supply"),
    };
    const char *key;
    json_t *value;
    coin.figures = arena_alloc(arena, (json_object_size(row) + 1) * sizeof *coin.figures);
    json_object_foreach((json_t *)row, key, value)
    {
        struct figure *figure = &coin.figures[coin.figures_count];
        if (figure_text(value, arena, &figure->value)) {
            figure->name = arena_str(arena, str_from(key));
            coin.figures_count++;
        }
    }
    return coin;
}

/** Reads `[{"id":"bitcoin","current_price":49053,...}]`. */
static void parse_coins_markets(const struct request_spec *spec, const struct http_response *response, struct arena *arena,
                                struct parse_result *result)
{
    json_t *root;
    reply_begin(spec, arena, result);
    const json_t *answer = coingecko_open(response, &root, result);
    if (answer != NULL && !json_is_array(answer)) {
        reply_set(result, OUTCOME_MALFORMED, "the answer is not a list of coins");
        answer = NULL;
    }
    result->fundamentals = arena_alloc(arena, (spec->asset_count + 1) * sizeof *result->fundamentals);
    for (size_t i = 0; answer != NULL && i < spec->asset_count; i++) {
        const json_t *row = json_find(answer, "id", spec->assets[i].symbol);
        struct opt_double price = json_number(row, "current_price");
        if (price.set) {
            read_market(row, price.value, reply_quote(result, COINGECKO, &spec->assets[i], response));
            result->fundamentals[result->fundamentals_count++] = read_coin(row, &spec->assets[i], arena);
        } else {
            reply_missing(result, &spec->assets[i]);
        }
    }
    if (answer != NULL) {
        reply_finish(spec, result);
    }
    json_decref(root);
}

/** `/api/v3/ping` */
static bool build_ping(const struct request_spec *spec, struct buf *path, struct buf *headers, struct error *error)
{
    (void)error;
    coingecko_add_key(spec, headers);
    buf_append_str(path, STR("/api/v3/ping"));
    return true;
}

/** Reads `{"gecko_says":"(V3) To the Moon!"}`: that it answers is all there is to know. */
static void parse_ping(const struct request_spec *spec, const struct http_response *response, struct arena *arena,
                       struct parse_result *result)
{
    json_t *root;
    reply_begin(spec, arena, result);
    const json_t *answer = coingecko_open(response, &root, result);
    if (answer != NULL && json_text(answer, "gecko_says").set) {
        result->outcome = OUTCOME_OK;
    } else if (answer != NULL) {
        reply_set(result, OUTCOME_MALFORMED, "the answer to a ping is none");
    }
    json_decref(root);
}

static const struct endpoint endpoints[] = {
    {.name = "simple_price", .batch_max = COINGECKO_PAGE, .build = build_simple_price, .parse = parse_simple_price},
    {.name = "coins_markets", .batch_max = COINGECKO_PAGE, .build = build_coins_markets, .parse = parse_coins_markets},
    {.name = "market_chart",
     .kind = ENDPOINT_HISTORY,
     .batch_max = 1,
     .params = coingecko_history_params,
     .build = coingecko_build_history,
     .parse = coingecko_parse_history},
    {.name = "trending",
     .kind = ENDPOINT_LISTS,
     .batch_max = BATCH_WHOLE,
     .build = coingecko_build_trending,
     .parse = coingecko_parse_trending},
    {.name = "top_coins",
     .kind = ENDPOINT_LISTS,
     .batch_max = BATCH_WHOLE,
     .params = coingecko_top_params,
     .build = coingecko_build_top,
     .parse = coingecko_parse_top},
    {.name = "ping", .kind = ENDPOINT_HEALTH, .batch_max = BATCH_WHOLE, .build = build_ping, .parse = parse_ping},
};

const struct provider provider_coingecko = {
    .name = COINGECKO,
    .endpoints = endpoints,
    .endpoint_count = sizeof endpoints / sizeof endpoints[0],
    .history = "market_chart",
};
