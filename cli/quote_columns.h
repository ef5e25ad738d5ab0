/*
 * A row of the quote table as the columns of a file: what `quotebus export` writes and `quotebus import` reads. Pure.
 *
 * CSV has the columns of `quote_columns`, times as RFC 3339 with microseconds, flags between semicolons. Avro has the schema of
 * quotes.clean and two more fields, which say where the record stood: a file of `quotebus replay` lacks them, and can be imported
 * too.
 */
#ifndef QUOTEBUS_CLI_QUOTE_COLUMNS_H
#define QUOTEBUS_CLI_QUOTE_COLUMNS_H

#include "cli/row.h"
#include "persist/table.h"
#include "quotebus_records.h"

#define QUOTE_COLUMNS 32

/** A row: the record, and where it stood in quotes.clean (-1: not known). */
struct stored_quote {
    struct clean_quote quote;
    struct origin origin;
};

/** The columns, for a row reader. */
extern const struct row_column quote_columns[QUOTE_COLUMNS];

/** Appends the list of a SELECT from the view quotebus.quotes that gives the columns as texts. */
void quote_columns_sql(struct buf *sql);
/**
 * Makes a row of cells, all of which it borrows. ERROR_INVALID names the first column that is missing or not what it stands for.
 */
bool quote_from_cells(const struct opt_str cells[QUOTE_COLUMNS], struct arena *arena, struct stored_quote *row,
                      struct error *error) MUST_CHECK;

/** The schema of the file; NULL when the memory is out. Freed with free(). */
char *stored_quote_schema(void);
/** Appends a row in that schema. */
void stored_quote_encode(const struct stored_quote *row, struct buf *out);

#endif
