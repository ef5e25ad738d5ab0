/*
 * Rows of CSV as RFC 4180 has it: cells between commas, lines end with CRLF, what needs it stands in quotes. A cell without a
 * value is empty, an empty text is "". Pure. Threads: any.
 */
#ifndef QUOTEBUS_CLI_CSV_H
#define QUOTEBUS_CLI_CSV_H

#include <jansson.h>

#include "base/bytes.h"

/** Appends a text as a cell, without a comma. */
void csv_put(struct buf *out, struct str text);
/** The same for a JSON value: null is no value; lists and objects become JSON text. Doubles read back as the same. */
void csv_put_json(struct buf *out, const json_t *value);
/** Ends the row. */
void csv_end(struct buf *out);

#endif
