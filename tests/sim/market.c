#include "tests/sim/market.h"

#include <math.h>

#define DAY_S INT64_C(86400)
/** The walk reaches 2^30 seconds, 34 years, to both sides of the start. */
#define WALK_LEVELS 30
/** Between two points of a day's high and low. */
#define SAMPLE_S 3600
/** A provider's observation is 1 to this many seconds old. */
#define DELAY_MAX_S 4
/** Noise of a provider, in moves of one second. */
#define NOISE_MOVES 3
/** Share of a coin's capitalisation that is traded in a day. */
#define COIN_TURNOVER 0.03

const struct observation_effect market_no_effect = {.unit = 1, .spike = 1};

uint64_t sim_hash(uint64_t seed, uint64_t value)
{
    /* The finaliser of splitmix64 (Steele, Lea, Flood, "Fast splittable pseudorandom number generators"). */
    uint64_t hash = seed + (value + 1) * UINT64_C(0x9e3779b97f4a7c15);
    hash = (hash ^ (hash >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    hash = (hash ^ (hash >> 27)) * UINT64_C(0x94d049bb133111eb);
    return hash ^ (hash >> 31);
}

uint64_t sim_hash_text(uint64_t seed, const char *text)
{
    uint64_t hash = seed;
    for (; *text; text++)
        hash = sim_hash(hash, (unsigned char)*text);
    return hash;
}

double sim_fraction(uint64_t hash)
{
    return (double)(hash >> 11) / 9007199254740992.0;
}

/** About normal, variance 1, within 3.5: the sum of four uniform numbers needs no library function that may round otherwise. */
static double bell(uint64_t hash)
{
    double sum = 0;
    for (int i = 0; i < 4; i++)
        sum += (double)((hash >> (16 * i)) & 0xffff) / 65536.0;
    return (sum - 2) * 1.7320508075688772;
}

/**
 * A random walk at `step`, variance `step`, found without walking: the ends of an interval are known, its middle is their mean
 * plus a bell of half the interval's deviation, and so on down to the step (Levy's construction of Brownian motion).
 */
static double walk(uint64_t key, int64_t step)
{
    const int64_t reach = INT64_C(1) << WALK_LEVELS;
    const uint64_t side = sim_hash(key, step < 0 ? 1 : 2);
    int64_t left = 0, right = reach, wanted = step < 0 ? -step : step;
    double at_left = 0, at_right = sqrt((double)reach) * bell(side);
    wanted = wanted < reach ? wanted : reach - 1;
    while (left != wanted) {
        const int64_t middle = left + (right - left) / 2;
        const double at_middle =
            (at_left + at_right) / 2 + sqrt((double)(right - left)) / 2 * bell(sim_hash(side, (uint64_t)middle));
        if (wanted >= middle) {
            left = middle;
            at_left = at_middle;
        } else {
            right = middle;
            at_right = at_middle;
        }
    }
    return at_left;
}

/** Relative move in one second: about 30% a year for shares, 70% for coins, 0.1% for those tied to the dollar, 8% for currencies.
 */
static double move(const struct sim_asset *asset)
{
    static const double moves[] = {
        [SIM_EQUITY] = 5.3e-5, [SIM_CRYPTO] = 1.25e-4, [SIM_STABLE] = 2e-7, [SIM_FX] = 1.4e-5, [SIM_FUTURE] = 3e-5};
    return moves[asset->kind];
}

double market_price(const struct market *market, const struct sim_asset *asset, int64_t at_s)
{
    return asset->start_price * exp(move(asset) * walk(sim_hash_text(market->seed, asset->id), at_s - market->start_s));
}

int64_t market_day_start(int64_t at_s, int64_t gmt_offset_s)
{
    const int64_t local = at_s + gmt_offset_s;
    const int64_t into = ((local % DAY_S) + DAY_S) % DAY_S;
    return at_s - into;
}

/** What is traded from the start of the day on: coins count the last 24 h, currencies nothing. */
static double day_volume(const struct market *market, const struct sim_asset *asset, int64_t start_s, int64_t at_s)
{
    if (asset->kind == SIM_CRYPTO || asset->kind == SIM_STABLE)
        return floor(market_price(market, asset, at_s) * asset->supply * COIN_TURNOVER);
    const double passed = (double)(at_s - start_s) / DAY_S;
    const uint64_t key = sim_hash(sim_hash_text(market->seed, asset->id), (uint64_t)start_s);
    return floor(asset->daily_volume * (0.6 + 0.8 * sim_fraction(key)) * (passed < 1 ? passed : 1));
}

struct day_bar market_day(const struct market *market, const struct sim_asset *asset, int64_t start_s, int64_t now_s)
{
    const int64_t end_s = now_s < start_s + DAY_S - 1 ? now_s : start_s + DAY_S - 1;
    const double close = market_price(market, asset, end_s);
    struct day_bar bar = {.start_s = start_s, .high = close, .low = close, .close = close};
    bar.open = market_price(market, asset, start_s);
    for (int64_t at = start_s; at <= end_s; at += SAMPLE_S) {
        const double price = market_price(market, asset, at);
        bar.high = price > bar.high ? price : bar.high;
        bar.low = price < bar.low ? price : bar.low;
    }
    bar.volume = day_volume(market, asset, start_s, end_s);
    return bar;
}

struct observation market_observe(const struct market *market, const struct sim_asset *asset, enum sim_source source,
                                  int64_t now_s, int64_t gmt_offset_s, const struct observation_effect *effect)
{
    const uint64_t key = sim_hash(sim_hash_text(market->seed, asset->id), 100 + (uint64_t)source);
    const int64_t delay_s = 1 + (int64_t)(key % DELAY_MAX_S);
    const int64_t observed_s = now_s - delay_s - effect->age_s;
    const int64_t shown_s = effect->frozen ? effect->frozen_at_s - delay_s : observed_s;
    const struct day_bar day = market_day(market, asset, market_day_start(shown_s, gmt_offset_s), shown_s);
    const double noise = NOISE_MOVES * move(asset) * bell(sim_hash(key, (uint64_t)shown_s));
    const double price = day.close * (1 + noise);
    const double half_spread = price * move(asset);
    return (struct observation){
        .observed_s = observed_s,
        .day_start_s = market_day_start(observed_s, gmt_offset_s),
        .price = price * effect->unit * effect->spike,
        .bid = (price - half_spread) * effect->unit * effect->spike,
        .ask = (price + half_spread) * effect->unit * effect->spike,
        .open = day.open * effect->unit,
        .high = fmax(day.high, price) * effect->unit,
        .low = fmin(day.low, price) * effect->unit,
        .previous_close = market_price(market, asset, day.start_s - 1) * effect->unit,
        .volume = day.volume,
    };
}
