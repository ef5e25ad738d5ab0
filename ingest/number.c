#include "ingest/number.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/** Longest number taken from text. */
#define NUMBER_TEXT_MAX 63

/** True for 0 to 9, whatever the locale. */
static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/** Counts the digits at `*text` and appends them to `*out`; moves both. */
static size_t take_digits(const char **text, char **out)
{
    size_t count = 0;
    while (is_digit(**text)) {
        *(*out)++ = *(*text)++;
        count++;
    }
    return count;
}

/** Copies the integer part without its thousands separators; false when the grouping is wrong. */
static bool take_integer(const char **text, char **out, size_t *digits)
{
    *digits = take_digits(text, out);
    if (**text == ',' && (*digits == 0 || *digits > 3)) {
        return false;
    }
    while (**text == ',') {
        (*text)++;
        if (take_digits(text, out) != 3) {
            return false;
        }
    }
    return true;
}

/** Copies `e`, sign and digits, if there is an exponent; false when it has no digits. */
static bool take_exponent(const char **text, char **out)
{
    if (**text != 'e' && **text != 'E') {
        return true;
    }
    *(*out)++ = *(*text)++;
    if (**text == '+' || **text == '-') {
        *(*out)++ = *(*text)++;
    }
    return take_digits(text, out) > 0;
}

/** Copies a decimal number without separators to `out` (as long as `text`); false when `text` is anything else. */
static bool copy_decimal(const char *text, char *out)
{
    size_t before;
    size_t after = 0;
    if (*text == '+' || *text == '-') {
        *out++ = *text++;
    }
    if (!take_integer(&text, &out, &before)) {
        return false;
    }
    if (*text == '.') {
        *out++ = *text++;
        after = take_digits(&text, &out);
    }
    if (before + after == 0 || !take_exponent(&text, &out)) {
        return false;
    }
    *out = '\0';
    return *text == '\0';
}

bool number_from_text(struct str text, double *out)
{
    char raw[NUMBER_TEXT_MAX + 1];
    char plain[NUMBER_TEXT_MAX + 1];
    while (text.len > 0 && text.ptr[0] == ' ') {
        text.ptr++;
        text.len--;
    }
    while (text.len > 0 && text.ptr[text.len - 1] == ' ') {
        text.len--;
    }
    if (text.len == 0 || text.len > NUMBER_TEXT_MAX || memchr(text.ptr, '\0', text.len) != NULL) {
        return false;
    }
    memcpy(raw, text.ptr, text.len);
    raw[text.len] = '\0';
    if (!copy_decimal(raw, plain)) {
        return false;
    }
    double value = strtod(plain, NULL);
    if (!isfinite(value)) {
        return false;
    }
    *out = value;
    return true;
}

double number_undo_float32(double value)
{
    char text[40];
    if (!isfinite(value) || value == floor(value) || fabs(value) > (double)__FLT_MAX__ || (double)(float)value != value) {
        return value;
    }
    snprintf(text, sizeof text, "%.9g", value);
    if (strtod(text, NULL) == value) {
        return value;
    }
    for (int digits = 6; digits <= 9; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, value);
        if (strtof(text, NULL) == (float)value) {
            return strtod(text, NULL);
        }
    }
    return value;
}

double number_round(double value, int digits)
{
    char text[400]; /* the largest double has 309 digits before the point */
    if (!isfinite(value)) {
        return value;
    }
    snprintf(text, sizeof text, "%.*f", digits, value);
    return strtod(text, NULL);
}

double number_shift_point(double value, int exponent)
{
    char text[48];
    if (!isfinite(value) || value == 0) {
        return value;
    }
    for (int digits = 14; digits <= 16; digits++) {
        snprintf(text, sizeof text, "%.*e", digits, value);
        if (strtod(text, NULL) == value) {
            break;
        }
    }
    char *mark = strchr(text, 'e');
    long written = strtol(mark + 1, NULL, 10);
    snprintf(mark, sizeof text - (size_t)(mark - text), "e%ld", written + exponent);
    return strtod(text, NULL);
}
