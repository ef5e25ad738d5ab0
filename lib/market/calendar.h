/*
 * When markets trade: sessions with holidays and early closes of exchanges, the week of foreign exchange, and always for crypto.
 *
 * A market has at most one session a trading day, and a session has the date of the day on which it ends: Monday's session of
 * foreign exchange begins on Sunday at 17:00 in New York. Hours are those of regular trading: what is quoted before the open and
 * after the close is outside.
 *
 * Days are known from CALENDAR_FIRST_YEAR to CALENDAR_LAST_YEAR (sessions.c, from exchange_calendars 4.13); in other years each
 * weekday is a full trading day. Hours are exact where base/zone.h is: from 2007 in New York, from 1996 in Europe.
 *
 * Times lie in the years 1 to 9999. Pure; any thread.
 */
#ifndef QUOTEBUS_MARKET_CALENDAR_H
#define QUOTEBUS_MARKET_CALENDAR_H

#include <stdbool.h>
#include <stdint.h>

#define CALENDAR_FIRST_YEAR 1990
#define CALENDAR_LAST_YEAR 2028

enum market {
    MARKET_ALWAYS,   /**< every day from midnight to midnight UTC: crypto */
    MARKET_WEEKDAYS, /**< Monday to Friday from midnight to midnight UTC: an exchange whose hours are not known here */
    MARKET_FX,       /**< Sunday 17:00 to Friday 17:00 in New York */
    MARKET_XNYS,     /**< New York Stock Exchange, Nasdaq: 9:30 to 16:00 */
    MARKET_XLON,     /**< London Stock Exchange: 8:00 to 16:30 */
    MARKET_XETR,     /**< Xetra, Frankfurt: 9:00 to 17:30 */
};

/** A session, from its open to its close (excluded), microseconds since the epoch, UTC. */
struct market_session {
    int64_t open_us;
    int64_t close_us;
};

/** Whether there is a session on a day (days since the epoch; the market's own date). */
bool calendar_is_trading_day(enum market market, int64_t day);

/** The session of a day. False, and `session` untouched, when there is none. */
bool calendar_session(enum market market, int64_t day, struct market_session *session);

/** Whether the market trades at a point in time (microseconds since the epoch, UTC). */
bool calendar_is_open(enum market market, int64_t us);

/** The earliest time not before `us` at which the market is open: `us` itself while it is. */
int64_t calendar_next_open_us(enum market market, int64_t us);

/** Longest span whose open hours are counted. */
#define CALENDAR_SPAN_DAYS_MAX 3660
/**
 * Seconds within [from_us, to_us) at which the market is open; 0 when the span is empty or ends before it begins. Of a span
 * longer than CALENDAR_SPAN_DAYS_MAX days the rest is left out.
 */
int64_t calendar_open_seconds_between(enum market market, int64_t from_us, int64_t to_us);

/** Trading days within [from_day, to_day), of at most CALENDAR_SPAN_DAYS_MAX days from its beginning. */
int64_t calendar_trading_days_between(enum market market, int64_t from_day, int64_t to_day);

#endif
