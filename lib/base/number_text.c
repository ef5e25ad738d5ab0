#include "base/number_text.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/** Any decimal of that many digits survives the way through a double; a double needs at most 17. */
#define DIGITS_SURE 15
#define DIGITS_MAX 17

char *double_text(double value, char out[DOUBLE_TEXT_MAX])
{
    if (!isfinite(value)) {
        snprintf(out, DOUBLE_TEXT_MAX, "%s", isnan(value) ? "NaN" : value > 0 ? "Infinity" : "-Infinity");
        return out;
    }
    for (int digits = DIGITS_SURE; digits <= DIGITS_MAX; digits++) {
        snprintf(out, DOUBLE_TEXT_MAX, "%.*g", digits, value);
        if (strtod(out, NULL) == value)
            break;
    }
    return out;
}
