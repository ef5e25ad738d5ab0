/*
 * The leaves of JSON written into a buffer: strings and numbers. Whoever writes puts braces, commas and keys himself.
 *
 * Threads: any.
 */
#ifndef QUOTEBUS_BASE_JSON_TEXT_H
#define QUOTEBUS_BASE_JSON_TEXT_H

#include "base/bytes.h"

/** Appends a string in quotes; `text` is UTF-8. Quotes, backslashes and control characters are escaped. */
void json_put_string(struct buf *out, struct str text);
/** Appends a number by shortest round trip; NaN and infinities, which JSON lacks, as the texts "NaN", "Infinity", "-Infinity". */
void json_put_double(struct buf *out, double value);
/** Appends a point in time as RFC 3339 text. */
void json_put_time(struct buf *out, int64_t us);
/** Appends bytes as base64 text (RFC 4648, section 4). */
void json_put_base64(struct buf *out, struct str bytes);

#endif
