/*
 * Finds the records that one quote left in the topics: by its place, or by what it is near its time.
 *
 * Records come as parsed JSON of `quotebus tail` (cli/record_json.h), owned by the caller. Threads: one.
 */
#ifndef QUOTEBUS_CLI_TRACE_FIND_H
#define QUOTEBUS_CLI_TRACE_FIND_H

#include <jansson.h>
#include <stdint.h>

#include "base/config.h"
#include "base/error.h"
#include "cli/record_json.h"

/** Most records of a topic that are looked at. */
#define TRACE_SCAN_MAX 200000
/** What one quote leaves has its time stamp; this much later nothing of it can come. */
#define TRACE_WINDOW_MS 60000

struct trace_finder {
    const struct config *config;
    struct record_printer *printer;
};

/** What a quote is known by. */
struct trace_quote {
    const char *asset; /**< NULL: by its place alone */
    const char *source;
    int64_t fetched_at_us;
    int32_t raw_partition; /**< -1: not known */
    int64_t raw_offset;
};

/** The record at a place of a topic (without prefix) into *record; NULL: there is none (any more). */
bool trace_at(struct trace_finder *finder, const char *topic, int32_t partition, int64_t offset, json_t **record,
              struct error *error) MUST_CHECK;
/**
 * The records of a topic about a quote, looked for from a time on: into *records, an array, at most `most`. By raw_partition and
 * raw_offset where they are known, then only in the partition of that number; else by asset, source and fetched_at.
 */
bool trace_since(struct trace_finder *finder, const char *topic, const struct trace_quote *quote, int64_t time_ms, size_t most,
                 json_t **records, struct error *error) MUST_CHECK;

#endif
