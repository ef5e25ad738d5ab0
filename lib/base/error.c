#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"

/** Takes over a text as the message. */
static void put_message(struct error *error, char *text)
{
    utf8_to_line(text);
    memcpy(error->message, text, strlen(text) + 1);
}

/** Formats over the whole message; a text that does not fit is cut. */
static void fill(struct error *error, enum error_code code, const char *cause, const char *fmt, va_list args)
{
    if (!error)
        return;
    error->code = code;
    error->cause = cause;
    /* Formatted apart, since an argument may point into the message that is replaced. */
    char text[sizeof(error->message)];
    vsnprintf(text, sizeof(text), fmt, args);
    put_message(error, text);
}

bool error_set(struct error *error, enum error_code code, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    fill(error, code, NULL, fmt, args);
    va_end(args);
    return false;
}

bool error_cause(struct error *error, enum error_code code, const char *cause, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    fill(error, code, cause, fmt, args);
    va_end(args);
    return false;
}

bool error_prefix(struct error *error, const char *fmt, ...)
{
    if (!error)
        return false;
    char text[sizeof(error->message)];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);

    const size_t prefix = strlen(text);
    snprintf(text + prefix, sizeof(text) - prefix, ": %s", error->message);
    put_message(error, text);
    return false;
}

void error_clear(struct error *error)
{
    if (error)
        *error = (struct error){0};
}

int error_exit_status(enum error_code code)
{
    static const int statuses[] = {
        [ERROR_NONE] = 0,   [ERROR_INVALID] = 1,   [ERROR_USAGE] = 2, [ERROR_UNREACHABLE] = 3, [ERROR_RETRY] = 3,
        [ERROR_FENCED] = 1, [ERROR_NOT_FOUND] = 1, [ERROR_LIMIT] = 1, [ERROR_FATAL] = 1,
    };
    const size_t count = sizeof(statuses) / sizeof(statuses[0]);
    return (size_t)code < count ? statuses[code] : 1;
}
