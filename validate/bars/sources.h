/*
 * Hearing the other sources of an asset: which days they have, and whether their closes agree.
 */
#ifndef QUOTEBUS_VALIDATE_BARS_SOURCES_H
#define QUOTEBUS_VALIDATE_BARS_SOURCES_H

#include "validate/bars/trial.h"

/** Fills what the trials' live bars say of each other: peers, agreeing, differing, sole_witness. At most BAR_SOURCES_MAX trials.
 */
void sources_compare(struct bar_trial *trials, size_t count);
/** Drops the proposals against bars that other sources confirm: what all have seen has happened. */
void sources_confirm(struct bar_trial *trials, size_t count);
/** The live bars of the other sources on the day of `live`; `out` has room for BAR_SOURCES_MAX. Returns their number. */
size_t sources_of_day(const struct bar_trial *trial, const struct live_bar *live, const struct live_bar **out);

#endif
