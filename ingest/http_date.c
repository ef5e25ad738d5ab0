#include "ingest/http_date.h"

#include <string.h>
#include <time.h>

#include "base/clock.h"

/** Longest date text that is looked at. */
#define DATE_TEXT_MAX 63

bool http_date_parse(struct str text, int64_t *out_us)
{
    static const char *const forms[] = {"%a, %d %b %Y %H:%M:%S GMT", "%A, %d-%b-%y %H:%M:%S GMT", "%a %b %e %H:%M:%S %Y"};
    char copy[DATE_TEXT_MAX + 1];
    if (text.len == 0 || text.len > DATE_TEXT_MAX) {
        return false;
    }
    memcpy(copy, text.ptr, text.len);
    copy[text.len] = '\0';
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        struct tm date = {0};
        const char *end = strptime(copy, forms[i], &date);
        if (end != NULL && *end == '\0' && date.tm_year >= 70 && date.tm_sec <= 60) { /* years count from 1900 */
            int64_t seconds = date.tm_sec + INT64_C(60) * date.tm_min + INT64_C(3600) * date.tm_hour;
            *out_us = time_day_from_civil(date.tm_year + 1900, date.tm_mon + 1, date.tm_mday) * US_PER_DAY + seconds * US_PER_S;
            return true;
        }
    }
    return false;
}

bool http_seconds_parse(struct str text, int64_t max_s, int64_t *out_s)
{
    int64_t seconds = 0;
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] < '0' || text.ptr[i] > '9') {
            return false;
        }
        seconds = seconds * 10 + (text.ptr[i] - '0');
        seconds = seconds > max_s ? max_s : seconds; /* so that it cannot overflow */
    }
    *out_s = seconds;
    return text.len > 0;
}

bool retry_after_parse(struct str text, int64_t now_us, int64_t *out_s)
{
    int64_t date_us;
    if (http_seconds_parse(text, RETRY_AFTER_MAX_S, out_s)) {
        return true;
    }
    if (!http_date_parse(text, &date_us)) {
        return false;
    }
    int64_t wait_s = date_us <= now_us ? 0 : (date_us - now_us + US_PER_S - 1) / US_PER_S;
    *out_s = wait_s > RETRY_AFTER_MAX_S ? RETRY_AFTER_MAX_S : wait_s;
    return true;
}
