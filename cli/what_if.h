/*
 * How the judgements of two rule files differ, counted over the same quotes: by verdict, flag, asset class and asset, with
 * samples. Pure.
 *
 * Bounds: memory grows with assets and kinds of flags, not with quotes.
 */
#ifndef QUOTEBUS_CLI_WHAT_IF_H
#define QUOTEBUS_CLI_WHAT_IF_H

#include <uthash.h>

#include "cli/grid.h"
#include "validate/engine.h"

/** Most samples that are kept. */
#define WHAT_IF_SAMPLES_MAX 10000
/** Number of verdicts. */
#define WHAT_IF_VERDICTS 3

/** Counts of a class, of an asset, or of all. */
struct what_if_group {
    UT_hash_handle hh;
    int64_t quotes;
    int64_t changed;                                   /**< quotes whose verdict is another one */
    int64_t moves[WHAT_IF_VERDICTS][WHAT_IF_VERDICTS]; /**< quotes by verdict of the first and of the second rules */
    char name[];
};

/** Counts of a flag. */
struct what_if_flag {
    struct str name;
    int64_t before, after; /**< quotes that have it */
    int64_t appeared, vanished;
};

/** One quote whose verdict is another one. */
struct what_if_sample {
    int32_t partition;
    int64_t offset;
    const char *asset, *source, *fetched_at;
    double price;
    enum verdict before, after;
    const char *flags_before, *flags_after;
};

/** Zero-initialised but for sample_max is empty and valid. */
struct what_if {
    size_t sample_max; /**< the first ones are kept */
    int64_t quotes, changed, reflagged;
    struct what_if_group *classes, *assets; /**< hash tables */
    struct what_if_flag *flags;
    size_t flag_count;
    struct what_if_sample *samples;
    size_t sample_count;
    struct arena memory;
};

/** Where the rules came from. */
struct what_if_names {
    const char *before, *before_version;
    const char *after, *after_version;
};

/** Counts a quote that was judged by both rule files. */
void what_if_take(struct what_if *what_if, const struct clean_quote *before, const struct clean_quote *after);
void what_if_clear(struct what_if *what_if);

/** Appends tables: verdicts, flags, classes, the assets with most changes, samples. */
void what_if_write_text(struct buf *out, struct what_if *what_if, const struct what_if_names *names,
                        const struct grid_layout *layout);
/** Appends one object: before, after, quotes, changed, reflagged, flags, classes, assets, samples. */
void what_if_write_json(struct buf *out, struct what_if *what_if, const struct what_if_names *names);

#endif
