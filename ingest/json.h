/*
 * Bounded reading of JSON bodies with jansson.
 *
 * A scan before the parser refuses bodies that nest deeper than JSON_DEPTH_MAX or hold more than JSON_NODES_MAX values, since a
 * megabyte of brackets would cost a hundred megabytes of objects. Duplicate keys are refused: such a body says two things.
 * Integers are read as doubles, so that a huge one is no error of its own.
 *
 * Pure; any thread.
 */
#ifndef QUOTEBUS_INGEST_JSON_H
#define QUOTEBUS_INGEST_JSON_H

#include <jansson.h>

#include "base/bytes.h"

#define JSON_DEPTH_MAX 32
#define JSON_NODES_MAX 200000

/** The value of a body (json_decref it), or NULL and in `why` (a buffer of 120) what is wrong with it. */
json_t *json_read(struct str body, char why[120]);

/** A finite number; unset when the key is absent, null or of another type. */
struct opt_double json_number(const json_t *object, const char *key);
/** A number, or a text that is one (`"1,234.50"`). */
struct opt_double json_number_text(const json_t *object, const char *key);
/** The same of an entry of a list. */
struct opt_double json_number_text_at(const json_t *array, size_t index);
/** A text, borrowed from `object`. */
struct opt_str json_text(const json_t *object, const char *key);
/** Seconds since the epoch (1970 to 9999) as microseconds. */
struct opt_long json_epoch_us(const json_t *object, const char *key);
/** Milliseconds since the epoch (1970 to 9999) as microseconds. */
struct opt_long json_epoch_ms_us(const json_t *object, const char *key);

/** The first object of `array` whose `key` is the text `value` (letters compared without case), or NULL. Looks at 2000 entries at
 * most. */
const json_t *json_find(const json_t *array, const char *key, const char *value);

#endif
