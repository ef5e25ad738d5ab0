/*
 * Numbers as providers write them: text with thousands separators, floats widened to double, minor units.
 *
 * Every function works on the decimal text of a number, so that no binary noise is added: 305.3 pence become 3.053 pounds, not
 * 3.0530000000000004. All are pure and may be called from any thread.
 */
#ifndef QUOTEBUS_INGEST_NUMBER_H
#define QUOTEBUS_INGEST_NUMBER_H

#include <stdbool.h>

#include "base/bytes.h"

/**
 * Reads a decimal number: `112.6300`, `-0.66`, `1,234.50`, `1e-7`; blanks around it are skipped. False for anything else (`None`,
 * `-`, hex, inf, nan, a wrong grouping, over 63 characters, out of the range of a double); *out is then left alone.
 */
bool number_from_text(struct str text, double *out);

/**
 * A float32 that was widened to double gets its short decimal back: 166.69000244140625 becomes 166.69 (the shortest decimal that
 * reads as the same float32). Integers, decimals of at most 9 digits and numbers that are no float32 stay as they are.
 */
double number_undo_float32(double value);

/** The value rounded to `digits` (0 to 15) behind the decimal point. */
double number_round(double value, int digits);

/** value * 10^exponent, exactly as if the decimal point of its shortest decimal were moved. */
double number_shift_point(double value, int exponent);

#endif
