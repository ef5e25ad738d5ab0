/*
 * Medians of many values. robust.h has the weighted ones of few. No NaN may be among the values. Threads: any.
 */
#ifndef QUOTEBUS_VALIDATE_BARS_STATISTICS_H
#define QUOTEBUS_VALIDATE_BARS_STATISTICS_H

#include <stddef.h>

/** The median; the middle of two for an even count; 0 of none. Puts `values` in another order. Linear time. */
double median_of(double *values, size_t count);
/** 1.4826 times the median absolute deviation from `center`: the standard deviation of normal values. Overwrites `values`. */
double spread_of(double *values, size_t count, double center);

#endif
