/*
 * The providers that table.c lists: one line here and one row there for each file of this folder.
 */
#ifndef QUOTEBUS_INGEST_PROVIDERS_TABLE_H
#define QUOTEBUS_INGEST_PROVIDERS_TABLE_H

#include "ingest/provider.h"

extern const struct provider provider_yahoo;
extern const struct provider provider_coingecko;
extern const struct provider provider_alphavantage;

#endif
