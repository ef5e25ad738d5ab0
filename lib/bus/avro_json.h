/*
 * Walks the bytes of any Avro schema: checks that they are exactly one well-formed value and, on request, prints it as JSON.
 *
 * The same walk guards avro-c against hostile bytes (decoder.c) and shows records to people (`quotebus tail`). Supports what
 * Avro 1.11 knows: all primitives, bytes, fixed, enum, array, map, union, nested and recursive named types. Bounded: depth 32,
 * AVRO_STRING_MAX, AVRO_ITEMS_MAX items in all arrays and maps of a value together, 64 MiB of JSON.
 *
 * In JSON a union is its value alone, timestamp-micros and timestamp-millis are RFC 3339 text, bytes are base64, a double has its
 * shortest round trip text and NaN and infinities are the texts "NaN", "Infinity", "-Infinity".
 *
 * Threads: a shape is read-only after it was made.
 */
#ifndef QUOTEBUS_BUS_AVRO_JSON_H
#define QUOTEBUS_BUS_AVRO_JSON_H

#include "base/bytes.h"
#include "base/error.h"

struct avro_shape;

/** Reads a schema. NULL for what is none (ERROR_INVALID). Freed with avro_shape_free. */
struct avro_shape *avro_shape_new(const char *schema_json, struct error *error) MUST_CHECK;
void avro_shape_free(struct avro_shape *shape);
/** False with the causes of base/avro.h when `body` is not exactly one value. The JSON is appended to `json`, which is left as it
 * was on failure; NULL: only check. */
bool avro_shape_walk(const struct avro_shape *shape, struct str body, struct buf *json, struct error *error) MUST_CHECK;
/** The length of the value that `bytes` begin with, where several stand one behind the other. Fails as avro_shape_walk does. */
bool avro_shape_first(const struct avro_shape *shape, struct str bytes, size_t *len, struct error *error) MUST_CHECK;
/** Whether two schemas have the same layout and names: bytes of one mean the same under the other. Docs, defaults and aliases do
 * not count. */
bool avro_shape_same(const struct avro_shape *a, const struct avro_shape *b);

#endif
