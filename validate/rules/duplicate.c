#include "validate/rules/table.h"

/**
 * Fires when a poll gave the same observation of the source once more: same time (in units of its resolution), same figures. That
 * is right at night and between two updates, so the flag alone makes nothing suspect; it says that the record is no new evidence.
 */
static bool check(const struct rule_input *input, struct finding *finding)
{
    const struct opt_double none = {0};
    if (!input->previous || input->previous->observation != input->observation)
        return false;
    return finding_set(finding, VERDICT_PASS, none, none, "", "the same observation as in the poll before");
}

const struct rule duplicate_rule = {.name = "duplicate", .check = check};
