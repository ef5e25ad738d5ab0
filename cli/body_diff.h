/*
 * Two Avro records of one schema, field by field. Pure.
 */
#ifndef QUOTEBUS_CLI_BODY_DIFF_H
#define QUOTEBUS_CLI_BODY_DIFF_H

#include "base/bytes.h"
#include "base/error.h"
#include "cli/grid.h"

/** Columns of the rows that body_diff gives: field, live, again. */
extern const struct column body_diff_columns[3];

/** Adds a row for each field that differs, with both values as JSON. False when a body is no record of the schema. */
bool body_diff(const char *schema_json, struct str live, struct str again, struct grid *grid, struct error *error) MUST_CHECK;
/** Adds a row for a field beside the record, such as its key. */
void body_diff_row(struct grid *grid, const char *field, const char *live, const char *again);

#endif
