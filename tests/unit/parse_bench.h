/*
 * Runs a provider's parser over a body, for unit tests.
 */
#ifndef QUOTEBUS_TESTS_PARSE_BENCH_H
#define QUOTEBUS_TESTS_PARSE_BENCH_H

#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ingest/provider.h"

/** Fetch time of all responses. */
#define FETCHED_US INT64_C(1770000000000000)

/** A parser's result with what it borrows from. */
struct parsed {
    struct parse_result result;
    struct arena arena;
    char *body; /* on the heap with its exact length, so that a sanitizer sees a read behind its end */
};

/** Parses `body` as the response of `provider`.`endpoint` to a request for `assets`. Freed with parsed_clear. */
static inline struct parsed parse_bytes(const char *provider, const char *endpoint, const struct request_spec *spec, int status,
                                        const char *content_type, struct str body)
{
    struct parsed parsed = {0};
    const struct provider *found = provider_find(provider);
    assert_non_null(found);
    const struct endpoint *called = provider_endpoint(found, endpoint);
    assert_non_null(called);
    parsed.body = malloc(body.len > 0 ? body.len : 1);
    assert_non_null(parsed.body);
    if (body.len > 0) {
        memcpy(parsed.body, body.ptr, body.len);
    }
    const struct http_response response = {
        .status = status,
        .content_type = str_from(content_type),
        .body = {.ptr = parsed.body, .len = body.len},
        .fetched_at_us = FETCHED_US,
    };
    called->parse(spec, &response, &parsed.arena, &parsed.result);
    return parsed;
}

static inline void parsed_clear(struct parsed *parsed)
{
    arena_clear(&parsed->arena);
    free(parsed->body);
}

/** Path and query that `endpoint` builds; the caller frees. Fails the test when it builds none. */
static inline char *built_path(const char *provider, const char *endpoint, const struct request_spec *spec, struct buf *headers)
{
    struct buf path = {0};
    struct error error = {0};
    assert_true(provider_endpoint(provider_find(provider), endpoint)->build(spec, &path, headers, &error));
    buf_append(&path, "", 1);
    return (char *)path.data;
}

#endif
