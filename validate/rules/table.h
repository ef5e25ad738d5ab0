/*
 * The rules, one file of this folder each. What a rule looks for and where its method comes from stands above its check.
 */
#ifndef QUOTEBUS_VALIDATE_RULES_TABLE_H
#define QUOTEBUS_VALIDATE_RULES_TABLE_H

#include "validate/rule.h"

extern const struct rule malformed_rule;
extern const struct rule not_finite_rule;
extern const struct rule non_positive_rule;
extern const struct rule currency_mismatch_rule;
extern const struct rule future_time_rule;
extern const struct rule stale_rule;
extern const struct rule duplicate_rule;
extern const struct rule restated_rule;
extern const struct rule late_rule;
extern const struct rule bad_bar_rule;
extern const struct rule crossed_rule;
extern const struct rule unit_error_rule;
extern const struct rule missed_split_rule;
extern const struct rule jump_rule;
extern const struct rule divergent_rule;
extern const struct rule disputed_rule;
extern const struct rule frozen_rule;
extern const struct rule volume_outlier_rule;
extern const struct rule cap_mismatch_rule;

#endif
