#include "cli/number_option.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

bool number_option(const struct invocation *call, const char *name, int64_t fallback, int64_t min, int64_t max, int64_t *number,
                   struct error *error)
{
    const char *text = invocation_option(call, name);
    *number = fallback;
    if (!text)
        return true;
    char *end;
    errno = 0;
    *number = strtoll(text, &end, 10);
    return (end != text && *end == '\0' && errno == 0 && *number >= min && *number <= max) ||
           error_set(error, ERROR_USAGE, "%s '%.40s': write a whole number from %" PRId64 " on", name, text, min);
}
