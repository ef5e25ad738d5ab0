/*
 * Which source gives the daily history of an asset. Pure; threads: any.
 */
#ifndef QUOTEBUS_INGEST_HISTORY_H
#define QUOTEBUS_INGEST_HISTORY_H

#include "base/config.h"
#include "ingest/provider.h"

/** The endpoint of a provider that gives the daily bars of a range, or NULL. */
const struct endpoint *history_endpoint(const struct provider *provider);
/**
 * The provider that is asked for the history of an asset: the first of the table that gives histories, is enabled, and at which
 * the asset has a symbol. NULL: there is none. `name`: that provider and no other; NULL: any.
 */
const struct provider *history_provider(const struct config *config, const struct asset_settings *asset, const char *name);

#endif
