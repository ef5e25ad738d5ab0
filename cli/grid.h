/*
 * Rows and columns of values, shown as a table for people (libsmartcols) or as JSON for machines.
 *
 *     grid_init(&grid, columns, 2);
 *     grid_text(&grid, "quotes.raw"); grid_number(&grid, 12);   // cell by cell, row by row
 *     grid_table(&out, &grid, &layout);
 *
 * A column says once what its values are, so that people see `3 m` and machines 184.2. Texts are copied. Threads: one.
 */
#ifndef QUOTEBUS_CLI_GRID_H
#define QUOTEBUS_CLI_GRID_H

#include <stdbool.h>
#include <stddef.h>

#include "base/bytes.h"

/** Longest text of human_age and human_bytes, with the NUL. */
#define HUMAN_MAX 24

enum column_kind {
    COLUMN_TEXT,
    COLUMN_STATE,   /**< text whose colour says whether it is good */
    COLUMN_COUNT,   /**< whole number */
    COLUMN_NUMBER,  /**< at most 8 significant digits for people */
    COLUMN_DECIMAL, /**< one digit behind the point for people */
    COLUMN_AGE,     /**< seconds */
    COLUMN_BYTES,   /**< bytes */
    COLUMN_JSON,    /**< text that is JSON; not shown to people */
};

struct column {
    const char *name;    /**< key in JSON */
    const char *heading; /**< for people; NULL: for machines only */
    enum column_kind kind;
};

struct cell {
    bool set;
    double number;
    const char *text;
};

struct grid {
    const struct column *columns; /**< borrowed */
    size_t column_count;
    struct cell *cells;
    size_t cell_count;
    size_t cell_cap;
    struct arena memory;
};

/** How a table is laid out. */
struct grid_layout {
    size_t width;     /**< columns of the screen */
    size_t lines_max; /**< with the heading; 0: all rows */
    bool quiet;       /**< what does not fit is left out; else it is counted in the last line */
    bool fold;        /**< several rows beside each other where the width allows */
    bool colour;
};

void grid_init(struct grid *grid, const struct column *columns, size_t column_count);
void grid_clear(struct grid *grid);
/** Forgets the rows, keeps the columns. */
void grid_reset(struct grid *grid);
/** The next cell; NULL: no value. */
void grid_text(struct grid *grid, const char *text);
void grid_number(struct grid *grid, double number);
/** The next cell: a number, or no value. */
void grid_optional(struct grid *grid, bool set, double number);
/** Whole rows so far. */
size_t grid_rows(const struct grid *grid);
/** A cell of a row. */
const struct cell *grid_cell(const struct grid *grid, size_t row, size_t column);

/** A cell as people read it, in the grid's memory; "" without a value. */
const char *grid_cell_text(struct grid *grid, size_t row, size_t column);
/** Appends the table; lines end with a newline. Nothing for a grid without rows. */
void grid_table(struct buf *out, struct grid *grid, const struct grid_layout *layout);
/** Appends one object per line. */
void grid_json_lines(struct buf *out, const struct grid *grid);
/** Appends an array of objects. */
void grid_json_array(struct buf *out, const struct grid *grid);

/** A duration as people say it: `12 s`, `3 m`, `5 h`, `2 d`. Returns `out`. */
char *human_age(double seconds, char out[HUMAN_MAX]);
/** A size: `873 KiB`. Returns `out`. */
char *human_bytes(double bytes, char out[HUMAN_MAX]);

#endif
