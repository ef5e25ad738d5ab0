#include "validate/bars/table.h"

/** Whether a price is there and not above 0. */
static bool bad(struct opt_double price)
{
    return price.set && price.value <= 0;
}

/**
 * Rejects bars of which a price is 0 or less. (Oil futures did that once; a log return has no meaning for them then.) An adjusted
 * close becomes negative when a source adjusts for a wrong dividend: then the bar itself is still of use.
 */
static void judge(struct bar_trial *trial, const struct bar_rule *rule)
{
    for (size_t i = 0; i < trial->series->count; i++) {
        struct day_bar *bar = &trial->series->bars[i];
        if (bad(bar->open) || bad(bar->high) || bad(bar->low) || bad(bar->close))
            bar_mark(bar, rule, VERDICT_REJECT);
        else if (bad(bar->adj_close))
            bar_mark(bar, rule, VERDICT_SUSPECT);
    }
}

const struct bar_rule bars_non_positive = {.name = "non_positive", .stage = BAR_STRUCTURAL, .judge = judge};
