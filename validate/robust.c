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

double weighted_quantile(const struct weighted_value *sorted, size_t count, double share)
{
    double total = 0, below = 0;
    for (size_t i = 0; i < count; i++)
        total += sorted[i].weight;
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

double weighted_mad(struct weighted_value *values, size_t count, double center)
{
    for (size_t i = 0; i < count; i++)
        values[i].value = fabs(values[i].value - center);
    weighted_sort(values, count);
    return weighted_quantile(values, count, 0.5);
}
