#include <math.h>

#include "validate/rules/table.h"

/** How far the ratio may be from that of a split, as part of it: the price moves on meanwhile. */
#define TOLERANCE 0.05

/** Ratios of splits that happen, the larger number first. */
static const double ratios[] = {1.5, 2, 3, 4, 5, 6, 7, 8, 10, 15, 20, 25, 30, 50};

/** The price that the quote is a part or a multiple of: the source's own, or that of the others where it has none. */
static struct opt_double level_before(const struct rule_input *input)
{
    const struct opt_double reference = gross_reference(input);
    if (!reference.set)
        return reference;
    const bool own = input->previous && input->previous->accepted_price.set && move_bps(input).set && !is_known_level(input);
    return own ? input->previous->accepted_price : reference;
}

/**
 * Fires when the price leaves its level in the ratio of a split, either way, and no other source confirms it: the source has
 * applied a split that the others have not, or has missed one. Splits are announced, but not in what free sources send, so the
 * ratio is all there is; the tolerance is that of market-data-sanity-checker (5%). A split that all sources show is confirmed by
 * the second of them. It stands beside `divergent` or `jump` and names what they only measure.
 */
static bool check(const struct rule_input *input, struct finding *finding)
{
    const struct opt_double before = level_before(input);
    if (!before.set)
        return false;
    const double ratio = input->price / before.value;
    const double times = fmax(ratio, 1 / ratio);
    for (size_t i = 0; i < sizeof(ratios) / sizeof(ratios[0]); i++) {
        const double off = fabs(times / ratios[i] - 1);
        if (off <= TOLERANCE)
            return finding_set(finding, VERDICT_SUSPECT, SOME_DOUBLE(times), SOME_DOUBLE(ratios[i] * (1 - TOLERANCE)), "ratio",
                               "%.4g times %s than %g: a split of %g to 1 that is applied on one side only?", times,
                               ratio > 1 ? "more" : "less", before.value / input->rate, ratios[i]);
    }
    return false;
}

const struct rule missed_split_rule = {.name = "missed_split", .check = check};
