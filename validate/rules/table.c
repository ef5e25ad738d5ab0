#include "validate/rules/table.h"

#include <stddef.h>

const struct rule *const rules[] = {
    &malformed_rule,    &not_finite_rule,     &non_positive_rule, &currency_mismatch_rule,
    &future_time_rule,  &stale_rule,          &late_rule,         &duplicate_rule,
    &restated_rule,     &bad_bar_rule,        &crossed_rule,      &unit_error_rule,
    &missed_split_rule, &jump_rule,           &divergent_rule,    &disputed_rule,
    &frozen_rule,       &volume_outlier_rule, &cap_mismatch_rule, NULL,
};
