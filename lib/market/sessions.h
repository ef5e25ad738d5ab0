/*
 * The holidays and early closes of exchanges by year, as generate_sessions.py writes them to sessions.c. For calendar.c alone.
 *
 * A date is month * 100 + day. Lists end with 0 or when they are full.
 */
#ifndef QUOTEBUS_MARKET_SESSIONS_H
#define QUOTEBUS_MARKET_SESSIONS_H

#include <stdint.h>

/** The years of the tables, the same for every exchange. */
#define SESSION_FIRST_YEAR 1990
#define SESSION_YEARS 39
/** Most weekdays without a session in a year: 2001 had 13, with the four after the eleventh of September. */
#define SESSION_CLOSED_MAX 14
#define SESSION_EARLY_MAX 4

struct session_year {
    int16_t closed[SESSION_CLOSED_MAX]; /**< weekdays without a session */
    struct session_early {
        int16_t date;
        int16_t close_minute; /**< after midnight, local time */
    } early[SESSION_EARLY_MAX];
};

extern const struct session_year sessions_xnys[SESSION_YEARS];
extern const struct session_year sessions_xlon[SESSION_YEARS];
extern const struct session_year sessions_xetr[SESSION_YEARS];

#endif
