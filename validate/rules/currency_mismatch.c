#include "validate/rules/table.h"

/**
 * Fires when neither the record's currency nor the one it can be converted to is what the rule file expects of the asset. Pence
 * for pounds and dollars for euros look like a price; only the name of the currency tells.
 */
static bool check(const struct rule_input *input, struct finding *finding)
{
    const struct opt_double none = {0};
    const struct str expected = class_settings_currency(input->settings, input->quote->asset);
    const struct str currency = input->quote->currency;
    if (expected.len == 0 || str_equal(currency, expected) || str_equal(input->currency, expected))
        return false;
    return finding_set(finding, VERDICT_REJECT, none, none, "", "the currency is %.*s, %.*s is expected", STR_ARG(currency),
                       STR_ARG(expected));
}

const struct rule currency_mismatch_rule = {.name = "currency_mismatch", .structural = true, .check = check};
