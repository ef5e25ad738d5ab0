#include "cli/pace.h"

#include <stdlib.h>
#include <string.h>

#define FACTOR_MIN 0.001
#define FACTOR_MAX 1e6
/** Longest wait that is told at once: time stamps can be anything. */
#define WAIT_MAX_MS 1e12

bool pace_parse(const char *text, struct pace *pace, struct error *error)
{
    *pace = (struct pace){0};
    if (!text || strcmp(text, "max") == 0)
        return true;
    const size_t digits = strspn(text, "0123456789.");
    pace->factor = strtod(text, NULL);
    return (digits > 0 && strcmp(text + digits, "x") == 0 && pace->factor >= FACTOR_MIN && pace->factor <= FACTOR_MAX) ||
           error_set(error, ERROR_USAGE, "--speed '%.40s': write max, or a factor like 1x or 10x", text);
}

int64_t pace_wait_ms(struct pace *pace, int64_t timestamp_ms, int64_t now_ms)
{
    if (pace->factor <= 0)
        return 0;
    if (!pace->begun) {
        pace->begun = true;
        pace->first_ms = timestamp_ms;
        pace->begun_ms = now_ms;
    }
    const double wait_ms =
        ((double)timestamp_ms - (double)pace->first_ms) / pace->factor - ((double)now_ms - (double)pace->begun_ms);
    return wait_ms < WAIT_MAX_MS ? wait_ms > 0 ? (int64_t)wait_ms : 0 : (int64_t)WAIT_MAX_MS;
}
