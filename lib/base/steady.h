/*
 * Logarithms, exponentials and a distance that give the same bits on every machine.
 *
 * glibc takes another implementation of log and exp where the processor has fused multiply-add, and has changed them between
 * versions, so their last bit differs between machines. What validate publishes must not: a rerun elsewhere has to give the same
 * bytes. These use nothing but what IEEE 754 rounds in one way (+ - * / sqrt and powers of two), and the build forbids the
 * compiler to fuse (-ffp-contract=off). They are within 1 ulp (exponentials: 2) of the true value; the methods are the textbook
 * ones: reduction by powers of two, then the series of atanh and exp.
 *
 * Threads: any, no state. Rounding mode: to nearest.
 */
#ifndef QUOTEBUS_BASE_STEADY_H
#define QUOTEBUS_BASE_STEADY_H

/** Natural logarithm; -inf of 0, NaN below it. */
double steady_log(double x);
/** e to the power of x; inf above about 709.78, 0 below about -745. */
double steady_exp(double x);
/** 2 to the power of x; inf from 1024 on, 0 below -1075. */
double steady_exp2(double x);
/** Square root of a^2 + b^2. The squares must not overflow: for figures below 1e150. */
double steady_hypot(double a, double b);

#endif
