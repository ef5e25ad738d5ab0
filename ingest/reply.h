/*
 * What the parsers of all providers share: first look at a response, building a result, escaping a path.
 *
 * A parser calls reply_json first: it judges status, content type and syntax in one place, so that limits, pages of HTML, empty
 * and truncated bodies are told apart the same way everywhere. Pure; any thread.
 */
#ifndef QUOTEBUS_INGEST_REPLY_H
#define QUOTEBUS_INGEST_REPLY_H

#include <jansson.h>

#include "ingest/provider.h"

/** Sets outcome and message (control characters become `?`). */
void reply_set(struct parse_result *result, enum outcome outcome, const char *fmt, ...) PRINTF_LIKE(3, 4);

/**
 * The JSON of a response (json_decref it), or NULL with the outcome set. A value is given for an error status too, since
 * providers explain themselves in it; the caller then has to end with reply_status when the body says nothing it knows.
 */
json_t *reply_json(const struct http_response *response, struct parse_result *result);
/** True for a 2xx status; otherwise the outcome is set from the status. */
bool reply_status(const struct http_response *response, struct parse_result *result);

/** Makes room for one quote and one missing entry per asked asset. Called once per parse. */
void reply_begin(const struct request_spec *spec, struct arena *arena, struct parse_result *result);
/** A new quote of `asset` with source, symbol, unit factor 1 and the fetch time as observed_at. */
struct quote *reply_quote(struct parse_result *result, const char *source, const struct request_asset *asset,
                          const struct http_response *response);
/** Notes that the answer held nothing about `asset`. */
void reply_missing(struct parse_result *result, const struct request_asset *asset);
/**
 * The provider refuses a call as a whole since it does not know one of the symbols. A call about one asset gets unknown_symbol;
 * of a batch all assets count as missing, so that each is asked about by itself.
 */
void reply_unknown(const struct request_spec *spec, struct parse_result *result);
/** Outcome of a good answer: ok, or empty when it gave no record of any kind. */
void reply_finish(const struct request_spec *spec, struct parse_result *result);

/** Makes a quote in a minor unit (GBp, GBX, ZAc, ILA) one in the major unit; sets currency and unit_factor. */
void reply_currency(struct quote *quote, struct str currency, struct arena *arena);

/** A bar of `asset` on a day (since the epoch) with source, symbol and unit factor 1; prices and currency are still to be set. */
struct bar reply_bar(const char *source, const struct request_asset *asset, int32_t date);
/** The same as reply_currency for the prices and the dividend of a bar. */
void reply_bar_currency(struct bar *bar, struct str currency, struct arena *arena);

/** Microseconds of `2018-10-05` or `2018-10-05T14:30:00Z`; unset for NULL, for anything else and before 1970. */
struct opt_long reply_time(const char *text);

/** Longest code of a currency in a pair. */
#define PAIR_CODE_MAX 15
/** Two currencies: one unit of `from` in `to`. */
struct pair {
    char from[PAIR_CODE_MAX + 1];
    char to[PAIR_CODE_MAX + 1];
};
/** Splits `EUR/USD`; false when it is no pair. */
bool pair_split(const char *symbol, struct pair *pair);
/** Says that an asset's symbol is no pair; returns false. */
bool pair_error(const struct request_asset *asset, struct error *error);

/** Whether `text` holds `word`, letters compared without case. */
bool text_has(struct str text, const char *word);
/** Appends `text` percent-encoded (RFC 3986 unreserved characters stay). */
void path_escape(struct buf *path, const char *text);
/** Appends the symbols of a request, escaped, with commas between. */
void path_symbols(struct buf *path, const struct request_spec *spec);
/** The same with another text between two of them, which has to be escaped already. */
void path_symbols_between(struct buf *path, const struct request_spec *spec, struct str between);

#endif
