#include "cli/check_cell.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"

/** Length of a date with a time of day to the second. */
#define DATE_TIME_LEN 19

/** A NUL-terminated copy; false when it is longer than such a cell can be or has a NUL in it. */
static bool copy_text(struct str text, char out[CELL_TEXT_MAX + 1])
{
    if (text.len == 0 || text.len > CELL_TEXT_MAX || memchr(text.ptr, '\0', text.len))
        return false;
    memcpy(out, text.ptr, text.len);
    out[text.len] = '\0';
    return true;
}

/** Reads the spellings of what is no finite number. */
static bool read_not_finite(const char *text, double *out)
{
    const bool negative = *text == '-';
    text += *text == '-' || *text == '+';
    if (strcasecmp(text, "nan") == 0)
        *out = NAN;
    else if (strcasecmp(text, "inf") == 0 || strcasecmp(text, "infinity") == 0)
        *out = negative ? -INFINITY : INFINITY;
    else
        return false;
    return true;
}

bool cell_number(struct opt_str cell, struct opt_double *out)
{
    char text[CELL_TEXT_MAX + 1];
    char *end;
    *out = (struct opt_double){0};
    if (!cell.set)
        return true;
    if (!copy_text(cell.value, text))
        return false;
    out->set = true;
    if (read_not_finite(text, &out->value))
        return true;
    if (text[strspn(text, "0123456789+-.eE")] != '\0')
        return false;
    out->value = strtod(text, &end);
    return end != text && *end == '\0';
}

/** Whether a date with a time of day ends without saying how far from UTC it is. */
static bool lacks_offset(const char *text, size_t len)
{
    return len >= DATE_TIME_LEN && text[4] == '-' && !strpbrk(text + DATE_TIME_LEN, "Zz+-");
}

bool cell_time(struct opt_str cell, int64_t *us, int64_t *resolution_s)
{
    char text[CELL_TEXT_MAX + 2];
    /* The reader of times also knows `now` and `-5m`, which mean nothing in a file. */
    if (!cell.set || !copy_text(cell.value, text) || text[0] < '0' || text[0] > '9')
        return false;
    const size_t len = strlen(text);
    if (lacks_offset(text, len))
        memcpy(text + len, "Z", 2);
    *resolution_s = len == CELL_DATE_LEN && text[4] == '-' ? US_PER_DAY / US_PER_S : 1;
    return time_parse_us(text, 0, us, NULL);
}
