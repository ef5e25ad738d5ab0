/*
 * Rows of a table from a stream: CSV (RFC 4180) or one JSON object per line, reduced to the columns a caller knows.
 *
 * What makes a table unreadable is an error that names the line: no header, a required column that is missing or stands twice,
 * broken quoting, a line that is no JSON object, a row over ROW_BYTES_MAX. Everything else is data: cells are texts, and whoever
 * knows the column judges them. An empty cell, a null and an absent key are all unset.
 *
 * CSV: a byte order mark, CRLF, quoted cells with line ends, blank lines (skipped), short rows (the rest is unset) and names in
 * any case are fine. JSON: numbers and names such as NaN are kept as they are written, so that 1e999 and NaN reach the judge;
 * arrays and objects are kept as their text.
 *
 * Ownership: a row's cells point into the reader, until the next call. Threads: one.
 */
#ifndef QUOTEBUS_CLI_ROW_H
#define QUOTEBUS_CLI_ROW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "base/bytes.h"
#include "base/error.h"

/** Longest row in bytes, and most columns of a header. */
#define ROW_BYTES_MAX 1048576
#define ROW_COLUMNS_MAX 1024
/** Most columns a caller knows. */
#define ROW_KNOWN_MAX 32

enum row_format { ROW_CSV, ROW_NDJSON };

/** A column that the caller knows. */
struct row_column {
    const char *name; /**< lower case */
    bool required;    /**< must stand in the header; of JSON, a key may be absent like any other value */
};

struct row {
    size_t line;                         /**< where it begins, from 1; a CSV header is line 1 */
    struct opt_str cells[ROW_KNOWN_MAX]; /**< by column of the caller, without blanks around */
    bool surplus;                        /**< there are more cells than columns: which is which cannot be known */
};

enum row_status { ROW_READ, ROW_END, ROW_FAILED };

struct row_reader;

/** A reader of an open stream, which is borrowed; so are the columns, at most ROW_KNOWN_MAX. */
struct row_reader *row_reader_new(FILE *stream, enum row_format format, const struct row_column *columns, size_t count);
/** NULL is fine. */
void row_reader_free(struct row_reader *reader);
/** The next row. ROW_FAILED fills `error` (ERROR_USAGE) with `line N: what`. */
enum row_status row_reader_next(struct row_reader *reader, struct row *row, struct error *error) MUST_CHECK;

#endif
