/*
 * HTTP on one curl multi handle: many requests at once, none blocks another.
 *
 * Over TLS it is HTTP/2 where the server speaks it, with many requests on one connection, and 1.1 elsewhere; connections are kept
 * and used again. Bodies may come compressed in whatever way the linked curl unpacks (gzip, brotli, zstd).
 *
 * Only the scheme of the URL is spoken, redirects are not followed, TLS is always verified, a proxy comes from the environment
 * only (https_proxy, all_proxy, no_proxy) and never for plain HTTP (which is for loopback). A host that is a name must lead to a
 * public address (ingest/address.h); with a proxy in the environment the proxy looks names up, and decides. Bounded: connect and
 * whole request in time, a least speed, the body after decompression, the header lines in number and size.
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
#include "ingest/response_head.h"

/** Longest wait for a connection, the TLS handshake included. */
#define FETCH_CONNECT_TIMEOUT_MS 5000
/** A transfer slower than that for two thirds of its timeout is given up. */
#define FETCH_LOW_SPEED_BYTES_PER_S 100

struct fetcher_options {
    const char *user_agent;     /**< copied */
    const char *contact;        /**< mail or URL of who runs it, put behind the user agent; NULL or empty: none */
    const char *ca_file;        /**< trusted authorities (PEM) instead of the system's; NULL or empty: the system's; copied */
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
    bool complete;                    /**< a whole response came: `response` is filled in, but for fetched_at_us */
    enum outcome failure;             /**< otherwise: timeout, unreachable or malformed (beyond a bound) */
    char message[120];                /**< for people, when not complete */
    struct http_response response;    /**< texts are borrowed for the time of the callback */
    const struct response_head *head; /**< its headers, when complete; borrowed likewise */
    double latency_ms;                /**< from the start of the request to its end */
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
/** Connections made since the start. */
uint64_t fetcher_connections(const struct fetcher *fetcher);
/** Requests under way. */
size_t fetcher_in_flight(const struct fetcher *fetcher);
/** Takes the request with that ctx out without a callback; false when there is none. */
bool fetcher_cancel(struct fetcher *fetcher, const void *ctx);

#endif
