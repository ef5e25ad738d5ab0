#include "validate/consensus.h"

#include <math.h>

#include "validate/robust.h"
#include "validate/rule.h"

bool consensus_of(const struct consensus_source *sources, size_t count, struct consensus *out)
{
    FILLED_AS_READ struct weighted_value prices[SOURCES_MAX];
    *out = (struct consensus){.newest_observed_at_us = INT64_MIN, .oldest_observed_at_us = INT64_MAX};
    for (size_t i = 0; i < count && out->used < SOURCES_MAX; i++) {
        const struct source_state *state = sources[i].state;
        if (!(sources[i].weight > 0))
            continue;
        prices[out->used++] = (struct weighted_value){.value = state->price, .weight = sources[i].weight};
        out->weight += sources[i].weight;
        if (state->observed_at_us > out->newest_observed_at_us)
            out->newest_observed_at_us = state->observed_at_us;
        if (state->observed_at_us < out->oldest_observed_at_us)
            out->oldest_observed_at_us = state->observed_at_us;
    }
    if (out->used == 0)
        return false;
    weighted_sort(prices, out->used);
    double quartiles[3];
    weighted_quartiles(prices, out->used, quartiles);
    out->price = quartiles[1];
    out->confidence = fmax(out->price - quartiles[0], quartiles[2] - out->price);
    return true;
}
