/*
 * Who prices which asset, by the configuration alone: each symbol of an asset, the jobs that poll it, and how many independent
 * sources that makes. A source counts when its provider is switched on and some job polls the asset there. Pure. Threads: any.
 */
#ifndef QUOTEBUS_CLI_ASSET_SOURCES_H
#define QUOTEBUS_CLI_ASSET_SOURCES_H

#include "base/config.h"
#include "cli/grid.h"

/** An asset that fewer sources price cannot be cross-checked. */
#define ASSET_SOURCES_MIN 2

/** Columns of asset_sources_gather: asset, class, sector, state, source, symbol, every_s, job, endpoint. */
extern const struct column asset_sources_columns[];
extern const size_t asset_sources_column_count;

/** Sources of an asset that count. */
size_t asset_sources_count(const struct config *config, const struct asset_settings *asset);
/**
 * Fills a row for each asset, source and job; a symbol that nobody polls and an asset without a symbol have one row, too. The
 * state is `ok`, or says how many sources there are. Returns the number of assets that have too few.
 */
size_t asset_sources_gather(const struct config *config, struct grid *grid);

#endif
