/*
 * What a simulated provider is: one file (yahoo.c, coingecko.c, ...) and one row in table.c.
 *
 * An endpoint first says which assets a request asks for (faults can be about one asset), then writes the body. Both are pure but
 * for the counters of the faults that sim_observe asks. Called under the simulator's lock.
 */
#ifndef QUOTEBUS_SIM_PROVIDER_H
#define QUOTEBUS_SIM_PROVIDER_H

#include "tests/sim/json_out.h"
#include "tests/sim/market.h"
#include "tests/sim/request.h"

/** Most assets of one request. */
#define SIM_ASKED_MAX 256
/** Bounds of the tables: the witness counts in arrays of that size. */
#define SIM_PROVIDERS_MAX 16
#define SIM_ENDPOINTS_MAX 16

/** How an answer reaches the client. */
enum sim_delivery {
    SIM_AT_ONCE,
    SIM_SLOWLY, /**< in pieces over `seconds` */
    SIM_NEVER,  /**< the connection stays open without a byte, `seconds` at most */
};

struct sim_answer {
    int status;
    const char *content_type; /**< a literal */
    struct buf body;          /**< owned: buf_clear */
    int64_t retry_after_s;    /**< Retry-After header; -1: none */
    const char *set_cookie;   /**< Set-Cookie header, a literal; NULL: none */
    const char *location;     /**< Location header, a literal; NULL: none */
    enum sim_delivery delivery;
    double seconds;
};

struct sim_provider;
struct sim_endpoint;
struct sim_world;

/** One request on its way. */
struct sim_call {
    struct sim_world *world;
    const struct market *market;
    const struct sim_provider *provider;
    const struct sim_endpoint *endpoint;
    const struct sim_request *request;
    int64_t now_us;
    const struct sim_asset *assets[SIM_ASKED_MAX]; /**< asked for and known, each once */
    size_t asset_count;
};

struct sim_endpoint {
    const char *name;     /**< as in a job of the configuration: chart */
    const char *path;     /**< exact, or a prefix when it ends with a slash */
    const char *function; /**< value the parameter `function` must have; NULL: any */
    const char *needs;    /**< name of a parameter that must be there; NULL: none */
    /** Fills call->assets. NULL: asks for no asset. */
    void (*resolve)(struct sim_call *call);
    /** Writes the body (and status, 200 beforehand). */
    void (*answer)(struct sim_call *call, struct sim_answer *answer);
};

struct sim_provider {
    const char *name;
    enum sim_source source;
    const struct sim_endpoint *endpoints;
    size_t endpoint_count;
    const char *const *matter; /**< parameters that tell recordings apart, ended by NULL */
    /** The body of a rate limit (status 429 is set). */
    void (*limited)(struct sim_answer *answer);
};

/** All providers, ended by NULL: the one table. */
extern const struct sim_provider *const sim_providers[];
extern const struct sim_provider sim_yahoo, sim_coingecko, sim_alphavantage;
extern const struct sim_provider sim_coinbase, sim_kraken, sim_binance, sim_cnbc, sim_cboe, sim_frankfurter;

const struct sim_provider *sim_provider_find(const char *name);
/** The endpoint of that name, or NULL. */
const struct sim_endpoint *sim_endpoint_named(const struct sim_provider *provider, const char *name);
/** The endpoint of a request, with request->rest set; NULL: none. */
const struct sim_endpoint *sim_endpoint_of(const struct sim_provider *provider, struct sim_request *request);

/** Adds an asset to call->assets, once; NULL is ignored. */
void sim_ask(struct sim_call *call, const struct sim_asset *asset);
/** Whether all symbols of a list are known, as services want it that refuse a call for one that is not. */
bool sim_knows_all(const struct sim_call *call, const char *list);
/** Adds the assets of a list of symbols separated by commas; `trim`: blanks around a symbol do not count. */
void sim_ask_list(struct sim_call *call, const char *list, bool trim);

/**
 * What the provider shows of an asset now, faults applied (and noted as injected). Call it once per asset and answer.
 * `gmt_offset_s`: see market_observe.
 */
struct observation sim_observe(struct sim_call *call, const struct sim_asset *asset, int64_t gmt_offset_s);
/** The same of a provider that is behind the others: what it knew at `at_s`, epoch seconds. */
struct observation sim_observe_at(struct sim_call *call, const struct sim_asset *asset, int64_t gmt_offset_s, int64_t at_s);

/** A number as text with that many decimals, the way exchanges write it. */
void out_decimal(struct json_out *out, const char *key, double value, int decimals);

/** Puts a text in place of the body. */
void sim_say(struct sim_answer *answer, int status, const char *content_type, const char *body);

#define SIM_JSON "application/json; charset=utf-8"
#define SIM_HTML "text/html; charset=utf-8"

#endif
