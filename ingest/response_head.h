/*
 * What is kept of the header lines of a response: for parsers (type, date), for the planner (Retry-After) and for the cache of
 * responses (validators and how long the answer stays fresh; RFC 9111 as far as a private cache of one client needs it).
 *
 * Bounded in lines and bytes. Any bytes are taken: a header that cannot be read is as good as none.
 *
 * Ownership: the texts belong to the head until the next response_head_reset. Pure; one thread per head.
 */
#ifndef QUOTEBUS_INGEST_RESPONSE_HEAD_H
#define QUOTEBUS_INGEST_RESPONSE_HEAD_H

#include <stdbool.h>

#include "base/bytes.h"

/** Most header lines of a response, and bytes of all of them. */
#define HEAD_LINES_MAX 200
#define HEAD_BYTES_MAX 65536
/** Most bytes of cookies that are kept of a response. */
#define HEAD_COOKIES_MAX 4096
/** Longest ETag or Last-Modified that is kept: it goes into the ledger and back to the provider. */
#define HEAD_VALIDATOR_MAX 200
/** Longest time that an answer is believed to stay fresh: a day. */
#define HEAD_FRESH_MAX_S INT64_C(86400)

struct response_head {
    struct buf content_type;
    struct buf etag;          /**< with its quotes and W/; empty: none */
    struct buf last_modified; /**< empty: none */
    struct buf cookies;       /**< names and values as a Cookie header has them */
    struct buf location;
    struct opt_long date_us;
    struct opt_long retry_after_s;
    bool no_store; /**< the answer must not be kept */
    bool no_cache; /**< it has to be asked for anew each time */
    struct opt_long max_age_s;
    struct opt_long expires_us;
    int64_t age_s; /**< spent in caches on the way */
    size_t lines;
    size_t bytes;
};

/** Forgets everything but the memory. */
void response_head_reset(struct response_head *head);
/** Frees the memory. */
void response_head_clear(struct response_head *head);
/**
 * Takes one header line, with or without its line end. A status line (`HTTP/1.1 200`) forgets the headers of an interim response
 * before it. `now_us` (wall clock) turns a Retry-After that is a date into seconds. False when a bound is passed.
 */
bool response_head_line(struct response_head *head, struct str line, int64_t now_us);
/** Seconds for which the answer stays fresh from now on, by its own word; 0 to HEAD_FRESH_MAX_S. */
int64_t response_head_fresh_s(const struct response_head *head);

#endif
