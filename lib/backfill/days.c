#include "backfill/days.h"

#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"

void day_set_clear(struct day_set *set)
{
    free(set->ranges);
    *set = (struct day_set){0};
}

/** Takes ranges first..last out and puts one in their place, or in front of `first` when last is before it. */
static void replace(struct day_set *set, size_t first, size_t end, struct days by)
{
    const size_t behind = set->count - end;
    if (end == first)
        set->ranges = xrealloc(set->ranges, (set->count + 1) * sizeof(*set->ranges));
    memmove(&set->ranges[first + 1], &set->ranges[end], behind * sizeof(*set->ranges));
    set->ranges[first] = by;
    set->count = first + 1 + behind;
}

/** Counts the smallest gap in. */
static void close_smallest_gap(struct day_set *set)
{
    size_t smallest = 0;
    for (size_t i = 1; i + 1 < set->count; i++) {
        const int32_t gap = set->ranges[i + 1].from - set->ranges[i].to;
        if (gap < set->ranges[smallest + 1].from - set->ranges[smallest].to)
            smallest = i;
    }
    const struct days both = {.from = set->ranges[smallest].from, .to = set->ranges[smallest + 1].to};
    replace(set, smallest, smallest + 2, both);
}

void day_set_add(struct day_set *set, struct days days)
{
    size_t first = 0;
    if (days.from >= days.to)
        return;
    while (first < set->count && set->ranges[first].to < days.from)
        first++;
    size_t end = first;
    for (; end < set->count && set->ranges[end].from <= days.to; end++) {
        days.from = set->ranges[end].from < days.from ? set->ranges[end].from : days.from;
        days.to = set->ranges[end].to > days.to ? set->ranges[end].to : days.to;
    }
    replace(set, first, end, days);
    if (set->count > DAY_RANGES_MAX)
        close_smallest_gap(set);
}

int64_t day_set_count(const struct day_set *set, struct days range)
{
    int64_t count = 0;
    for (size_t i = 0; i < set->count; i++) {
        const int32_t from = set->ranges[i].from > range.from ? set->ranges[i].from : range.from;
        const int32_t to = set->ranges[i].to < range.to ? set->ranges[i].to : range.to;
        count += to > from ? to - from : 0;
    }
    return count;
}

bool day_set_missing(const struct day_set *set, struct days range, int32_t most, struct days *missing)
{
    *missing = range;
    for (size_t i = 0; i < set->count && set->ranges[i].from < missing->to; i++) {
        if (set->ranges[i].from > missing->from)
            missing->to = set->ranges[i].from;
        else if (set->ranges[i].to > missing->from)
            missing->from = set->ranges[i].to;
    }
    if (missing->from >= missing->to)
        return false;
    if (missing->to - missing->from > most)
        missing->to = missing->from + most;
    return true;
}
