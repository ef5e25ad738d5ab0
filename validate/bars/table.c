#include "validate/bars/table.h"

#include <assert.h>

const struct bar_rule *const bar_rules_table[] = {
    &bars_not_finite,      &bars_non_positive,
    &bars_bad_bar,         &bars_duplicate_day,
    &bars_unit_error,      &bars_bar_spike,
    &bars_missed_split,    &bars_divergent,
    &bars_frozen,          &bars_dividend_error,
    &bars_adj_close_error, &bars_missing_day,
    &bars_volume_outlier,  NULL,
};
_Static_assert(sizeof(bar_rules_table) / sizeof(bar_rules_table[0]) <= BAR_RULES_MAX + 1, "flags are bits of 32");

size_t bar_rule_bit(const struct bar_rule *rule)
{
    size_t bit = 0;
    while (bar_rules_table[bit] && bar_rules_table[bit] != rule)
        bit++;
    assert(bar_rules_table[bit]);
    return bit;
}

const char *bar_flag_name(size_t bit)
{
    const size_t count = sizeof(bar_rules_table) / sizeof(bar_rules_table[0]);
    return bit < count && bar_rules_table[bit] ? bar_rules_table[bit]->name : NULL;
}
