#include "base/clock.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/** Dates are read from year 1 to 9999, so that microseconds fit and the text keeps its width. */
#define YEAR_MIN 1
#define YEAR_MAX 9999

int64_t clock_wall_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * US_PER_S + now.tv_nsec / 1000;
}

int64_t clock_mono_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t time_day_of_us(int64_t us)
{
    const int64_t day = us / US_PER_DAY;
    return us % US_PER_DAY < 0 ? day - 1 : day;
}

/* Both conversions: Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms". */
void time_civil(int64_t day, int *year, int *month, int *month_day)
{
    const int64_t shifted = day + 719468;
    const int64_t era = (shifted >= 0 ? shifted : shifted - 146096) / 146097;
    const int64_t day_of_era = shifted - era * 146097;
    const int64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    const int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    const int64_t month_from_march = (5 * day_of_year + 2) / 153;
    *month_day = (int)(day_of_year - (153 * month_from_march + 2) / 5 + 1);
    *month = (int)(month_from_march < 10 ? month_from_march + 3 : month_from_march - 9);
    *year = (int)(year_of_era + era * 400 + (*month <= 2));
}

int64_t time_day_from_civil(int year, int month, int month_day)
{
    const int64_t from_march = (int64_t)year - (month <= 2);
    const int64_t era = (from_march >= 0 ? from_march : from_march - 399) / 400;
    const int64_t year_of_era = from_march - era * 400;
    const int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + month_day - 1;
    const int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * 146097 + day_of_era - 719468;
}

char *time_format_us(int64_t us, char out[TIME_TEXT_MAX])
{
    const int64_t day = time_day_of_us(us);
    int64_t rest = us % US_PER_DAY;
    if (rest < 0)
        rest += US_PER_DAY;
    int year, month, month_day;
    time_civil(day, &year, &month, &month_day);
    const int64_t seconds = rest / US_PER_S;
    snprintf(out, TIME_TEXT_MAX, "%04d-%02d-%02dT%02d:%02d:%02d.%06" PRId64 "Z", year, month, month_day, (int)(seconds / 3600),
             (int)(seconds / 60 % 60), (int)(seconds % 60), rest % US_PER_S);
    return out;
}

/** Reads exactly `digits` decimal digits and moves `*text` behind them. */
static bool take_digits(const char **text, int digits, int *value)
{
    *value = 0;
    for (int i = 0; i < digits; i++, (*text)++) {
        if (**text < '0' || **text > '9')
            return false;
        *value = *value * 10 + (**text - '0');
    }
    return true;
}

/** Moves behind `c` when it is next. */
static bool take_char(const char **text, char c)
{
    if (**text != c)
        return false;
    (*text)++;
    return true;
}

/** Reads `YYYY-MM-DD` of a day that exists. */
static bool take_date(const char **text, int64_t *day)
{
    int year, month, month_day;
    if (!take_digits(text, 4, &year) || !take_char(text, '-') || !take_digits(text, 2, &month) || !take_char(text, '-') ||
        !take_digits(text, 2, &month_day))
        return false;
    if (year < YEAR_MIN || year > YEAR_MAX || month < 1 || month > 12 || month_day < 1)
        return false;
    *day = time_day_from_civil(year, month, month_day);
    int year_back, month_back, day_back;
    time_civil(*day, &year_back, &month_back, &day_back);
    return month_back == month && day_back == month_day;
}

/** Reads an optional `.fraction` of at least one digit; digits behind the sixth are dropped. */
static bool take_fraction(const char **text, int64_t *us)
{
    *us = 0;
    if (!take_char(text, '.'))
        return true;
    int64_t weight = US_PER_S / 10;
    const char *start = *text;
    for (; **text >= '0' && **text <= '9'; (*text)++, weight /= 10)
        *us += (**text - '0') * weight;
    return *text != start;
}

/** Reads `Z` or `+HH:MM`, as microseconds east of UTC. */
static bool take_offset(const char **text, int64_t *us)
{
    *us = 0;
    if (take_char(text, 'Z') || take_char(text, 'z'))
        return true;
    const bool west = **text == '-';
    if (!take_char(text, '+') && !take_char(text, '-'))
        return false;
    int hours, minutes;
    if (!take_digits(text, 2, &hours) || !take_char(text, ':') || !take_digits(text, 2, &minutes) || hours > 23 || minutes > 59)
        return false;
    *us = (hours * INT64_C(3600) + minutes * INT64_C(60)) * US_PER_S * (west ? -1 : 1);
    return true;
}

/** Reads `HH:MM:SS[.fraction]` and the offset, as microseconds after the date's midnight in UTC. */
static bool take_time(const char **text, int64_t *us)
{
    int hours, minutes, seconds;
    int64_t fraction, offset;
    if (!take_digits(text, 2, &hours) || !take_char(text, ':') || !take_digits(text, 2, &minutes) || !take_char(text, ':') ||
        !take_digits(text, 2, &seconds) || !take_fraction(text, &fraction) || !take_offset(text, &offset))
        return false;
    if (hours > 23 || minutes > 59 || seconds > 59)
        return false;
    *us = (hours * INT64_C(3600) + minutes * INT64_C(60) + seconds) * US_PER_S + fraction - offset;
    return true;
}

/** Reads a date with or without a time of day. */
static bool parse_calendar(const char *text, int64_t *out_us)
{
    int64_t day, time_us = 0;
    if (!take_date(&text, &day))
        return false;
    if (*text && ((!take_char(&text, 'T') && !take_char(&text, 't') && !take_char(&text, ' ')) || !take_time(&text, &time_us)))
        return false;
    *out_us = day * US_PER_DAY + time_us;
    return *text == '\0';
}

/** Reads 10 digits as seconds or 13 as milliseconds since the epoch. */
static bool parse_epoch(const char *text, int64_t *out_us)
{
    const size_t len = strlen(text);
    if ((len != 10 && len != 13) || strspn(text, "0123456789") != len)
        return false;
    *out_us = (int64_t)strtoll(text, NULL, 10) * (len == 10 ? US_PER_S : US_PER_MS);
    return true;
}

/** Reads `-5m` and its like, up to ten years back. */
static bool parse_relative(const char *text, int64_t now_us, int64_t *out_us)
{
    static const char units[] = "smhd";
    static const int64_t unit_seconds[] = {1, 60, 3600, 86400};
    const size_t digits = *text == '-' ? strspn(text + 1, "0123456789") : 0;
    const char *unit = digits >= 1 && digits <= 9 && text[1 + digits] ? strchr(units, text[1 + digits]) : NULL;
    if (!unit || text[2 + digits] != '\0')
        return false;
    const int64_t seconds = strtoll(text + 1, NULL, 10) * unit_seconds[unit - units];
    if (seconds > INT64_C(3660) * 86400)
        return false;
    *out_us = now_us - seconds * US_PER_S;
    return true;
}

bool time_parse_us(const char *text, int64_t now_us, int64_t *out_us, struct error *error)
{
    if (strcmp(text, "now") == 0) {
        *out_us = now_us;
        return true;
    }
    int64_t us;
    if (!parse_relative(text, now_us, &us) && !parse_epoch(text, &us) && !parse_calendar(text, &us))
        return error_set(
            error, ERROR_USAGE,
            "'%.60s' is not a time: write 2026-01-02T03:04:05Z, 2026-01-02, epoch seconds (10 digits) or milliseconds (13), "
            "now, or -90s, -5m, -2h, -1d",
            text);
    *out_us = us;
    return true;
}
