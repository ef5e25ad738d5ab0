/*
 * What `quotebus backfill` is about: which assets, from which source, which days. Pure.
 */
#ifndef QUOTEBUS_CLI_BACKFILL_TARGETS_H
#define QUOTEBUS_CLI_BACKFILL_TARGETS_H

#include "backfill/board.h"
#include "base/config.h"

/** One history. Texts are borrowed from the configuration, or from a board. */
struct backfill_target {
    const char *asset;
    const char *source;
    const char *symbol; /**< of the asset at that source; "" where the configuration has none any more */
    struct days days;
};

struct backfill_targets {
    struct backfill_target *items;
    size_t count;
    size_t without_source; /**< assets that a pattern meant and that no source has a history of */
};

/** The options as they were typed; NULL: not given. */
struct backfill_words {
    const char *assets; /**< ids and patterns (`crypto:*`), apart by commas */
    const char *source;
    const char *interval;
    const char *from;
    const char *to;
};

/** First day that a history is asked for from: 1900-01-01. */
#define BACKFILL_FIRST_DAY (-25567)

/** Reads from, to and interval. `now_us` is the time; histories go up to the day before. ERROR_USAGE. */
bool backfill_days(const struct backfill_words *words, int64_t now_us, struct days *days, struct error *error) MUST_CHECK;
/**
 * Finds the assets and their sources; items are from the arena. ERROR_USAGE: an asset or source is not known (the nearest is
 * named), a pattern means none, an asset by its id has no source with a history, or none is left.
 */
bool backfill_find_targets(const struct config *config, const struct backfill_words *words, struct days days, struct arena *arena,
                           struct backfill_targets *targets, struct error *error) MUST_CHECK;
/** The requests on a board that the assets and the source of `words` mean; all without any. Items are from the arena. */
void backfill_find_requests(const struct config *config, const struct board *board, const struct backfill_words *words,
                            struct arena *arena, struct backfill_targets *targets);

#endif
