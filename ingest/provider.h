/*
 * What a provider is: one file in ingest/providers and one row in ingest/providers/table.c.
 *
 * Both functions are pure: no clock, no socket. `build` turns a batch of symbols into an HTTP request; `parse` turns a
 * response into records (quotes, bars, fundamentals, indicators, rankings) and an outcome. Everything else (schedule, quota,
 * retries, HTTP) is common.
 */
#ifndef QUOTEBUS_INGEST_PROVIDER_H
#define QUOTEBUS_INGEST_PROVIDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/config.h"
#include "base/error.h"
#include "quotebus_records.h"

/** What a call came to; the name is the `state` of a health event. */
enum outcome {
    OUTCOME_OK,
    OUTCOME_LIMITED, /**< rate or quota limit, in whatever form */
    OUTCOME_BLOCKED, /**< refused: 401, 403, 451, consent page */
    OUTCOME_BAD_KEY,
    OUTCOME_DEMO_ONLY, /**< the demo key does not serve this */
    OUTCOME_UNKNOWN_SYMBOL,
    OUTCOME_DELISTED, /**< only on the provider's own word */
    OUTCOME_HTML,     /**< a page instead of data */
    OUTCOME_EMPTY,    /**< valid, but nothing in it */
    OUTCOME_MALFORMED,
    OUTCOME_TIMEOUT,
    OUTCOME_UNREACHABLE,
    OUTCOME_HTTP_ERROR, /**< any other status */
    OUTCOME_COUNT
};
/** The stable word: ok, limited, ... */
const char *outcome_name(enum outcome outcome);
/** Whether calling again soon may help. */
bool outcome_retryable(enum outcome outcome);

/** One asset in a call. */
struct request_asset {
    const char *asset;  /**< our id */
    const char *symbol; /**< the provider's */
};

struct request_spec {
    const struct request_asset *assets;
    size_t asset_count;
    const char *api_key;     /**< NULL: none */
    struct opt_long from_us; /**< begin of the range that is asked for, inclusive; unset: what the endpoint usually gives */
    struct opt_long to_us;   /**< its end, exclusive; unset: now */
    const struct job_param *params; /**< of the job: only names that the endpoint takes */
    size_t param_count;
    const char *cookie; /**< of the session, for the Cookie header; NULL: none */
    const char *token;  /**< of the session; NULL: none */
};
/** The value of a parameter, or `fallback`. */
const char *request_param(const struct request_spec *spec, const char *name, const char *fallback);
/** The same as a whole number; ERROR_USAGE when it is none between `min` and `max`. */
bool request_param_int(const struct request_spec *spec, const char *name, int64_t fallback, int64_t min, int64_t max,
                       int64_t *out, struct error *error) MUST_CHECK;

/** A response, complete. */
struct http_response {
    int status;
    struct str content_type;
    struct str body;
    struct opt_long date_us;       /**< Date header */
    struct opt_long retry_after_s; /**< Retry-After, seconds or date turned into seconds */
    int64_t fetched_at_us;
    struct str cookies;  /**< of all Set-Cookie headers, as a Cookie header has them: `A=1; B=2`; empty: none */
    struct str location; /**< Location header; empty: none. It is never followed */
};

/** What a parse gives. Strings are borrowed from body, request and arena. */
struct parse_result {
    enum outcome outcome;
    char message[200];    /**< for people; empty when ok */
    struct quote *quotes; /**< of these and all other records fetched_at and request_id are set by the caller */
    size_t quote_count;
    struct bar *bars;
    size_t bar_count;
    struct fundamentals *fundamentals;
    size_t fundamentals_count;
    struct indicator *indicators;
    size_t indicator_count;
    struct ranking *rankings;
    size_t ranking_count;
    struct str cookie;                    /**< what a step of a session gave; empty otherwise */
    struct str token;                     /**< the same */
    const struct request_asset **missing; /**< asked for and absent from a good answer */
    size_t missing_count;
};

/**
 * batch_max of an endpoint that is asked about no asset in particular, e.g. for a list: one call per slot, which gets all assets
 * of the job, so that the parser can tell which of them it meets.
 */
#define BATCH_WHOLE SIZE_MAX

/** What an endpoint is good for; decides whose calls go first when quota is short. */
enum endpoint_kind {
    ENDPOINT_PRICES, /**< the default of a row that says nothing */
    ENDPOINT_HEALTH,
    ENDPOINT_LISTS,   /**< trending, ranking */
    ENDPOINT_DETAILS, /**< fundamentals, indicators */
    ENDPOINT_HISTORY,
    ENDPOINT_KIND_COUNT
};

struct endpoint {
    const char *name;          /**< as in a job: chart, spark, simple_price */
    size_t batch_max;          /**< assets per call, or BATCH_WHOLE */
    const char *const *params; /**< names of the job parameters it takes, ended by NULL; NULL: none */
    /**
     * Appends path and query (`/v8/finance/chart/AAPL?...`), percent-encoded, to `path`; may append headers (`Name: value\n`).
     * Also tried at the start, once per asset, so that a symbol or a parameter of a wrong form is found then.
     */
    bool (*build)(const struct request_spec *spec, struct buf *path, struct buf *headers, struct error *error);
    /** Reads a response of any kind, hostile ones included. Never fails: the outcome says what it was. */
    void (*parse)(const struct request_spec *spec, const struct http_response *response, struct arena *arena,
                  struct parse_result *result);
    /** Endpoint of the same provider that is asked about an asset that was missing from a batch; NULL: none. */
    const char *ask_missing;
    enum endpoint_kind kind;
    bool needs_session; /**< asked only with cookie and token of a session */
    bool other_host;    /**< asked at the provider's session_url in place of its base_url */
};

struct provider {
    const char *name;
    const struct endpoint *endpoints;
    size_t endpoint_count;
    const struct endpoint *session_cookie; /**< asked for the cookie of a session; NULL: no endpoint needs one */
    const struct endpoint *session_token;  /**< asked for its token */
    const char *history; /**< endpoint that gives the daily bars of a range (from_us, to_us), for backfill; NULL: none does */
};

/** All providers, ended by NULL: the one table. */
extern const struct provider *const providers[];
const struct provider *provider_find(const char *name);
/** Priority of its jobs where the configuration says none: 1 to 100, the higher the sooner. */
int64_t endpoint_priority(const struct endpoint *endpoint);
const struct endpoint *provider_endpoint(const struct provider *provider, const char *name);

#endif
