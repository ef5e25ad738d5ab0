/*
 * The providers that table.c lists: one line here and one row there for each file of this folder.
 */
#ifndef QUOTEBUS_INGEST_PROVIDERS_TABLE_H
#define QUOTEBUS_INGEST_PROVIDERS_TABLE_H

#include "ingest/provider.h"

extern const struct provider provider_yahoo;
extern const struct provider provider_coingecko;
extern const struct provider provider_alphavantage;
extern const struct provider provider_coinbase;
extern const struct provider provider_kraken;
extern const struct provider provider_binance;
extern const struct provider provider_cnbc;
extern const struct provider provider_cboe;
extern const struct provider provider_frankfurter;

#endif
