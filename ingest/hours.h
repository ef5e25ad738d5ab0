/*
 * When the price of an asset moves: the hours of its market, as the configuration says or as its id tells.
 *
 * A thin layer over market/calendar.h. Pure; threads: any.
 */
#ifndef QUOTEBUS_INGEST_HOURS_H
#define QUOTEBUS_INGEST_HOURS_H

#include "base/config.h"
#include "market/calendar.h"

/** Number of markets. */
#define HOURS_COUNT (MARKET_XETR + 1)

/** The market of a word of the configuration: always, weekdays, fx, XNYS, XLON, XETR. False, and `market` untouched, for another.
 */
bool hours_from_word(const char *word, enum market *market);
/** The market of an asset: its own `calendar`, else by its id; always when the configuration says nothing of market hours. */
enum market hours_of(const struct config *config, const struct asset_settings *asset);

#endif
