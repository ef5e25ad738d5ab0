/*
 * What the files of Alpha Vantage's endpoints share: alphavantage.c (quotes and rates), alphavantage_series.c (indicators and
 * days), alphavantage_company.c (fundamentals).
 *
 * Pure; any thread.
 */
#ifndef QUOTEBUS_INGEST_PROVIDERS_ALPHAVANTAGE_H
#define QUOTEBUS_INGEST_PROVIDERS_ALPHAVANTAGE_H

#include "ingest/reply.h"

#define ALPHAVANTAGE "alphavantage"

/** Appends the key of the request, or the public demo key, as the last parameter. */
void alphavantage_add_key(const struct request_spec *spec, struct buf *path);
/**
 * The JSON of a good answer, or NULL with the outcome set: notices that come in place of data, and statuses, are judged here. The
 * caller frees `*root` either way.
 */
const json_t *alphavantage_answer(const struct http_response *http, json_t **root, struct parse_result *result);
/** The object under `name` of a good answer, or NULL with the outcome set. The caller frees `*root` either way. */
const json_t *alphavantage_open(const struct http_response *http, const char *name, json_t **root, struct parse_result *result);

/** `/query?function=OVERVIEW&symbol=IBM&apikey=...` */
bool alphavantage_build_overview(const struct request_spec *spec, struct buf *path, struct buf *headers, struct error *error);
void alphavantage_parse_overview(const struct request_spec *spec, const struct http_response *response, struct arena *arena,
                                 struct parse_result *result);

/** `/query?function=SMA&symbol=IBM&interval=daily&series_type=close&time_period=20&apikey=...`, by the parameters of the job. */
bool alphavantage_build_indicator(const struct request_spec *spec, struct buf *path, struct buf *headers, struct error *error);
/** Reads the newest values, as many as the parameter `points` says. */
void alphavantage_parse_indicator(const struct request_spec *spec, const struct http_response *response, struct arena *arena,
                                  struct parse_result *result);
extern const char *const alphavantage_indicator_params[];

/** `/query?function=FX_DAILY&from_symbol=EUR&to_symbol=USD&outputsize=compact&apikey=...` */
bool alphavantage_build_fx_daily(const struct request_spec *spec, struct buf *path, struct buf *headers, struct error *error);
/** Reads the days that are over: those of the request's range, or the newest, as many as the parameter `points` says. */
void alphavantage_parse_fx_daily(const struct request_spec *spec, const struct http_response *response, struct arena *arena,
                                 struct parse_result *result);
extern const char *const alphavantage_fx_daily_params[];

#endif
