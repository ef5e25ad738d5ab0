/*
 * Shifts of the level: stretches of a series that stand a factor above or below the rest.
 *
 * A step between two days that is larger than any real move begins another stretch. Stretches on the same level (within a
 * tolerance, so that what the price did meanwhile does not count) form one plateau; the plateau of most days is taken for the
 * right one. So single bars, runs and edges of a series are found alike, as long as they are the minority.
 */
#ifndef QUOTEBUS_VALIDATE_BARS_SHIFT_H
#define QUOTEBUS_VALIDATE_BARS_SHIFT_H

#include <stdbool.h>
#include <stddef.h>

/** Most plateaus that are told apart. */
#define PLATEAUS_MAX 64

struct plateaus {
    double offset[PLATEAUS_MAX]; /**< log factor relative to the first bar's plateau */
    size_t bars[PLATEAUS_MAX];
    size_t count;
};

/**
 * The plateau that lies `step` above `from`, made when it is new; the nearest one when there are PLATEAUS_MAX. Offsets within
 * `tolerance` are one plateau.
 */
size_t plateau_reach(struct plateaus *plateaus, size_t from, double step, double tolerance);
/** The plateau with most bars; of equals the later found. */
size_t plateau_largest(const struct plateaus *plateaus);

#endif
