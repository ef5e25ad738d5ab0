/*
 * What of the histories that are wanted is fetched next, and what a call has brought.
 *
 * Wanted are the requests on the board (lib/backfill), and the last `ingest.history_d` days of each asset of which nothing is
 * there yet: so a newly added asset gets its history by itself. What is there is never asked for again. A range is fetched in
 * chunks of at most `ingest.backfill_chunk_d` days, oldest first, one call each.
 *
 * Pure; threads: one.
 */
#ifndef QUOTEBUS_INGEST_REQUESTS_H
#define QUOTEBUS_INGEST_REQUESTS_H

#include "backfill/board.h"
#include "base/config.h"
#include "ingest/provider.h"

/** Days of one asset that one call is to bring. Texts are borrowed from the configuration. */
struct chunk {
    const char *source;
    const char *asset;
    const char *symbol;
    struct days days;
};

/** Which assets may be asked about now. */
struct chunk_filter {
    /** The asset with its symbol at the source, borrowed from the configuration; NULL: not this one, not now. */
    const struct request_asset *(*find)(const void *ctx, const char *asset);
    const void *ctx;
};

/** Assets of the configuration that are looked at in one call: with many of them the rest comes in later ones. */
#define REQUESTS_LOOK 1000

/**
 * The next chunk of a source; false when nothing is to be done. `today` is not over: it is never asked for. *cursor (0 at first)
 * says how far the assets were looked at: unless it is 0 after false, go on soon.
 */
bool requests_next(const struct board *board, const struct config *config, const char *source, int32_t today,
                   const struct chunk_filter *filter, size_t *cursor, struct chunk *chunk);
/**
 * Notes on the board what a call for a chunk came to. Returns what is there now, to be published; NULL when the call says nothing
 * about the history, so that it is to be made again.
 */
const struct cover *requests_note(struct board *board, const struct chunk *chunk, enum outcome outcome, size_t bars,
                                  int64_t now_us);

#endif
