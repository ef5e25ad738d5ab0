/*
 * Doubles as text that reads back as the same double, with 15 digits where they suffice, else 16 or 17. What providers send as
 * decimals of at most 15 digits comes out as it was sent.
 *
 * Threads: any. The locale's decimal point is not used as long as nobody calls setlocale, and no program of ours does.
 */
#ifndef QUOTEBUS_BASE_NUMBER_TEXT_H
#define QUOTEBUS_BASE_NUMBER_TEXT_H

/** Longest text with the NUL: sign, 17 digits, point, exponent. */
#define DOUBLE_TEXT_MAX 32

/** Writes 101.25, 1e-07, -0, NaN, Infinity or -Infinity. Returns `out`. */
char *double_text(double value, char out[DOUBLE_TEXT_MAX]);

#endif
