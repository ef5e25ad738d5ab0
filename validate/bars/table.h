/*
 * The rules on bars, one file each.
 */
#ifndef QUOTEBUS_VALIDATE_BARS_TABLE_H
#define QUOTEBUS_VALIDATE_BARS_TABLE_H

#include "validate/bars/trial.h"

extern const struct bar_rule bars_not_finite;
extern const struct bar_rule bars_non_positive;
extern const struct bar_rule bars_bad_bar;
extern const struct bar_rule bars_duplicate_day;
extern const struct bar_rule bars_unit_error;
extern const struct bar_rule bars_missed_split;
extern const struct bar_rule bars_bar_spike;
extern const struct bar_rule bars_divergent;
extern const struct bar_rule bars_adj_close_error;
extern const struct bar_rule bars_dividend_error;
extern const struct bar_rule bars_frozen;
extern const struct bar_rule bars_missing_day;
extern const struct bar_rule bars_volume_outlier;

/** All rules in the order in which they are asked and flagged, ended by NULL. */
extern const struct bar_rule *const bar_rules_table[];
/** The bit of a rule of the table. */
size_t bar_rule_bit(const struct bar_rule *rule);

#endif
