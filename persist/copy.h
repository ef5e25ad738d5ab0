/*
 * Rows of COPY BINARY, written field by field into a buffer.
 *
 *     copy_begin(&row, &buf, column_count);
 *     copy_timestamptz(&row, quote.fetched_at_us);
 *     copy_text(&row, quote.symbol);
 *     if (!copy_end(&row, columns, &error)) ...
 *
 * What a column cannot hold (a NUL byte in text, an integer or a time out of range) is remembered, and copy_end takes the whole
 * row back and names the column: so a bad value is known before PostgreSQL sees it. Pure; writes at the end of the buffer only.
 *
 * Source: PostgreSQL 15 documentation, COPY, "Binary Format"; the types' receive functions (timestamptz_recv: microseconds since
 * 2000-01-01; jsonb_recv: a version byte 1 before the text; array_recv). Threads: any; a row belongs to one.
 */
#ifndef QUOTEBUS_PERSIST_COPY_H
#define QUOTEBUS_PERSIST_COPY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/error.h"

/** One row on its way into a buffer. */
struct copy_row {
    struct buf *out;
    size_t start;        /**< where the row begins in `out` */
    size_t open;         /**< where the length of an unfinished field stands */
    int16_t columns;     /**< how many the row has to get */
    int16_t written;     /**< how many it has */
    int16_t bad_column;  /**< of the first value that cannot be held */
    const char *problem; /**< what is wrong with it, or NULL */
};

/** What stands before the first row, and behind the last one. */
extern const struct str copy_head;
extern const struct str copy_tail;

/** Begins a row of `columns` fields at the end of `out`. */
void copy_begin(struct copy_row *row, struct buf *out, int16_t columns);
/** Ends it. ERROR_INVALID with cause `refused_value`: the row was taken back; `columns` (comma separated) names the column. */
bool copy_end(struct copy_row *row, const char *columns, struct error *error) MUST_CHECK;

void copy_null(struct copy_row *row);
/** smallint and integer take any int64 and refuse what does not fit. */
void copy_int2(struct copy_row *row, int64_t value);
void copy_int4(struct copy_row *row, int64_t value);
void copy_int8(struct copy_row *row, int64_t value);
void copy_float8(struct copy_row *row, double value);
/** Type "char": one byte. */
void copy_char(struct copy_row *row, char value);
/** UTF-8, checked by the decoder; NUL is refused, since text cannot hold it. */
void copy_text(struct copy_row *row, struct str value);
/** Microseconds since 1970-01-01 UTC. */
void copy_timestamptz(struct copy_row *row, int64_t us);
/** Days since 1970-01-01. */
void copy_date(struct copy_row *row, int64_t days);
/** Returns the buffer to append valid JSON text to, until copy_jsonb_end. */
struct buf *copy_jsonb_begin(struct copy_row *row);
void copy_jsonb_end(struct copy_row *row);
/** text[], one dimension from 1. */
void copy_text_array(struct copy_row *row, const struct str *items, size_t count);

/** The same with null for what is not set. */
void copy_opt_float8(struct copy_row *row, struct opt_double value);
void copy_opt_int4(struct copy_row *row, struct opt_int value);
void copy_opt_int8(struct copy_row *row, struct opt_long value);
void copy_opt_text(struct copy_row *row, struct opt_str value);
void copy_opt_timestamptz(struct copy_row *row, struct opt_long us);
void copy_opt_date(struct copy_row *row, struct opt_int days);

#endif
