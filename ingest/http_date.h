/*
 * Dates of HTTP headers (RFC 9110, section 5.6.7), numbers of seconds, and Retry-After (section 10.2.3).
 *
 * Pure; any thread.
 */
#ifndef QUOTEBUS_INGEST_HTTP_DATE_H
#define QUOTEBUS_INGEST_HTTP_DATE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"

/** Longest wait that a Retry-After is believed: 31 days. */
#define RETRY_AFTER_MAX_S (INT64_C(31) * 86400)

/** Reads `Sun, 06 Nov 1994 08:49:37 GMT` and the two obsolete forms. False for anything else. */
bool http_date_parse(struct str text, int64_t *out_us);

/** Reads digits as seconds, cut to `max_s`. False for anything else. */
bool http_seconds_parse(struct str text, int64_t max_s, int64_t *out_s);

/** Reads seconds or a date; a date that has passed gives 0. Cut to RETRY_AFTER_MAX_S. False for anything else. */
bool retry_after_parse(struct str text, int64_t now_us, int64_t *out_s);

#endif
