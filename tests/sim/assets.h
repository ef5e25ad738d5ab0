/*
 * The universe of the simulator: every asset of config/quotebus.yaml that still trades, and those of the recordings, with its
 * symbols and a plausible value to start from. HES is not in it: it is delisted, and unknown symbols are answered like it.
 *
 * Read-only; any thread.
 */
#ifndef QUOTEBUS_SIM_ASSETS_H
#define QUOTEBUS_SIM_ASSETS_H

#include <stddef.h>

enum sim_kind { SIM_EQUITY, SIM_CRYPTO, SIM_STABLE, SIM_FX, SIM_FUTURE };

/** Providers as columns of the symbols below. */
enum sim_source {
    SIM_YAHOO,
    SIM_COINGECKO,
    SIM_ALPHAVANTAGE,
    SIM_COINBASE,
    SIM_KRAKEN,
    SIM_BINANCE,
    SIM_CNBC,
    SIM_CBOE,
    SIM_FRANKFURTER,
    SIM_SOURCE_COUNT
};

struct sim_asset {
    const char *id; /**< as in the configuration: equity:AAPL */
    enum sim_kind kind;
    const char *symbols[SIM_SOURCE_COUNT]; /**< NULL: that provider does not have it */
    const char *name;
    const char *currency; /**< of the listing; GBp is pence */
    const char *venue;    /**< Yahoo's exchangeName */
    double start_price;   /**< in `currency` */
    double daily_volume;  /**< shares or contracts a day; of a coin it follows from the capitalisation */
    double supply;        /**< coins in circulation */
};

extern const struct sim_asset sim_assets[];
extern const size_t sim_asset_count;

/** The asset with that id, or NULL. */
const struct sim_asset *sim_asset_by_id(const char *id);
/** The asset with that symbol at a provider (letters compared without case), or NULL. */
const struct sim_asset *sim_asset_by_symbol(enum sim_source source, const char *symbol);

#endif
