/*
 * What a currency beside the dollar is worth in dollars now, for quotes that cannot be compared without it (coins in USDT).
 *
 * The quotes of the assets that the configuration names (ingest.usd_rates) tell it: crypto:USDT what a USDT, fx:EURUSD what a EUR
 * is worth. Each source's newest quote is kept. A quote in such a currency gets the middle one of the rates that are young enough
 * at its fetch (of an even number the lower of the two in the middle), so that one wrong source alone does not bend all prices;
 * its source and time go on the record.
 *
 * Pure; threads: one.
 */
#ifndef QUOTEBUS_INGEST_RATES_H
#define QUOTEBUS_INGEST_RATES_H

#include "base/config.h"
#include "quotebus_records.h"

/** A rate that was observed longer before the fetch is not used. */
#define RATES_AGE_MAX_US (INT64_C(15) * 60 * 1000000)
/** Most sources of one currency that are remembered. */
#define RATES_SOURCES_MAX 16

struct currency_rates;

struct rates {
    struct currency_rates *currencies; /**< one for each asset of ingest.usd_rates */
    size_t count;
};

/** Prepares an empty memory for the assets that `config` names; it must outlive `rates`. */
void rates_init(struct rates *rates, const struct config *config);
void rates_clear(struct rates *rates);
/**
 * Learns from quotes what they tell, then puts rates on those that need one and have none. Quotes need their fetch time; what is
 * put on them is borrowed from `rates` until the next call.
 */
void rates_settle(struct rates *rates, struct quote *quotes, size_t count);

#endif
