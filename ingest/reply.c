#include "ingest/reply.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "ingest/json.h"
#include "ingest/number.h"
#include "ingest/records.h"

/** How much of a body is looked at for words. */
#define PEEK_BYTES 512

void reply_set(struct parse_result *result, enum outcome outcome, const char *fmt, ...)
{
    va_list args;
    result->outcome = outcome;
    va_start(args, fmt);
    vsnprintf(result->message, sizeof result->message, fmt, args);
    va_end(args);
    for (char *c = result->message; *c != '\0'; c++) {
        *c = (unsigned char)*c < 0x20 || (unsigned char)*c >= 0x7f ? '?' : *c;
    }
}

bool text_has(struct str text, const char *word)
{
    size_t len = strlen(word);
    for (size_t i = 0; len <= text.len && i <= text.len - len; i++) {
        if (strncasecmp(text.ptr + i, word, len) == 0) {
            return true;
        }
    }
    return false;
}

/** The first bytes of a body without the white space before them. */
static struct str peek(struct str body)
{
    while (body.len > 0 && strchr(" \t\r\n", body.ptr[0]) != NULL && body.ptr[0] != '\0') {
        body.ptr++;
        body.len--;
    }
    body.len = body.len > PEEK_BYTES ? PEEK_BYTES : body.len;
    return body;
}

bool reply_status(const struct http_response *response, struct parse_result *result)
{
    int status = response->status;
    if (status >= 200 && status <= 299) {
        return true;
    }
    if (status == 429) {
        reply_set(result, OUTCOME_LIMITED, "the provider answers 429: too many requests");
    } else if (status == 401 || status == 403 || status == 451) {
        reply_set(result, OUTCOME_BLOCKED, "the provider refuses with status %d", status);
    } else if (status >= 300 && status <= 399) {
        reply_set(result, OUTCOME_HTTP_ERROR, "status %d: redirects are not followed, set base_url to where it leads", status);
    } else {
        reply_set(result, OUTCOME_HTTP_ERROR, "the provider answers with status %d", status);
    }
    return false;
}

/** Whether a content type is one of JSON; none at all counts. */
static bool type_is_json(struct str type)
{
    return type.len == 0 || text_has(type, "json") || text_has(type, "javascript");
}

/** Judges what can be seen without parsing: false when the outcome is set. */
static bool looks_like_json(const struct http_response *response, struct str head, struct parse_result *result)
{
    bool page = (head.len > 0 && head.ptr[0] == '<') || text_has(response->content_type, "text/html");
    int type_len = response->content_type.len > 60 ? 60 : (int)response->content_type.len;
    bool bracket = head.len > 0 && (head.ptr[0] == '{' || head.ptr[0] == '[');
    if (!bracket && text_has(head, "too many requests")) {
        reply_set(result, OUTCOME_LIMITED, "the provider says: too many requests");
    } else if (page) {
        reply_set(result, OUTCOME_HTML, "a page of HTML instead of data");
    } else if (head.len == 0) {
        reply_set(result, OUTCOME_EMPTY, "the body is empty");
    } else if (!type_is_json(response->content_type)) {
        reply_set(result, OUTCOME_MALFORMED, "content type %.*s is not JSON", type_len, response->content_type.ptr);
    } else {
        return true;
    }
    return false;
}

json_t *reply_json(const struct http_response *response, struct parse_result *result)
{
    char why[120];
    if (response->status == 429) {
        reply_status(response, result);
        return NULL;
    }
    bool good = response->status >= 200 && response->status <= 299;
    if (!looks_like_json(response, peek(response->body), result)) {
        if (!good && result->outcome != OUTCOME_LIMITED) {
            reply_status(response, result);
        }
        return NULL;
    }
    json_t *root = json_read(response->body, why);
    if (root == NULL && good) {
        reply_set(result, OUTCOME_MALFORMED, "the body is no JSON: %s", why);
    } else if (root == NULL) {
        reply_status(response, result);
    }
    return root;
}

void reply_begin(const struct request_spec *spec, struct arena *arena, struct parse_result *result)
{
    memset(result, 0, sizeof *result);
    result->outcome = OUTCOME_EMPTY;
    result->quotes = arena_alloc(arena, (spec->asset_count + 1) * sizeof *result->quotes);
    result->missing = arena_alloc(arena, (spec->asset_count + 1) * sizeof(void *));
}

struct quote *reply_quote(struct parse_result *result, const char *source, const struct request_asset *asset,
                          const struct http_response *response)
{
    struct quote *quote = &result->quotes[result->quote_count++];
    *quote = (struct quote){
        .asset = str_from(asset->asset),
        .source = str_from(source),
        .symbol = str_from(asset->symbol),
        .observed_at_us = response->fetched_at_us,
        .observed_resolution_s = 1,
        .unit_factor = 1,
    };
    return quote;
}

void reply_missing(struct parse_result *result, const struct request_asset *asset)
{
    result->missing[result->missing_count++] = asset;
}

void reply_unknown(const struct request_spec *spec, struct parse_result *result)
{
    if (spec->asset_count == 1) {
        reply_set(result, OUTCOME_UNKNOWN_SYMBOL, "the provider does not know the symbol");
        return;
    }
    for (size_t i = 0; i < spec->asset_count; i++) {
        reply_missing(result, &spec->assets[i]);
    }
    reply_set(result, OUTCOME_UNKNOWN_SYMBOL, "the provider does not know one of the %zu symbols and gives none of them",
              spec->asset_count);
}

void reply_finish(const struct request_spec *spec, struct parse_result *result)
{
    assert(result->quote_count + result->missing_count <= spec->asset_count);
    if (records_total(result) == 0) {
        reply_set(result, OUTCOME_EMPTY, "a valid answer with nothing in it");
        return;
    }
    result->outcome = OUTCOME_OK;
    result->message[0] = '\0';
    if (result->missing_count > 0) {
        reply_set(result, OUTCOME_OK, "%zu of %zu assets are not in the answer, first %s", result->missing_count,
                  spec->asset_count, result->missing[0]->symbol);
    }
}

/** Moves the point of an optional price by two places to the left. */
static void hundredth(struct opt_double *value)
{
    if (value->set) {
        value->value = number_shift_point(value->value, -2);
    }
}

/** The currency that a unit is a part of, and by how many places the point moves: 0 for a currency itself. */
static struct str major_unit(struct str unit, struct arena *arena, int *places)
{
    static const struct {
        const char *minor, *major;
    } units[] = {{"GBp", "GBP"}, {"GBX", "GBP"}, {"ZAc", "ZAR"}, {"ILA", "ILS"}};
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        if (str_is(unit, units[i].minor)) {
            *places = 2;
            return str_from(units[i].major);
        }
    }
    *places = 0;
    return arena_str(arena, unit);
}

void reply_currency(struct quote *quote, struct str currency, struct arena *arena)
{
    struct opt_double *prices[] = {&quote->bid, &quote->ask, &quote->open, &quote->high, &quote->low, &quote->previous_close};
    int places;
    quote->currency = major_unit(currency, arena, &places);
    if (places == 0) {
        return;
    }
    quote->unit_factor = 0.01;
    quote->price = number_shift_point(quote->price, -places);
    for (size_t i = 0; i < sizeof prices / sizeof prices[0]; i++) {
        hundredth(prices[i]);
    }
}

struct bar reply_bar(const char *source, const struct request_asset *asset, int32_t date)
{
    return (struct bar){
        .asset = str_from(asset->asset),
        .source = str_from(source),
        .symbol = str_from(asset->symbol),
        .date = date,
        .unit_factor = 1,
    };
}

void reply_bar_currency(struct bar *bar, struct str currency, struct arena *arena)
{
    struct opt_double *prices[] = {&bar->open, &bar->high, &bar->low, &bar->adj_close, &bar->dividend};
    int places;
    bar->currency = major_unit(currency, arena, &places);
    if (places == 0) {
        return;
    }
    bar->unit_factor = 0.01;
    bar->close = number_shift_point(bar->close, -places);
    for (size_t i = 0; i < sizeof prices / sizeof prices[0]; i++) {
        hundredth(prices[i]);
    }
}

struct opt_long reply_time(const char *text)
{
    int64_t us = 0;
    struct error ignored;
    /* A dash behind the year: time_parse_us takes other forms, too, that people type and no provider sends. */
    if (text == NULL || strlen(text) < 10 || text[4] != '-' || !time_parse_us(text, 0, &us, &ignored) || us < 0) {
        return (struct opt_long){0};
    }
    return SOME_LONG(us);
}

bool pair_split(const char *symbol, struct pair *pair)
{
    const char *slash = strchr(symbol, '/');
    size_t left = slash != NULL ? (size_t)(slash - symbol) : 0;
    size_t right = slash != NULL ? strlen(slash + 1) : 0;
    if (left == 0 || left > PAIR_CODE_MAX || right == 0 || right > PAIR_CODE_MAX) {
        return false;
    }
    memcpy(pair->from, symbol, left);
    pair->from[left] = '\0';
    memcpy(pair->to, slash + 1, right + 1);
    return true;
}

bool pair_error(const struct request_asset *asset, struct error *error)
{
    return error_set(error, ERROR_USAGE, "'%s' (%s) is no pair of currencies: write FROM/TO, e.g. EUR/USD", asset->symbol,
                     asset->asset);
}

/** RFC 3986, 2.3: characters that never need an escape. */
static bool unreserved(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' ||
           c == '~';
}

void path_escape(struct buf *path, const char *text)
{
    for (; *text != '\0'; text++) {
        if (unreserved(*text)) {
            buf_append(path, text, 1);
        } else {
            buf_printf(path, "%%%02X", (unsigned)(unsigned char)*text);
        }
    }
}

void path_symbols_between(struct buf *path, const struct request_spec *spec, struct str between)
{
    for (size_t i = 0; i < spec->asset_count; i++) {
        if (i > 0) {
            buf_append_str(path, between);
        }
        path_escape(path, spec->assets[i].symbol);
    }
}

void path_symbols(struct buf *path, const struct request_spec *spec)
{
    path_symbols_between(path, spec, STR(","));
}
