/*
 * The cells of rows that are checked: numbers and times as people write them into files. Pure. Threads: any.
 */
#ifndef QUOTEBUS_CLI_CHECK_CELL_H
#define QUOTEBUS_CLI_CHECK_CELL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"

/** Longest text of a number or a time. */
#define CELL_TEXT_MAX 63
/** Length of `2026-01-02`. */
#define CELL_DATE_LEN 10

/**
 * Reads a decimal number (`-1.5e3`), or NaN, inf and infinity with a sign and in any case; what is too large for a double is
 * infinite. An unset cell gives an unset figure. False: the text is neither (hex, thousands separators, words).
 */
bool cell_number(struct opt_str cell, struct opt_double *out);
/**
 * Reads RFC 3339, a date (midnight UTC; *resolution_s becomes a day, else 1), or epoch seconds or milliseconds. A time without
 * an offset is taken as UTC. False for anything else, and for an unset cell.
 */
bool cell_time(struct opt_str cell, int64_t *us, int64_t *resolution_s);

#endif
