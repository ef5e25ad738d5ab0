#include "validate/rules/table.h"
#include "validate/usual.h"

/**
 * Fires when the volume is more than twenty times what it usually reaches, or than it was a poll before in a session under way.
 * It says nothing about the price, so the flag alone makes nothing suspect. Sources count volume differently, so each is compared
 * with itself only.
 */
static bool check(const struct rule_input *input, struct finding *finding)
{
    const double excess = input->previous ? volume_excess(input->previous, input->quote) : 0;
    if (excess <= VOLUME_FACTOR)
        return false;
    return finding_set(finding, VERDICT_PASS, SOME_DOUBLE(excess), SOME_DOUBLE(VOLUME_FACTOR), "ratio",
                       "the volume %g is %.0f times what is usual", input->quote->volume.value, excess);
}

const struct rule volume_outlier_rule = {.name = "volume_outlier", .check = check};
