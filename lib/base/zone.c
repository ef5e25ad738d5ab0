#include "base/zone.h"

#include <stdbool.h>

#include "base/clock.h"

#define US_PER_HOUR (INT64_C(3600) * US_PER_S)
/** A month has at most five Sundays: counted from its end. */
#define LAST 0

/** A change of the clock: a Sunday and the local standard hour at which it happens. */
struct change {
    int month;
    int sunday; /* 1: the first of the month; LAST */
    int standard_hour;
};

/** What is known about each zone. */
static const struct rule {
    int standard_hours; /* east of UTC */
    struct change to_daylight, to_standard;
} zones[] = {
    /* Energy Policy Act of 2005, section 110. 02:00 daylight time is 01:00 standard time. */
    [ZONE_NEW_YORK] = {-5, {3, 2, 2}, {11, 1, 1}},
    /* Directive 2000/84/EC: both at 01:00 UTC. */
    [ZONE_CENTRAL_EUROPE] = {1, {3, LAST, 2}, {10, LAST, 2}},
    [ZONE_LONDON] = {0, {3, LAST, 1}, {10, LAST, 1}},
};

/** The day number of a Sunday of a month. */
static int64_t sunday_of(int year, const struct change *change)
{
    if (change->sunday == LAST) {
        const int64_t last = time_day_from_civil(year, change->month + 1, 1) - 1; /* no rule is about December */
        return last - (last + 4) % 7;                                             /* day 0 was a Thursday */
    }
    const int64_t first = time_day_from_civil(year, change->month, 1);
    return first + (7 - (first + 4) % 7) % 7 + INT64_C(7) * (change->sunday - 1);
}

/** The local standard time of a change in a year, as if it were UTC. */
static int64_t change_us(int year, const struct change *change)
{
    return sunday_of(year, change) * US_PER_DAY + change->standard_hour * US_PER_HOUR;
}

/** Whether the clock is an hour ahead at a local standard time. */
static bool is_daylight(const struct rule *rule, int64_t standard_us)
{
    int year, month, month_day;
    time_civil(time_day_of_us(standard_us), &year, &month, &month_day);
    return standard_us >= change_us(year, &rule->to_daylight) && standard_us < change_us(year, &rule->to_standard);
}

int64_t zone_to_utc_us(enum zone zone, int64_t local_us)
{
    const struct rule *rule = &zones[zone];
    const bool daylight = is_daylight(rule, local_us - US_PER_HOUR);
    return local_us - (rule->standard_hours + daylight) * US_PER_HOUR;
}

int64_t zone_offset_s(enum zone zone, int64_t utc_us)
{
    const struct rule *rule = &zones[zone];
    return INT64_C(3600) * (rule->standard_hours + is_daylight(rule, utc_us + rule->standard_hours * US_PER_HOUR));
}
