#include "validate/robust.h"

#include <math.h>

/** Part of the weight by which a sum of fractions may miss the share it stands for: thrice a third is one. */
#define SHARE_TOLERANCE 1e-9

void weighted_sort(struct weighted_value *values, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        const struct weighted_value moved = values[i];
        size_t place = i;
        for (; place > 0 && values[place - 1].value > moved.value; place--)
            values[place] = values[place - 1];
        values[place] = moved;
    }
}

/** Sum of the weights. */
static double total_weight(const struct weighted_value *values, size_t count)
{
    double total = 0;
    for (size_t i = 0; i < count; i++)
        total += values[i].weight;
    return total;
}

/** weighted_quantile, knowing the total weight. */
static double quantile_of(const struct weighted_value *sorted, size_t count, double total, double share)
{
    double below = 0;
    const double tolerance = total * SHARE_TOLERANCE;
    for (size_t i = 0; i + 1 < count; i++) {
        below += sorted[i].weight;
        if (below > share * total + tolerance)
            return sorted[i].value;
        if (below >= share * total - tolerance)
            return sorted[i].value / 2 + sorted[i + 1].value / 2;
    }
    return sorted[count - 1].value;
}

double weighted_quantile(const struct weighted_value *sorted, size_t count, double share)
{
    return quantile_of(sorted, count, total_weight(sorted, count), share);
}

void weighted_quartiles(const struct weighted_value *sorted, size_t count, double quartiles[3])
{
    const double total = total_weight(sorted, count);
    for (int i = 0; i < 3; i++)
        quartiles[i] = quantile_of(sorted, count, total, 0.25 * (i + 1));
}

double weighted_mad(struct weighted_value *values, size_t count, double center)
{
    for (size_t i = 0; i < count; i++)
        values[i].value = fabs(values[i].value - center);
    weighted_sort(values, count);
    return weighted_quantile(values, count, 0.5);
}

void plain_sort(double *values, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        const double moved = values[i];
        size_t place = i;
        for (; place > 0 && values[place - 1] > moved; place--)
            values[place] = values[place - 1];
        values[place] = moved;
    }
}

double plain_median(const double *sorted, size_t count)
{
    const size_t middle = count / 2;
    return count % 2 ? sorted[middle] : sorted[middle - 1] / 2 + sorted[middle] / 2;
}

double plain_mad(const double *sorted, size_t count, double center)
{
    /* The furthest are at the ends, so those beyond the median distance are taken off there. */
    size_t first = 0, end = count;
    double beyond = 0, distance = 0;
    for (size_t left = count; left > (count - 1) / 2; left--) {
        const double below = fabs(sorted[first] - center), above = fabs(sorted[end - 1] - center);
        beyond = distance;
        distance = below > above ? below : above;
        if (below > above)
            first++;
        else
            end--;
    }
    return count % 2 ? distance : distance / 2 + beyond / 2;
}
