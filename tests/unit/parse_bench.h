/*
 * Runs a provider's parser over a body, for unit tests.
 */
#ifndef QUOTEBUS_TESTS_PARSE_BENCH_H
#define QUOTEBUS_TESTS_PARSE_BENCH_H

#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ingest/records.h"

/** Fetch time of all responses. */
#define FETCHED_US INT64_C(1770000000000000)
/** Date header of all responses: two seconds before FETCHED_US. */
#define DATE_US (FETCHED_US - INT64_C(2000000))

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
        .date_us = SOME_LONG(DATE_US),
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

/** Fails the test unless a parse gave no record, that outcome and a reason; clears it. */
static inline void expect_no_quote(struct parsed parsed, enum outcome outcome)
{
    assert_int_equal(parsed.result.outcome, outcome);
    assert_int_equal(records_total(&parsed.result), 0);
    assert_string_not_equal(parsed.result.message, "");
    parsed_clear(&parsed);
}

/** Whether each record of an answer is, byte for byte, the one at its place in another answer. Encodes all of them. */
static inline bool same_records(const struct parse_result *a, const struct parse_result *b)
{
    bool same = true;
    struct buf left = {0};
    struct buf right = {0};
    for (size_t k = 0; k < RECORD_KINDS; k++) {
        const struct record_kind *kind = &record_kinds[k];
        for (size_t i = 0; i < records_count(kind, a); i++) {
            buf_reset(&left);
            buf_reset(&right);
            kind->encode(records_at(kind, a, i), &left);
            if (i < records_count(kind, b)) {
                kind->encode(records_at(kind, b, i), &right);
            }
            same = same && str_equal(buf_str(&left), buf_str(&right));
        }
    }
    buf_clear(&left);
    buf_clear(&right);
    return same;
}

/**
 * Cuts a good body at every byte and turns every byte into something else: what comes out must be an error, or records that can
 * be encoded; of a cut body never another one than that of the whole.
 */
static inline void damage_everywhere(const char *provider, const char *endpoint, const struct request_spec *spec,
                                     const char *content_type, const char *body)
{
    static const char wrong[] = {'\0', '"', '{', ']', '9', 'e', '-', (char)0xff};
    char *copy = strdup(body);
    assert_non_null(copy);
    struct parsed whole = parse_bytes(provider, endpoint, spec, 200, content_type, str_from(body));
    assert_true(records_total(&whole.result) > 0);
    for (size_t len = 0; len < strlen(body); len++) {
        struct parsed cut = parse_bytes(provider, endpoint, spec, 200, content_type, (struct str){.ptr = body, .len = len});
        assert_true(same_records(&cut.result, &whole.result));
        parsed_clear(&cut);
        copy[len] = wrong[len % sizeof wrong];
        struct parsed twisted =
            parse_bytes(provider, endpoint, spec, 200, content_type, (struct str){.ptr = copy, .len = strlen(body)});
        assert_true(twisted.result.quote_count <= spec->asset_count);
        (void)same_records(&twisted.result, &whole.result);
        for (size_t i = 0; i < twisted.result.quote_count; i++) {
            assert_true(twisted.result.quotes[i].price == twisted.result.quotes[i].price);
        }
        parsed_clear(&twisted);
        copy[len] = body[len];
    }
    parsed_clear(&whole);
    free(copy);
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
