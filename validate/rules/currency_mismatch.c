#include "validate/rules/table.h"

/** Codes of ISO 4217 have three letters. */
#define ISO_CODE_LEN 3

/**
 * Fires when neither the record's currency nor the one it can be converted to is what the rule file expects of the asset. Pence
 * for pounds and dollars for euros look like a price; only the name of the currency tells, so they are rejected. A coin that
 * stands for the dollar (USDT) is a right answer that only lacks its rate: suspect, since it cannot be compared.
 */
static bool check(const struct rule_input *input, struct finding *finding)
{
    const struct opt_double none = {0};
    const struct str expected = class_settings_currency(input->settings, input->quote->asset);
    const struct str currency = input->quote->currency;
    if (expected.len == 0 || str_equal(currency, expected) || str_equal(input->currency, expected))
        return false;
    if (currency.len > ISO_CODE_LEN)
        return finding_set(finding, VERDICT_SUSPECT, none, none, "", "no rate of %.*s was known: not comparable with %.*s",
                           STR_ARG(currency), STR_ARG(expected));
    return finding_set(finding, VERDICT_REJECT, none, none, "", "the currency is %.*s, %.*s is expected", STR_ARG(currency),
                       STR_ARG(expected));
}

const struct rule currency_mismatch_rule = {.name = "currency_mismatch", .structural = true, .check = check};
