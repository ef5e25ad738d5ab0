/*
 * From the bytes of a record to bytes in the reader's own schema.
 *
 * A value is magic 0, a 4-byte big-endian schema id, then Avro binary. When the writer's schema has the same layout as ours,
 * the body is handed on as it is. Otherwise it goes through avro-c's schema resolution, behind a scan that checks every length
 * against the bytes left, and fields the writer lacks get the reader's defaults. The generated decoder of the record (which is
 * bounded itself) reads the result:
 *
 *     switch (decoder_body(decoder, value, &arena, &body, &error)) {
 *     case DECODE_OK: ok = quote_decode(body, &arena, &quote, &error); ...
 *
 * Threads: one.
 */
#ifndef QUOTEBUS_BUS_DECODER_H
#define QUOTEBUS_BUS_DECODER_H

#include <stdint.h>

#include "base/bytes.h"
#include "base/error.h"
#include "bus/registry.h"

struct decoder;

enum decode_status {
    DECODE_OK,
    DECODE_INVALID, /**< never decodable: dead letter; error->cause says why (empty_value, bad_magic, unknown_schema,
                       incompatible_schema, truncated, trailing_bytes, too_large, bad_length, bad_utf8, bad_enum, bad_union,
                       bad_boolean, bad_varint) */
    DECODE_WAIT,    /**< the registry is needed and does not answer: try the same record again later */
};

/** `reader_schema_json` is a generated constant (`quote_schema_json`), kept by reference; so is the registry. */
struct decoder *decoder_new(struct registry *registry, const char *reader_schema_json, struct error *error) MUST_CHECK;
void decoder_free(struct decoder *decoder);
/** *body is borrowed from `value` or from the arena. */
enum decode_status decoder_body(struct decoder *decoder, struct str value, struct arena *arena, struct str *body,
                                struct error *error) MUST_CHECK;
/** The schema id of a value, or -1 when it has none. */
int32_t wire_schema_id(struct str value);
/** Appends magic and id. */
void wire_put_header(struct buf *out, int32_t schema_id);

#endif
