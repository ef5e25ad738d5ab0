/*
 * What the files of Yahoo's endpoints share: yahoo.c (chart, spark), yahoo_history.c (bars), yahoo_quote.c (quotes with a
 * session).
 *
 * Pure; any thread.
 */
#ifndef QUOTEBUS_INGEST_PROVIDERS_YAHOO_H
#define QUOTEBUS_INGEST_PROVIDERS_YAHOO_H

#include "ingest/reply.h"

#define YAHOO "yahoo"
/** Unset priceHint. */
#define YAHOO_NO_HINT (-1)

/** Digits behind the point that Yahoo shows for a symbol: priceHint of `object`, YAHOO_NO_HINT when it has none. */
int yahoo_hint(const json_t *object);
/**
 * A price without binary noise: the one rounded to `hint` digits where that is within half a unit of a float32, otherwise the
 * shortest decimal of the float32. So 12.9 stays 12.9, and an old price that was adjusted for splits keeps its digits.
 */
double yahoo_price(double value, int hint);
/** A price of an object; unset when it is no number. */
struct opt_double yahoo_number(const json_t *object, const char *key, int hint);
/**
 * The JSON of an answer (json_decref it), or NULL with the outcome set: what reply_json does, and the page that asks visitors
 * from Europe for consent to cookies told apart.
 */
json_t *yahoo_json(const struct http_response *http, struct parse_result *result);
/** Whether an answer is that page, or leads to it; then the outcome is set. */
bool yahoo_wants_consent(const struct http_response *http, struct parse_result *result);
/** Adds the cookie of the session, if there is one, as a header. */
void yahoo_add_cookie(const struct request_spec *spec, struct buf *headers);
/** The JSON array `wrapper`.result of an answer, or NULL with the outcome set: errors, limits and refusals are judged here. */
const json_t *yahoo_results(const json_t *root, const char *wrapper, const struct http_response *http,
                            struct parse_result *result);
/** Seconds east of UTC at the exchange of `meta` at a time (epoch seconds), daylight time as it was then where the zone is known.
 */
int64_t yahoo_offset_s(const json_t *meta, int64_t at_s);

/** `/v8/finance/chart/AAPL?...` with days: a range of the request, or the parameter `range`. */
bool yahoo_build_history(const struct request_spec *spec, struct buf *path, struct buf *headers, struct error *error);
/** Reads the days of a chart answer as bars. */
void yahoo_parse_history(const struct request_spec *spec, const struct http_response *response, struct arena *arena,
                         struct parse_result *result);
/** Names of the parameters of the history endpoint. */
extern const char *const yahoo_history_params[];

/** The two requests that make a session. */
extern const struct endpoint yahoo_session_cookie, yahoo_session_crumb;

/** `/v7/finance/quote?symbols=AAPL,MSFT&...` */
bool yahoo_build_quote(const struct request_spec *spec, struct buf *path, struct buf *headers, struct error *error);
/** Reads a quote answer: every asked symbol is either there with a price, or missing. */
void yahoo_parse_quote(const struct request_spec *spec, const struct http_response *response, struct arena *arena,
                       struct parse_result *result);

#endif
