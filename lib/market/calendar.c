#include "market/calendar.h"

#include <assert.h>

#include "base/clock.h"
#include "base/zone.h"
#include "market/sessions.h"

#define US_PER_MINUTE (INT64_C(60) * US_PER_S)
#define MINUTES_PER_DAY 1440
/** No exchange here was ever closed for longer. */
#define CLOSED_DAYS_MAX 14

static_assert(CALENDAR_FIRST_YEAR == SESSION_FIRST_YEAR && CALENDAR_LAST_YEAR == SESSION_FIRST_YEAR + SESSION_YEARS - 1,
              "the years of sessions.c");

/** Hours and days of a market. */
static const struct hours {
    const struct session_year *years; /* NULL: no holidays */
    enum zone zone;
    int open_minute, close_minute; /* after the midnight with which the day of the session begins */
    bool is_utc;                   /* these are not times of `zone` */
    bool weekends;
} markets[] = {
    [MARKET_ALWAYS] = {.is_utc = true, .close_minute = MINUTES_PER_DAY, .weekends = true},
    [MARKET_WEEKDAYS] = {.is_utc = true, .close_minute = MINUTES_PER_DAY},
    [MARKET_FX] = {.zone = ZONE_NEW_YORK, .open_minute = 17 * 60 - MINUTES_PER_DAY, .close_minute = 17 * 60},
    [MARKET_XNYS] = {sessions_xnys, ZONE_NEW_YORK, 9 * 60 + 30, 16 * 60, false, false},
    [MARKET_XLON] = {sessions_xlon, ZONE_LONDON, 8 * 60, 16 * 60 + 30, false, false},
    [MARKET_XETR] = {sessions_xetr, ZONE_CENTRAL_EUROPE, 9 * 60, 17 * 60 + 30, false, false},
};

/** Days since the epoch to its date as sessions.h writes it, and the year. */
static int date_of(int64_t day, int *year)
{
    int month, month_day;
    time_civil(day, year, &month, &month_day);
    return month * 100 + month_day;
}

/** The holidays and early closes of a year. NULL when the market has none or the year is not covered. */
static const struct session_year *year_of(const struct hours *hours, int year)
{
    return hours->years && year >= CALENDAR_FIRST_YEAR && year <= CALENDAR_LAST_YEAR ? &hours->years[year - CALENDAR_FIRST_YEAR]
                                                                                     : NULL;
}

/** The minute at which the session of a day ends; false when there is none. */
static bool close_minute_of(const struct hours *hours, int64_t day, int *minute)
{
    *minute = hours->close_minute;
    const int64_t weekday = ((day + 3) % 7 + 7) % 7; /* 0: Monday; day 0 was a Thursday */
    if (weekday >= 5)
        return hours->weekends;
    if (!hours->years)
        return true;
    int year;
    const int date = date_of(day, &year);
    const struct session_year *sessions = year_of(hours, year);
    for (int i = 0; sessions && i < SESSION_CLOSED_MAX && sessions->closed[i]; i++)
        if (sessions->closed[i] == date)
            return false;
    for (int i = 0; sessions && i < SESSION_EARLY_MAX && sessions->early[i].date; i++)
        if (sessions->early[i].date == date)
            *minute = sessions->early[i].close_minute;
    return true;
}

/** The market's own time of a point in time, as if it were UTC. */
static int64_t local_us_of(const struct hours *hours, int64_t us)
{
    return hours->is_utc ? us : us + zone_offset_s(hours->zone, us) * US_PER_S;
}

/** The point in time at a minute after the midnight with which a day begins. */
static int64_t us_of_minute(const struct hours *hours, int64_t day, int minute)
{
    const int64_t local_us = day * US_PER_DAY + minute * US_PER_MINUTE;
    return hours->is_utc ? local_us : zone_to_utc_us(hours->zone, local_us);
}

/** A day whose session, and that of no day before it, may contain the point in time. */
static int64_t first_day_at(const struct hours *hours, int64_t us)
{
    return time_day_of_us(local_us_of(hours, us));
}

bool calendar_is_trading_day(enum market market, int64_t day)
{
    int minute;
    return close_minute_of(&markets[market], day, &minute);
}

bool calendar_session(enum market market, int64_t day, struct market_session *session)
{
    const struct hours *hours = &markets[market];
    int close_minute;
    if (!close_minute_of(hours, day, &close_minute))
        return false;
    session->open_us = us_of_minute(hours, day, hours->open_minute);
    session->close_us = us_of_minute(hours, day, close_minute);
    return true;
}

bool calendar_is_open(enum market market, int64_t us)
{
    const struct hours *hours = &markets[market];
    const int64_t local_us = local_us_of(hours, us);
    const int64_t today = time_day_of_us(local_us);
    for (int64_t day = today; day <= today + (hours->open_minute < 0); day++) {
        const int64_t since_us = local_us - day * US_PER_DAY;
        int close_minute;
        if (since_us >= hours->open_minute * US_PER_MINUTE && close_minute_of(hours, day, &close_minute) &&
            since_us < close_minute * US_PER_MINUTE)
            return true;
    }
    return false;
}

int64_t calendar_next_open_us(enum market market, int64_t us)
{
    struct market_session session = {0};
    int64_t day = first_day_at(&markets[market], us);
    const int64_t last_day = day + CLOSED_DAYS_MAX;
    while (!(calendar_session(market, day, &session) && session.close_us > us)) {
        day++;
        assert(day <= last_day);
    }
    return session.open_us > us ? session.open_us : us;
}

int64_t calendar_open_seconds_between(enum market market, int64_t from_us, int64_t to_us)
{
    const int64_t longest_us = CALENDAR_SPAN_DAYS_MAX * US_PER_DAY;
    if (to_us > from_us && to_us - from_us > longest_us)
        to_us = from_us + longest_us;
    int64_t open_us = 0;
    struct market_session session;
    for (int64_t day = first_day_at(&markets[market], from_us); from_us < to_us; day++) {
        if (!calendar_session(market, day, &session))
            continue;
        if (session.open_us >= to_us)
            break;
        const int64_t begin_us = session.open_us > from_us ? session.open_us : from_us;
        const int64_t end_us = session.close_us < to_us ? session.close_us : to_us;
        open_us += end_us > begin_us ? end_us - begin_us : 0;
    }
    return open_us / US_PER_S;
}

int64_t calendar_trading_days_between(enum market market, int64_t from_day, int64_t to_day)
{
    int64_t count = 0;
    for (int64_t day = from_day; day < to_day && day - from_day < CALENDAR_SPAN_DAYS_MAX; day++)
        count += calendar_is_trading_day(market, day);
    return count;
}
