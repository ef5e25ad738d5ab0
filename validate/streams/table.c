#include <math.h>

#include "validate/streams/stream.h"

const struct stream *const streams_table[] = {&stream_fundamentals, &stream_indicators, &stream_rankings, NULL};

bool figure_is_finite(struct opt_double figure)
{
    return !figure.set || isfinite(figure.value);
}

bool figure_is_amount(struct opt_double figure)
{
    return !figure.set || (isfinite(figure.value) && figure.value >= 0);
}
