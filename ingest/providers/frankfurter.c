/*
 * Frankfurter: the European Central Bank's reference rates of the euro, one set per working day. Any number of pairs is one call,
 * since each is worked out from two rates of the euro, as the service itself does it for another base.
 *
 * The bank fixes the rates at 14:10 Central European time (its "concertation") and publishes them some two hours later. So the
 * record is observed at 14:10 of the date, and known to a day: the rate stands until the next one.
 */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "base/zone.h"
#include "ingest/json.h"
#include "ingest/number.h"
#include "ingest/providers/table.h"
#include "ingest/reply.h"

#define SOURCE "frankfurter"
#define BASE "EUR"
/** Time of day of the fixing, Central European time. */
#define FIXING_US ((INT64_C(14) * 60 + 10) * 60 * US_PER_S)
#define FIXING_RESOLUTION_S 86400

/** Whether a code stands among those of a list `,USD,GBP` already. */
static bool is_listed(struct str list, const char *code)
{
    char item[PAIR_CODE_MAX + 2];
    snprintf(item, sizeof item, ",%s", code);
    return text_has(list, item);
}

/** Appends a code to the list unless it is the base or there already. */
static void list_code(struct buf *list, const char *code)
{
    if (strcasecmp(code, BASE) != 0 && !is_listed(buf_str(list), code)) {
        buf_append(list, ",", 1);
        path_escape(list, code);
    }
}

/** `/v1/latest?base=EUR&symbols=USD,GBP` */
static bool build_latest(const struct request_spec *spec, struct buf *path, struct buf *headers, struct error *error)
{
    struct buf list = {0};
    struct pair pair;
    bool fine = true;
    (void)headers;
    for (size_t i = 0; fine && i < spec->asset_count; i++) {
        fine = pair_split(spec->assets[i].symbol, &pair) || pair_error(&spec->assets[i], error);
        if (fine) {
            list_code(&list, pair.from);
            list_code(&list, pair.to);
        }
    }
    if (fine && list.len > 0) {
        buf_append_str(path, STR("/v1/latest?base=" BASE "&symbols="));
        buf_append(path, list.data + 1, list.len - 1);
    } else if (fine) {
        fine = error_set(error, ERROR_USAGE, "%s is no pair of two currencies", spec->assets[0].symbol);
    }
    buf_clear(&list);
    return fine;
}

/** Units of a currency for one euro. */
static struct opt_double rate_of(const json_t *rates, const char *code)
{
    return strcmp(code, BASE) == 0 ? SOME_DOUBLE(1) : json_number_text(rates, code);
}

/** The rate of a pair to six significant digits: the bank's own have five or six. */
static struct opt_double cross_rate(const json_t *rates, const char *symbol)
{
    struct pair pair;
    char text[40];
    double value;
    if (!pair_split(symbol, &pair)) {
        return (struct opt_double){0};
    }
    struct opt_double from = rate_of(rates, pair.from);
    struct opt_double to = rate_of(rates, pair.to);
    if (!from.set || !to.set || from.value <= 0 || to.value <= 0) {
        return (struct opt_double){0};
    }
    snprintf(text, sizeof text, "%.6g", to.value / from.value);
    return number_from_text(str_from(text), &value) ? SOME_DOUBLE(value) : (struct opt_double){0};
}

/** When the rates of a date were fixed. */
static struct opt_long fixing_time(const json_t *root)
{
    struct opt_long day = reply_time(json_string_value(json_object_get(root, "date")));
    if (day.set) {
        day.value = zone_to_utc_us(ZONE_CENTRAL_EUROPE, day.value + FIXING_US);
    }
    return day;
}

/** Reads the pairs of a good answer. */
static void read_rates(const json_t *root, const struct request_spec *spec, const struct http_response *response,
                       struct arena *arena, struct parse_result *result)
{
    struct opt_long fixed = fixing_time(root);
    for (size_t i = 0; i < spec->asset_count; i++) {
        const char *symbol = spec->assets[i].symbol;
        struct opt_double rate = cross_rate(json_object_get(root, "rates"), symbol);
        if (!rate.set) {
            reply_missing(result, &spec->assets[i]);
            continue;
        }
        struct quote *quote = reply_quote(result, SOURCE, &spec->assets[i], response);
        quote->price = rate.value;
        quote->observed_at_us = fixed.value;
        quote->observed_resolution_s = FIXING_RESOLUTION_S;
        reply_currency(quote, str_from(strchr(symbol, '/') + 1), arena);
    }
    reply_finish(spec, result);
}

/** Judges an answer without rates. */
static void judge_failure(const struct http_response *response, struct parse_result *result)
{
    if (response->status == 404 || response->status == 422) {
        reply_set(result, OUTCOME_UNKNOWN_SYMBOL, "the provider knows none of the currencies");
    } else if (reply_status(response, result)) {
        reply_set(result, OUTCOME_MALFORMED, "there is no set of rates of one " BASE " with a date in the answer");
    }
}

/** Reads `{"amount":1.0,"base":"EUR","date":"2026-09-11","rates":{"USD":1.1598}}`. */
static void parse_latest(const struct request_spec *spec, const struct http_response *response, struct arena *arena,
                         struct parse_result *result)
{
    reply_begin(spec, arena, result);
    json_t *root = reply_json(response, result);
    struct opt_double amount = json_number_text(root, "amount");
    const char *base = json_string_value(json_object_get(root, "base"));
    bool fits = json_is_object(json_object_get(root, "rates")) && fixing_time(root).set && base != NULL &&
                strcmp(base, BASE) == 0 && (!amount.set || amount.value == 1);
    if (root != NULL && fits && response->status == 200) {
        read_rates(root, spec, response, arena, result);
    } else if (root != NULL) {
        judge_failure(response, result);
    }
    json_decref(root);
}

static const struct endpoint endpoints[] = {
    {.name = "latest", .batch_max = 30, .build = build_latest, .parse = parse_latest},
};

const struct provider provider_frankfurter = {
    .name = SOURCE,
    .endpoints = endpoints,
    .endpoint_count = sizeof endpoints / sizeof endpoints[0],
};
