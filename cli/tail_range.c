#include "cli/tail_range.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

/** How many records are shown when nothing else is said, as tail(1) does. */
#define DEFAULT_COUNT 10
/** Longest text of a range, with the NUL. */
#define RANGE_TEXT_MAX 128

/** Reads a whole number of digits only. */
static bool parse_digits(const char *text, int64_t *number)
{
    const size_t len = strlen(text);
    if (len == 0 || strspn(text, "0123456789") != len)
        return false;
    errno = 0;
    *number = strtoll(text, NULL, 10);
    return errno == 0;
}

/** Reads a time, in milliseconds. */
static bool parse_time(const char *option, const char *choices, const char *text, int64_t now_us, int64_t *ms,
                       struct error *error)
{
    int64_t us;
    struct error why = {0};
    if (!time_parse_us(text, now_us, &us, &why))
        return error_set(error, ERROR_USAGE, "%s '%.60s': write %s, or a time like -2h, 2026-01-02 or 2026-01-02T03:04:05Z",
                         option, text, choices);
    *ms = us / US_PER_MS;
    return true;
}

/** Reads --from. */
static bool parse_from(const char *text, int64_t now_us, struct tail_range *range, struct error *error)
{
    if (!text) {
        range->start = READER_LAST;
        range->start_value = DEFAULT_COUNT;
        return true;
    }
    if (strcmp(text, "start") == 0) {
        range->start = READER_BEGINNING;
        return true;
    }
    if (strcmp(text, "end") == 0) {
        range->start = READER_END;
        return true;
    }
    if (*text == '@' && parse_digits(text + 1, &range->start_value)) {
        range->start = READER_OFFSET;
        return true;
    }
    if (*text == '-' && parse_digits(text + 1, &range->start_value)) {
        range->start = READER_LAST;
        return true;
    }
    range->start = READER_TIME;
    text += *text == '@';
    return parse_time("--from", "start, end, -10 (the newest 10), @1234 (an offset)", text, now_us, &range->start_value, error);
}

/** Reads --to. */
static bool parse_to(const char *text, int64_t now_us, struct tail_range *range, struct error *error)
{
    if (!text || strcmp(text, "end") == 0)
        return true;
    if (*text == '@' && parse_digits(text + 1, &range->end_offset))
        return true;
    text += *text == '@';
    return parse_time("--to", "end, @1234 (an offset)", text, now_us, &range->end_ms, error);
}

/** Whether a text is an offset or a time. */
static bool is_place(const char *text, int64_t now_us)
{
    int64_t ignored;
    struct error why = {0};
    return parse_digits(text, &ignored) || time_parse_us(text, now_us, &ignored, &why);
}

/** Splits `@FROM:TO`: writes `@FROM` and `@TO`. Times have colons, too, so the one that leaves a place on both sides is taken. */
static bool split_range(const char *text, int64_t now_us, char *from, char *to)
{
    const size_t len = strlen(text);
    if (*text != '@' || len >= RANGE_TEXT_MAX)
        return false;
    for (const char *colon = strchr(text, ':'); colon; colon = strchr(colon + 1, ':')) {
        memcpy(from, text, (size_t)(colon - text));
        from[colon - text] = '\0';
        memcpy(to + 1, colon + 1, len - (size_t)(colon - text));
        to[0] = '@';
        if (is_place(from + 1, now_us) && is_place(to + 1, now_us))
            return true;
    }
    return false;
}

bool tail_range_parse(const char *from, const char *to, int64_t now_us, struct tail_range *range, struct error *error)
{
    *range = (struct tail_range){.end_offset = INT64_MAX, .end_ms = INT64_MAX};
    char first[RANGE_TEXT_MAX], second[RANGE_TEXT_MAX + 1];
    if (from && split_range(from, now_us, first, second)) {
        if (to)
            return error_set(error, ERROR_USAGE, "--from %.60s says where to end, too: leave --to out", from);
        from = first;
        to = second;
    }
    return parse_from(from, now_us, range, error) && parse_to(to, now_us, range, error);
}

bool tail_range_has(const struct tail_range *range, int64_t offset, int64_t timestamp_ms)
{
    return offset < range->end_offset && timestamp_ms < range->end_ms;
}
