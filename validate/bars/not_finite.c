#include <math.h>

#include "validate/bars/table.h"

/** Whether a figure is there and no number. */
static bool bad(struct opt_double figure)
{
    return figure.set && !isfinite(figure.value);
}

/** Rejects bars of which a figure is NaN or infinite. */
static void judge(struct bar_trial *trial, const struct bar_rule *rule)
{
    for (size_t i = 0; i < trial->series->count; i++) {
        struct day_bar *bar = &trial->series->bars[i];
        if (bad(bar->open) || bad(bar->high) || bad(bar->low) || bad(bar->close) || bad(bar->adj_close) || bad(bar->volume) ||
            bad(bar->dividend) || bad(bar->split))
            bar_mark(bar, rule, VERDICT_REJECT);
    }
}

const struct bar_rule bars_not_finite = {.name = "not_finite", .stage = BAR_STRUCTURAL, .judge = judge};
