#include "validate/bars/shift.h"

#include <math.h>

size_t plateau_reach(struct plateaus *plateaus, size_t from, double step, double tolerance)
{
    const double offset = plateaus->offset[from] + step;
    size_t nearest = 0;
    for (size_t i = 1; i < plateaus->count; i++) {
        if (fabs(plateaus->offset[i] - offset) < fabs(plateaus->offset[nearest] - offset))
            nearest = i;
    }
    if (plateaus->count == PLATEAUS_MAX || fabs(plateaus->offset[nearest] - offset) <= tolerance)
        return nearest;
    plateaus->offset[plateaus->count] = offset;
    return plateaus->count++;
}

size_t plateau_largest(const struct plateaus *plateaus)
{
    size_t largest = 0;
    for (size_t i = 1; i < plateaus->count; i++) {
        if (plateaus->bars[i] >= plateaus->bars[largest])
            largest = i;
    }
    return largest;
}
