/*
 * Where an asset is traded and in which currency, as far as its name says.
 *
 * A name is `class:code`. A code with a suffix is listed on the exchange of that suffix as Yahoo writes it (.L, .DE) or Stooq
 * (.US, .UK); one without, or with the letter of a share class (BRK.B), in the United States; an index (^FTSE) anywhere.
 *
 * Pure; any thread.
 */
#ifndef QUOTEBUS_MARKET_LISTING_H
#define QUOTEBUS_MARKET_LISTING_H

#include "base/bytes.h"
#include "market/calendar.h"

/** The currency of most that is listed where the asset is; empty when that is not known. */
struct str listing_currency(struct str asset);

/** The market of an asset: that of its class for crypto and fx, that of its exchange for every other class. */
enum market listing_market(struct str asset);

#endif
