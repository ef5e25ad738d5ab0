/*
 * The simulated market: one true price per asset, moved by a seeded random walk in steps of one second, and what a provider shows
 * of it: the true price at the time of its own observation, with a little noise of its own.
 *
 * Everything is a pure function of (seed, asset, source, time), so any second can be asked for in any order, the past before the
 * start included. The market never closes, so that quotes are always fresh. Any thread.
 */
#ifndef QUOTEBUS_SIM_MARKET_H
#define QUOTEBUS_SIM_MARKET_H

#include <stdbool.h>
#include <stdint.h>

#include "tests/sim/assets.h"

struct market {
    uint64_t seed;
    int64_t start_s; /**< epoch seconds at which every asset has its start_price */
};

/** What a fault does to one observation; see market_no_effect. */
struct observation_effect {
    double unit;         /**< factor on all prices */
    double spike;        /**< factor on the last price, bid and ask only */
    int64_t age_s;       /**< how much older the observation is */
    bool frozen;         /**< prices stay what they were at frozen_at_s; the time of observation goes on */
    int64_t frozen_at_s; /**< epoch seconds */
};
extern const struct observation_effect market_no_effect;

/** What a provider knows about an asset at one time. Prices in the currency of the listing, unrounded. */
struct observation {
    int64_t observed_s;  /**< epoch seconds */
    int64_t day_start_s; /**< of its trading day */
    double price, bid, ask, open, high, low, previous_close;
    double volume; /**< of the day so far; of a coin in its currency over 24 h */
};

/** One day's bar. */
struct day_bar {
    int64_t start_s;
    double open, high, low, close, volume;
};

/** The true price at `at_s`, epoch seconds. */
double market_price(const struct market *market, const struct sim_asset *asset, int64_t at_s);

/**
 * What `source` shows at `now_s`. `gmt_offset_s` says where its trading day begins (local midnight). `effect` is that of the
 * faults, market_no_effect without any.
 */
struct observation market_observe(const struct market *market, const struct sim_asset *asset, enum sim_source source,
                                  int64_t now_s, int64_t gmt_offset_s, const struct observation_effect *effect);

/** The bar of the trading day that begins at `start_s`, as far as it has come at `now_s`. */
struct day_bar market_day(const struct market *market, const struct sim_asset *asset, int64_t start_s, int64_t now_s);

/** Local midnight before `at_s`, epoch seconds. */
int64_t market_day_start(int64_t at_s, int64_t gmt_offset_s);

/** A well-mixed hash of `seed` and a text, and of two numbers: the only randomness there is. */
uint64_t sim_hash_text(uint64_t seed, const char *text);
uint64_t sim_hash(uint64_t seed, uint64_t value);
/** A hash as a number from 0 up to 1. */
double sim_fraction(uint64_t hash);

#endif
