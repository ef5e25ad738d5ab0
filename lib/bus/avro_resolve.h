/*
 * Schema resolution: bytes of a writer's schema become bytes of the reader's.
 *
 * avro-c 1.11 matches fields by name, drops, reorders and promotes them. What it cannot do is done around it, on a bounded copy
 * of the bytes that is made first and so also keeps hostile lengths away from it:
 *
 *   - it knows no defaults: the reader's fields that a record of the writer lacks are appended to the writer's schema, and their
 *     encoded defaults to the bytes of each such record;
 *   - it passes the number of an enum's symbol on: the number is changed to that of the same symbol in the reader's enum (or to
 *     the enum's default);
 *   - it ignores logical types: a reader that wants micros of a writer that gives millis is incompatible.
 *
 * Aliases are not supported: a renamed field is another field.
 *
 * Source: Apache Avro specification 1.11, "Schema Resolution". Threads: one.
 */
#ifndef QUOTEBUS_BUS_AVRO_RESOLVE_H
#define QUOTEBUS_BUS_AVRO_RESOLVE_H

#include "bus/avro_json.h"

struct avro_resolution;

/**
 * Prepares to read what `writer` wrote as `reader`. Takes over `writer` (freed with the result, and at once on failure);
 * `reader` is borrowed. NULL when they do not go together: ERROR_INVALID, cause incompatible_schema.
 */
struct avro_resolution *avro_resolution_new(struct avro_shape *writer, const struct avro_shape *reader,
                                            struct error *error) MUST_CHECK;
void avro_resolution_free(struct avro_resolution *resolution);

/**
 * Turns one value into the reader's schema; *out lies in the arena. False with the causes of avro_shape_walk, or
 * incompatible_schema where the reader has no place for what this value holds (e.g. null).
 */
bool avro_resolution_apply(struct avro_resolution *resolution, struct str body, struct arena *arena, struct str *out,
                           struct error *error) MUST_CHECK;

#endif
