#include <math.h>

#include "validate/rules/table.h"

/**
 * How far the ratio may be from the factor, either way. Wide, since no move brings a price there, and since pence taken for
 * pounds often come with another currency: 5436.5 pence shown as 69.98 dollars are 78 times less.
 */
#define TOLERANCE 1.4

/** A change of unit and what it may be. */
struct unit {
    double factor;
    const char *meaning;
};

static const struct unit units[] = {
    {100, "pence or cents for the unit"}, {1000, "thousandths for the unit"}, {1e8, "satoshi for the coin"}};

/**
 * Fires when the price is about 100, 1000 or 100,000,000 times what the other sources say or, without a trusted one, what the
 * source itself said, or that part of it. It stands beside `divergent` or `jump` and names what they only measure. Factors and
 * band as in yfinance's price repair (100) and market-data-sanity-checker (80 to 120 times), the latter widened for a currency
 * that changed along.
 */
static bool check(const struct rule_input *input, struct finding *finding)
{
    const struct opt_double reference = gross_reference(input);
    if (!reference.set)
        return false;
    const double ratio = input->price / reference.value;
    const double times = fmax(ratio, 1 / ratio);
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        if (times * TOLERANCE < units[i].factor || times > units[i].factor * TOLERANCE)
            continue;
        return finding_set(finding, VERDICT_SUSPECT, SOME_DOUBLE(times), SOME_DOUBLE(units[i].factor / TOLERANCE), "ratio",
                           "%.4g times %s than %g: %s?", times, ratio > 1 ? "more" : "less", reference.value / input->rate,
                           units[i].meaning);
    }
    return false;
}

const struct rule unit_error_rule = {.name = "unit_error", .check = check};
