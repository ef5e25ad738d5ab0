/*
 * What the files of CoinGecko's endpoints share: coingecko.c (prices of asked coins, ping), coingecko_lists.c (trending, top by
 * capitalisation), coingecko_history.c (days).
 *
 * Pure; any thread.
 */
#ifndef QUOTEBUS_INGEST_PROVIDERS_COINGECKO_H
#define QUOTEBUS_INGEST_PROVIDERS_COINGECKO_H

#include "ingest/reply.h"

#define COINGECKO "coingecko"
/** Most coins in one call: a page of coins/markets. */
#define COINGECKO_PAGE 250

/** Adds the demo key, if there is one, as a header. */
void coingecko_add_key(const struct request_spec *spec, struct buf *headers);
/** The value of a good answer, or NULL with the outcome set. The caller frees `*root` either way. */
const json_t *coingecko_open(const struct http_response *http, json_t **root, struct parse_result *result);

/** `/api/v3/search/trending` */
bool coingecko_build_trending(const struct request_spec *spec, struct buf *path, struct buf *headers, struct error *error);
void coingecko_parse_trending(const struct request_spec *spec, const struct http_response *response, struct arena *arena,
                              struct parse_result *result);
/** `/api/v3/coins/markets?vs_currency=usd&order=market_cap_desc&...`: a page of the list, parameters `page` and `per_page`. */
bool coingecko_build_top(const struct request_spec *spec, struct buf *path, struct buf *headers, struct error *error);
void coingecko_parse_top(const struct request_spec *spec, const struct http_response *response, struct arena *arena,
                         struct parse_result *result);
extern const char *const coingecko_top_params[];

/** `/api/v3/coins/bitcoin/market_chart?...`: a range of the request, or the parameter `days`. */
bool coingecko_build_history(const struct request_spec *spec, struct buf *path, struct buf *headers, struct error *error);
void coingecko_parse_history(const struct request_spec *spec, const struct http_response *response, struct arena *arena,
                             struct parse_result *result);
extern const char *const coingecko_history_params[];

#endif
