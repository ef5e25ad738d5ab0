/*
 * Defaults of a schema's fields: from their JSON to Avro bytes. Private to lib/bus.
 */
#ifndef QUOTEBUS_BUS_AVRO_DEFAULT_H
#define QUOTEBUS_BUS_AVRO_DEFAULT_H

#include "bus/avro_shape.h"

/**
 * Appends the encoding of `json` as a value of `type`, by the rules for defaults of the Avro specification 1.11: a union takes
 * its first branch, bytes are text of code points up to 255, fields that a record lacks take their own defaults. False when the
 * JSON does not fit the type; `out` then holds half a value.
 */
bool avro_default_encode(const struct avro_node *type, const json_t *json, struct buf *out) MUST_CHECK;

#endif
