#!/usr/bin/env python3
"""Writes sessions.c: the holidays and early closes of exchanges, as exchange_calendars knows them.

    pip install exchange_calendars pandas_market_calendars
    lib/market/generate_sessions.py > lib/market/sessions.c

Run it once a year, and after an exchange has announced another day. The result is committed, so that a build needs none of this. Every
exchange is compared with pandas_market_calendars where that has holidays of its own; a difference ends the run.
"""

import datetime
import importlib.metadata
import sys

import exchange_calendars
import pandas
import pandas_market_calendars

FIRST, LAST = 1990, 2028

# Exchange: the name pandas_market_calendars has for a calendar of its own, if any; the usual close.
EXCHANGES = {"XNYS": ("NYSE", "16:00"), "XLON": ("LSE", "16:30"), "XETR": ("EUREX", "17:30")}

# The first year in which both libraries are compared; None: the other has no calendar of its own.
COMPARED_FROM = {"XNYS": 1990, "XLON": 1990, "XETR": None}

# Closes on which the libraries differ: storms and a crash that ended the day, the eve of 2000, a failure of the systems.
KNOWN_DIFFERENCES = {"1994-02-11", "1996-01-08", "1997-10-27", "1999-12-31", "2005-06-01"}

HEAD = """/* Written by generate_sessions.py from exchange_calendars {version}: do not edit. Dates are month * 100 + day. */
#include "market/sessions.h"
"""


def closings(exchange):
    """The schedule of an exchange as {date: local time of its close}."""
    calendar = exchange_calendars.get_calendar(exchange, start=f"{FIRST}-01-01", end=f"{LAST}-12-31")
    closes = calendar.schedule["close"].dt.tz_convert(calendar.tz)
    return {day.date(): close.strftime("%H:%M") for day, close in closes.items()}


def compare(exchange, found):
    """Ends the run when the other library has other sessions."""
    name, _ = EXCHANGES[exchange]
    first = COMPARED_FROM[exchange]
    if first is None:
        return
    calendar = pandas_market_calendars.get_calendar(name)
    schedule = calendar.schedule(start_date=f"{first}-01-01", end_date=f"{LAST}-12-31")
    closes = schedule["market_close"].dt.tz_convert(calendar.tz)
    other = {day.date(): close.strftime("%H:%M") for day, close in closes.items()}
    ours = {day: close for day, close in found.items() if day.year >= first}
    wrong = [day for day in sorted(ours.keys() | other.keys()) if ours.get(day) != other.get(day) and str(day) not in KNOWN_DIFFERENCES]
    for day in wrong:
        print(f"{exchange} {day}: closes {ours.get(day)}, {other.get(day)} elsewhere", file=sys.stderr)
    if wrong:
        sys.exit(1)


def rows(exchange, found):
    """One C row per year."""
    usual = EXCHANGES[exchange][1]
    for year in range(FIRST, LAST + 1):
        weekdays = [day.date() for day in pandas.bdate_range(f"{year}-01-01", f"{year}-12-31")]
        closed = [day for day in weekdays if day not in found]
        early = [day for day in weekdays if found.get(day, usual) != usual]
        texts = ", ".join(str(day.month * 100 + day.day) for day in closed)
        hours = ", ".join(f"{{{day.month * 100 + day.day}, {minutes(found[day])}}}" for day in early)
        yield f"    {{{{{texts}}}, {{{hours or '{0}'}}}}}, /* {year} */"


def minutes(text):
    """Minutes after midnight."""
    time = datetime.time.fromisoformat(text)
    return time.hour * 60 + time.minute


def main():
    print(HEAD.format(version=importlib.metadata.version("exchange_calendars")))
    for exchange in EXCHANGES:
        found = closings(exchange)
        compare(exchange, found)
        print("/* clang-format off */")
        print(f"const struct session_year sessions_{exchange.lower()}[SESSION_YEARS] = {{")
        print("\n".join(rows(exchange, found)))
        print("};\n/* clang-format on */")


main()
