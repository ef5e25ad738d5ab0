#include "validate/rules/table.h"

/**
 * Fires, beside `divergent`, when it is word against word: one independent source says otherwise, and the past of neither tells
 * which of the two is wrong. Both are suspect then, until they agree or a third one outvotes one of them.
 */
static bool check(const struct rule_input *input, struct finding *finding)
{
    const struct opt_double none = {0};
    if (input->standing.stand != STAND_DISPUTED)
        return false;
    return finding_set(finding, VERDICT_SUSPECT, none, none, "",
                       "says %g where %g is said elsewhere, and nothing tells which is wrong", input->quote->price,
                       input->peers->median.value / input->rate);
}

const struct rule disputed_rule = {.name = "disputed", .check = check};
