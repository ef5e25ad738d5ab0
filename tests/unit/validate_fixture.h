/* What the tests of validate share: a rule file, quotes with sensible defaults, and a stream to judge them in. */
#ifndef QUOTEBUS_TESTS_VALIDATE_FIXTURE_H
#define QUOTEBUS_TESTS_VALIDATE_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "validate/engine.h"

/** 2026-01-05T15:00:00Z, a Monday. */
#define NOON_US (INT64_C(1767625200) * US_PER_S)

static const char fixture_rules[] =
    "version: test\n"
    "classes:\n"
    "  equity: { currency: USD, stale_s: 3600, future_s: 60, fresh_s: 600, divergence_floor_bps: 100,\n"
    "            divergence_k: 6, divergence_z: 5, sigma_bps: 4, jump_floor_bps: 500, jump_z: 12, reseed_s: 7200,\n"
    "            gross_s: 86400, lag_s: 900 }\n"
    "  fx: { currency: pair, divergence_floor_bps: 50 }\n"
    "assets:\n"
    "  equity:QUORUM: { min_sources: 2 }\n"
    "  equity:ANY: { currency: \"\" }\n"
    "  equity:WILD: { sigma_bps: 50 }\n"
    "independence:\n"
    "  one_feed: [copy-a, copy-b, copy-c]\n";

/** Settings and memory of one partition, and the last judgement. */
struct stream {
    struct rule_settings *settings;
    struct partition_memory *memory;
    struct arena arena;
    int64_t next_offset;
    struct judgement last;
};

static inline struct stream stream_open(void)
{
    struct error error = {0};
    struct stream stream = {.settings = rule_settings_parse("rules.yaml", str_from(fixture_rules), &error)};
    if (!stream.settings)
        fail_msg("%s", error.message);
    stream.memory = partition_memory_new(0, stream.settings);
    return stream;
}

static inline void stream_close(struct stream *stream)
{
    partition_memory_free(stream->memory);
    rule_settings_free(stream->settings);
    arena_clear(&stream->arena);
}

/** A quote of equity:T that was observed and fetched at NOON_US. */
static inline struct quote a_quote(const char *source, double price)
{
    return (struct quote){.asset = STR("equity:T"),
                          .source = str_from(source),
                          .symbol = STR("T"),
                          .currency = STR("USD"),
                          .price = price,
                          .observed_at_us = NOON_US,
                          .observed_resolution_s = 1,
                          .fetched_at_us = NOON_US,
                          .request_id = STR("r"),
                          .unit_factor = 1};
}

/** The same, that many seconds later. */
static inline struct quote a_quote_at(const char *source, double price, int64_t after_s)
{
    struct quote quote = a_quote(source, price);
    quote.observed_at_us += after_s * US_PER_S;
    quote.fetched_at_us += after_s * US_PER_S;
    return quote;
}

/** Judges a quote as the stream's next record. */
static inline const struct clean_quote *judge(struct stream *stream, struct quote quote)
{
    const struct raw_origin origin = {
        .partition = 0, .offset = stream->next_offset++, .timestamp_ms = quote.fetched_at_us / US_PER_MS};
    arena_reset(&stream->arena);
    engine_judge(stream->memory, &quote, &origin, &stream->arena, &stream->last);
    return &stream->last.clean;
}

/** Whether a clean quote has a flag. */
static inline bool has_flag(const struct clean_quote *clean, const char *flag)
{
    for (size_t i = 0; i < clean->flags_count; i++) {
        if (str_is(clean->flags[i], flag))
            return true;
    }
    return false;
}

static inline void assert_verdict(const struct clean_quote *clean, enum verdict verdict)
{
    assert_string_equal(verdict_name(clean->verdict), verdict_name(verdict));
}

#endif
