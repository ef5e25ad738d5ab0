/*
 * stdout, which carries data and nothing else.
 *
 * When nobody reads any more (`quotebus tail ... | head`) the program ends quietly: SIGPIPE is ignored, output_write says
 * false, and loops end. Threads: one.
 */
#ifndef QUOTEBUS_CLI_OUTPUT_H
#define QUOTEBUS_CLI_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/bytes.h"
#include "cli/grid.h"

/** How tables are to be laid out. */
struct view {
    bool terminal; /**< stdout is one */
    bool colour;   /**< it is, and NO_COLOR is not set */
    size_t width;  /**< columns; of a terminal, else $COLUMNS, else 120 */
    size_t height; /**< lines of the terminal; 0 when it is none */
};

/** The view of stdout now. */
struct view output_view(void);
/** Writes to stdout; false once that failed, also for want of a reader. */
bool output_write(struct str text);
/** Writes a grid: as a table in the view of stdout, or with `json` one object per line. */
void output_grid(struct grid *grid, bool json);
/** Hands what was written to the reader; false once that failed. */
bool output_flush(void);
/** Flushes for good. Returns `status`, or 1 with a message when the data could not be written although somebody reads. */
int output_finish(int status);

#endif
