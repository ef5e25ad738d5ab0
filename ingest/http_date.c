#include "ingest/http_date.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"

/** Longest date text that is looked at. */
#define DATE_TEXT_MAX 63

/** The pieces of a date as they stand in the text. */
struct date_parts {
    char month[4];
    int year, day, hour, minute, second;
};

/** Month number of an English abbreviation, 0 when there is none such. */
static int month_number(const char *name)
{
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    const char *found = strlen(name) == 3 ? strstr(months, name) : NULL;
    if (found == NULL || (found - months) % 3 != 0) {
        return 0;
    }
    return (int)((found - months) / 3) + 1;
}

/** Reads one of the three forms; `end` gets how much of the text was used. */
static bool scan_parts(const char *text, struct date_parts *p)
{
    int end = 0;
    if (sscanf(text, "%*3[A-Za-z], %2d %3[A-Za-z] %4d %2d:%2d:%2d GMT%n", &p->day, p->month, &p->year, &p->hour, &p->minute,
               &p->second, &end) == 6 &&
        end > 0) {
        return text[end] == '\0';
    }
    end = 0;
    if (sscanf(text, "%*9[A-Za-z], %2d-%3[A-Za-z]-%2d %2d:%2d:%2d GMT%n", &p->day, p->month, &p->year, &p->hour, &p->minute,
               &p->second, &end) == 6 &&
        end > 0) {
        p->year += p->year < 70 ? 2000 : 1900;
        return text[end] == '\0';
    }
    end = 0;
    return sscanf(text, "%*3[A-Za-z] %3[A-Za-z] %2d %2d:%2d:%2d %4d%n", p->month, &p->day, &p->hour, &p->minute, &p->second,
                  &p->year, &end) == 6 &&
           end > 0 && text[end] == '\0';
}

/** Whether the pieces are a point in time (a leap second counts). */
static bool parts_valid(const struct date_parts *p, int month)
{
    return month > 0 && p->year >= 1970 && p->day >= 1 && p->day <= 31 && p->hour >= 0 && p->hour <= 23 && p->minute >= 0 &&
           p->minute <= 59 && p->second >= 0 && p->second <= 60;
}

bool http_date_parse(struct str text, int64_t *out_us)
{
    char copy[DATE_TEXT_MAX + 1];
    struct date_parts p = {0};
    if (text.len > DATE_TEXT_MAX) {
        return false;
    }
    memcpy(copy, text.ptr, text.len);
    copy[text.len] = '\0';
    if (!scan_parts(copy, &p)) {
        return false;
    }
    int month = month_number(p.month);
    if (!parts_valid(&p, month)) {
        return false;
    }
    int64_t seconds = (int64_t)p.hour * 3600 + p.minute * 60 + p.second;
    *out_us = time_day_from_civil(p.year, month, p.day) * US_PER_DAY + seconds * US_PER_S;
    return true;
}

/** Reads digits only; stops growing at the cap, so that it cannot overflow. */
static bool seconds_parse(struct str text, int64_t *out_s)
{
    int64_t seconds = 0;
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] < '0' || text.ptr[i] > '9') {
            return false;
        }
        seconds = seconds * 10 + (text.ptr[i] - '0');
        seconds = seconds > RETRY_AFTER_MAX_S ? RETRY_AFTER_MAX_S : seconds;
    }
    *out_s = seconds;
    return text.len > 0;
}

bool retry_after_parse(struct str text, int64_t now_us, int64_t *out_s)
{
    int64_t date_us;
    if (seconds_parse(text, out_s)) {
        return true;
    }
    if (!http_date_parse(text, &date_us)) {
        return false;
    }
    int64_t wait_s = date_us <= now_us ? 0 : (date_us - now_us + US_PER_S - 1) / US_PER_S;
    *out_s = wait_s > RETRY_AFTER_MAX_S ? RETRY_AFTER_MAX_S : wait_s;
    return true;
}
