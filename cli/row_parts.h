/*
 * What the reader of rows and its two formats share. Private to cli/row*.c.
 */
#ifndef QUOTEBUS_CLI_ROW_PARTS_H
#define QUOTEBUS_CLI_ROW_PARTS_H

#include "cli/row.h"

/** Where a cell's text lies in the reader's `text`, which moves while it grows. */
struct row_span {
    size_t begin;
    size_t len;
};

struct row_reader {
    FILE *stream;
    enum row_format format;
    const struct row_column *columns;
    size_t column_count;
    size_t line;                            /* lines that were begun */
    struct buf text;                        /* CSV: the row's cells without their quotes; JSON: the line */
    struct buf unescaped;                   /* JSON: the texts of the line */
    struct row_span spans[ROW_COLUMNS_MAX]; /* CSV: cells of the row in `text`; JSON: values of known keys in `unescaped` */
    size_t span_count;                      /* CSV */
    int known_of[ROW_COLUMNS_MAX];          /* CSV: the caller's column of each cell, or -1; JSON: 1: the known key was seen */
    size_t header_count;                    /* CSV: columns */
    bool has_header;                        /* CSV: was read */
};

/** The caller's column of a name, or -1. Letters are compared without case. */
int row_known_column(const struct row_reader *reader, struct str name);
/** A text without the blanks around it. */
struct str row_trim(struct str text);
/** Fills `error` with `line N: ...` and returns ROW_FAILED. */
enum row_status row_failed(size_t line, struct error *error, const char *format, ...) PRINTF_LIKE(3, 4);

/** The two formats: fill a zeroed row. */
enum row_status row_next_csv(struct row_reader *reader, struct row *row, struct error *error) MUST_CHECK;
enum row_status row_next_json(struct row_reader *reader, struct row *row, struct error *error) MUST_CHECK;

#endif
