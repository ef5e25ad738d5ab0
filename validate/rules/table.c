#include "validate/rules/table.h"

#include <stddef.h>

const struct rule *const rules[] = {
    &malformed_rule, &not_finite_rule, &non_positive_rule, &currency_mismatch_rule, &future_time_rule,
    &stale_rule,     &duplicate_rule,  &jump_rule,         &divergent_rule,         NULL,
};
