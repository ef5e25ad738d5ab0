/*
 * HTTP on one curl multi handle: many requests at once, none blocks another.
 *
 * Only the scheme of the URL is spoken, redirects are not followed, TLS is always verified, a proxy comes from the environment
 * only and never for plain HTTP (which is for loopback). Bounded: connect and whole request in time, a least speed, the body
 * after decompression, the header lines in number and size.
 *
 * No URL and no header is ever logged or put into a message, since they may hold an API key; nor are curl's own texts that
 * could repeat them.
 *
 * Threads: one. A result is borrowed for the time of the callback.
 */
#ifndef QUOTEBUS_INGEST_FETCHER_H
#define QUOTEBUS_INGEST_FETCHER_H

#include "base/error.h"
#include "ingest/provider.h"

/** Longest wait for a connection, the TLS handshake included. */
#define FETCH_CONNECT_TIMEOUT_MS 5000
/** A transfer slower than that for two thirds of its timeout is given up. */
#define FETCH_LOW_SPEED_BYTES_PER_S 100
/** Most header lines of a response, and bytes of all of them. */
#define FETCH_HEADER_LINES_MAX 200
#define FETCH_HEADER_BYTES_MAX 65536
/** Most bytes of cookies that are kept of a response. */
#define FETCH_COOKIES_BYTES_MAX 4096

struct fetcher_options {
    const char *user_agent;     /**< copied */
    int64_t max_body_bytes;     /**< after decompression */
    int64_t request_timeout_ms; /**< whole request */
};

struct fetch_request {
    const char *url;
    struct str headers; /**< `Name: value\n`, any number; may be empty */
    void *ctx;          /**< given back in the result */
};

struct fetch_result {
    void *ctx;
    bool complete;                 /**< a whole response came: `response` is filled in, but for fetched_at_us */
    enum outcome failure;          /**< otherwise: timeout, unreachable or malformed (beyond a bound) */
    char message[120];             /**< for people, when not complete */
    struct http_response response; /**< texts are borrowed for the time of the callback */
    double latency_ms;             /**< from the start of the request to its end */
};

/** Called once for each started request; may start others. */
typedef void (*fetch_done_fn)(void *ctx, const struct fetch_result *result);

struct fetcher;

/** NULL on failure. */
struct fetcher *fetcher_new(const struct fetcher_options *options, struct error *error) MUST_CHECK;
/** Drops what is in flight without a callback. NULL is fine. */
void fetcher_free(struct fetcher *fetcher);

/** Starts a request; url and headers are copied. */
bool fetcher_start(struct fetcher *fetcher, const struct fetch_request *request, struct error *error) MUST_CHECK;
/** Waits up to `timeout_ms` for the network, moves all transfers on, and hands each finished one to `done`. */
void fetcher_run(struct fetcher *fetcher, int64_t timeout_ms, fetch_done_fn done, void *ctx);
/** Requests under way. */
size_t fetcher_in_flight(const struct fetcher *fetcher);
/** Takes the request with that ctx out without a callback; false when there is none. */
bool fetcher_cancel(struct fetcher *fetcher, const void *ctx);

#endif
