/*
 * What the figures beside the price usually are, per source: volume and the market capitalisation's ratio to the price.
 *
 * A usual value follows the figures by small steps whose size does not depend on how far a figure is off (a bounded influence, as
 * of a median), so a wrong one hardly moves it, and a lasting change is believed after some dozens of records. Pure. Threads:
 * any.
 */
#ifndef QUOTEBUS_VALIDATE_USUAL_H
#define QUOTEBUS_VALIDATE_USUAL_H

#include "validate/rule.h"

/** Times the usual value by which a volume, and an implied supply (either way), is off. */
#define VOLUME_FACTOR 20.0
#define SUPPLY_FACTOR 3.0

/** Market capitalisation divided by price; 0 where either is missing or not above 0. */
double implied_supply(const struct quote *quote);
/** How many times too large the volume is: against what is usually reached or, in a session that is under way, against the
 * volume before; 0 where that is not known. */
double volume_excess(const struct source_state *state, const struct quote *quote);
/** Moves the usual values of a source on by what the quote says. */
void usual_move_on(struct source_state *state, const struct rule_input *input);

#endif
