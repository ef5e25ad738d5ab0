/*
 * Sets of days as ranges: what of a history is there, and what is missing.
 *
 * Days are numbers since the epoch; ranges are half open. A set keeps its ranges ascending and apart, at most DAY_RANGES_MAX of
 * them: beyond that the gap with the fewest days is counted in, so that a set stays small whatever is asked for.
 *
 * Pure. Ownership: a zeroed set is empty; day_set_clear frees. Threads: one at a time.
 */
#ifndef QUOTEBUS_BACKFILL_DAYS_H
#define QUOTEBUS_BACKFILL_DAYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Most ranges of a set. */
#define DAY_RANGES_MAX ((size_t)256)

struct days {
    int32_t from; /**< inclusive */
    int32_t to;   /**< exclusive */
};

struct day_set {
    struct days *ranges;
    size_t count;
};

void day_set_clear(struct day_set *set);
/** Adds days; an empty or reversed range adds none. */
void day_set_add(struct day_set *set, struct days days);
/** How many days of a range are in the set. */
int64_t day_set_count(const struct day_set *set, struct days range);
/** The first run of days of a range that are not in the set, at most `most` of them; false when there is none. */
bool day_set_missing(const struct day_set *set, struct days range, int32_t most, struct days *missing);

#endif
