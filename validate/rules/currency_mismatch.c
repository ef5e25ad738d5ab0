#include <math.h>

#include "validate/rules/table.h"

/** Codes of ISO 4217 have three letters. */
#define ISO_CODE_LEN 3
/** Times the divergence floor within which a figure is still that of the poll before. */
#define SAME_FIGURE 2

/**
 * Whether the figure is that of the source's last price and only the name of the currency is another: no price is the same in two
 * currencies. A record that has lost its conversion rate shows another figure too.
 */
static bool is_renamed(const struct rule_input *input)
{
    const struct source_state *previous = input->previous;
    return previous && previous->currency.len && !input->quote->usd_rate.set && !str_equal(previous->currency, input->currency) &&
           input->quote->price > PRICE_MIN &&
           fabs(log_return_bps(previous->price, input->quote->price)) <= SAME_FIGURE * input->settings->divergence_floor_bps;
}

/**
 * Fires when neither the record's currency nor the one it can be converted to is what the rule file expects of the asset; where
 * it expects none, when a source gives the same figure in another currency than before. Pence for pounds and dollars for euros
 * look like a price; only the name of the currency tells, so they are rejected. A coin that stands for the dollar (USDT) is a
 * right answer that only lacks its rate: suspect, since it cannot be compared.
 */
static bool check(const struct rule_input *input, struct finding *finding)
{
    const struct opt_double none = {0};
    const struct str expected = class_settings_currency(input->settings, input->quote->asset);
    const struct str currency = input->quote->currency;
    if (expected.len == 0)
        return is_renamed(input) &&
               finding_set(finding, VERDICT_REJECT, none, none, "", "the currency is %.*s, the same figure was in %.*s",
                           STR_ARG(currency), STR_ARG(input->previous->currency));
    if (str_equal(currency, expected) || str_equal(input->currency, expected))
        return false;
    if (currency.len > ISO_CODE_LEN)
        return finding_set(finding, VERDICT_SUSPECT, none, none, "", "no rate of %.*s was known: not comparable with %.*s",
                           STR_ARG(currency), STR_ARG(expected));
    return finding_set(finding, VERDICT_REJECT, none, none, "", "the currency is %.*s, %.*s is expected", STR_ARG(currency),
                       STR_ARG(expected));
}

const struct rule currency_mismatch_rule = {.name = "currency_mismatch", .structural = true, .check = check};
