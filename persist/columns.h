/*
 * Columns that several tables have, beyond the types of copy.h.
 *
 * Pure. Threads: any; a row belongs to one.
 */
#ifndef QUOTEBUS_PERSIST_COLUMNS_H
#define QUOTEBUS_PERSIST_COLUMNS_H

#include "persist/copy.h"
#include "quotebus_records.h"

/** The letter of a verdict (P, S, R), or null where nobody judged the record. */
void copy_opt_verdict(struct copy_row *row, struct opt_verdict verdict);

/** Begins a member of a JSON object: `{` before the first one and `,` before the others, then `"name":`. `name` needs no escape.
 */
void json_put_name(struct buf *json, bool first, const char *name);
/** Appends the member `,"name":value` of a JSON object that has one already; nothing where `value` is not set. */
void json_put_opt_double(struct buf *json, const char *name, struct opt_double value);

#endif
