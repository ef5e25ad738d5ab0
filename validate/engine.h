/*
 * The judge: a quote and what is known of its asset in, a clean quote, its anomalies and perhaps a consensus price out.
 *
 * Pure: no clock, no randomness, no I/O. What it says depends on earlier records of the same partition, on the record and on the
 * rule file, so the same partition gives the same bytes wherever transactions begin and end and however often the memory was
 * written and restored meanwhile.
 *
 * A quote that a structural rule refuses, or that is older than the last of its source, leaves no trace in the memory. When the
 * rule file changes, the memory is kept: it holds observations and verdicts, which the new thresholds then judge.
 *
 * Threads: one per partition_memory.
 */
#ifndef QUOTEBUS_VALIDATE_ENGINE_H
#define QUOTEBUS_VALIDATE_ENGINE_H

#include "validate/state.h"

/** The flag of a quote that no independent source stands beside. */
#define FLAG_UNCORROBORATED "uncorroborated"

/** Where a raw record stands. */
struct raw_origin {
    int32_t partition;
    int64_t offset;
    int64_t timestamp_ms; /**< record time stamp of what is made from it */
};

struct judgement {
    struct asset_memory *asset; /**< what is remembered of the asset; NULL: nothing */
    struct clean_quote clean;
    struct anomaly *anomalies; /**< of findings that made the quote suspect or worse */
    size_t anomaly_count;
    bool has_consensus;
    struct consensus_price consensus;
};

/**
 * Judges a quote and moves the memory on. What `out` points to is borrowed from `quote`, `memory` (until the next call) and
 * `arena`. Texts of the quote must be shorter than AVRO_STRING_MAX; everything else may be hostile.
 */
void engine_judge(struct partition_memory *memory, const struct quote *quote, const struct raw_origin *origin,
                  struct arena *arena, struct judgement *out);

#endif
