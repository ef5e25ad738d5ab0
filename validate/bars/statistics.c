#include "validate/bars/statistics.h"

#include <math.h>

#include "validate/robust.h"

/** Exchanges two values. */
static void swap(double *a, double *b)
{
    const double kept = *a;
    *a = *b;
    *b = kept;
}

/** Moves the value of rank k to its place: smaller ones before it, larger ones behind (Hoare's selection). */
static double select_rank(double *values, size_t count, size_t k)
{
    size_t first = 0, last = count - 1;
    while (first < last) {
        const double pivot = values[first + (last - first) / 2];
        size_t low = first, high = last;
        for (;;) {
            while (values[low] < pivot)
                low++;
            while (values[high] > pivot)
                high--;
            if (low >= high)
                break;
            swap(&values[low++], &values[high--]);
        }
        /* Now all up to `high` are at most the pivot, all behind it at least; and high < last, since the pivot was not the last.
         */
        if (k <= high)
            last = high;
        else
            first = high + 1;
    }
    return values[k];
}

double median_of(double *values, size_t count)
{
    if (count == 0)
        return 0;
    const size_t middle = count / 2;
    const double upper = select_rank(values, count, middle);
    if (count % 2)
        return upper;
    double lower = values[0];
    for (size_t i = 1; i < middle; i++)
        lower = fmax(lower, values[i]);
    return lower / 2 + upper / 2;
}

double spread_of(double *values, size_t count, double center)
{
    for (size_t i = 0; i < count; i++)
        values[i] = fabs(values[i] - center);
    return MAD_TO_SIGMA * median_of(values, count);
}
