/*
 * Robust statistics of a few weighted values: quantiles and the median absolute deviation.
 *
 * Mean and standard deviation cannot tell an outlier among few values: the largest possible z-score of n values is sqrt(n - 1),
 * 1.41 for three and 2 for five. The median withstands anything that less than half of the weight says.
 *
 * All values must be finite and positive weights; nothing here makes a NaN from such. Threads: any, no state.
 */
#ifndef QUOTEBUS_VALIDATE_ROBUST_H
#define QUOTEBUS_VALIDATE_ROBUST_H

#include <stddef.h>

/**
 * A local array that is filled as far as it is read. The hardened build would zero all of it for each quote, which is a fifth of
 * the engine's time.
 */
#if defined(__has_attribute) && __has_attribute(uninitialized)
#define FILLED_AS_READ __attribute__((uninitialized))
#else
#define FILLED_AS_READ
#endif

/** Times the median absolute deviation gives the standard deviation of normally distributed values. */
#define MAD_TO_SIGMA 1.4826

struct weighted_value {
    double value;
    double weight; /**< above 0 */
};

/** Sorts by value. Meant for few values: the time is quadratic. */
void weighted_sort(struct weighted_value *values, size_t count);
/**
 * The value below which `share` (0 to 1) of the weight lies. Where the share falls exactly between two values it is their middle.
 * `sorted` has at least one value.
 */
double weighted_quantile(const struct weighted_value *sorted, size_t count, double share);
/** The three quartiles, lower one first, as weighted_quantile gives them. */
void weighted_quartiles(const struct weighted_value *sorted, size_t count, double quartiles[3]);
/** Median of the distances from `center`. Overwrites `values`. */
double weighted_mad(struct weighted_value *values, size_t count, double center);

/** Sorts a few values of one weight. */
void plain_sort(double *values, size_t count);
/** Median of at least one value, as weighted_quantile gives it for equal weights. */
double plain_median(const double *sorted, size_t count);
/** Median of the distances from `center` of at least one value. */
double plain_mad(const double *sorted, size_t count, double center);

#endif
