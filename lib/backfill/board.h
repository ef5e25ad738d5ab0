/*
 * The board of backfills: which histories somebody asked for (topic ingest.requests), and which days of them are there (compacted
 * topic ingest.coverage).
 *
 * Nothing else is remembered of a backfill: what is left to do is a request less the coverage. So a request outlives whoever made
 * it and whoever works it off, and asking twice fetches nothing twice.
 *
 * Pure but for board_read. Bounds: BOARD_REQUESTS_MAX requests (the oldest makes room), BOARD_COVERS_MAX assets at sources.
 * Ownership: a zeroed board is empty; board_clear frees. Threads: one at a time.
 */
#ifndef QUOTEBUS_BACKFILL_BOARD_H
#define QUOTEBUS_BACKFILL_BOARD_H

#include <uthash.h>

#include "backfill/days.h"
#include "base/bytes.h"
#include "base/error.h"
#include "quotebus_records.h"

#define BOARD_REQUESTS_MAX ((size_t)10000)
#define BOARD_COVERS_MAX ((size_t)1000000)
/** The one length of a bar. */
#define BACKFILL_INTERVAL "1d"
/** Topics, without prefix. */
#define REQUESTS_TOPIC "ingest.requests"
#define COVERAGE_TOPIC "ingest.coverage"

/** What is there of an asset at a source. */
struct cover {
    UT_hash_handle hh;
    struct day_set days;
    int64_t bars;
    int64_t updated_at_us;
    char *symbol;
    char *failure; /**< NULL: the source has more to give */
    size_t asset_at;
    char key[]; /**< `source asset` */
};

/** A history that somebody asked for. */
struct wanted {
    char *asset;
    char *source;
    struct days days;
    int64_t requested_at_us;
};

struct board {
    struct wanted *requests; /**< in the order in which they came, each once */
    size_t request_count;
    size_t request_cap;
    struct cover *covers;
    size_t cover_count;
    uint64_t changes; /**< counts what was taken over, so that a reader knows whether to look again */
};

void board_clear(struct board *board);
/** Takes a request over; false when the same one is there, its range is empty, or the bars are of another length. */
bool board_add_request(struct board *board, const struct backfill_request *request);
/**
 * Puts what is there of an asset at a source in the place of what was known of it, unless that is newer: whoever writes the
 * records reads his own back later.
 */
void board_add_coverage(struct board *board, const struct backfill_coverage *coverage);

/** What is there, or NULL: nothing. */
struct cover *board_find(const struct board *board, const char *source, const char *asset);
/** The same, made empty when there is none; NULL when BOARD_COVERS_MAX is reached. */
struct cover *board_obtain(struct board *board, const char *source, const char *asset);
/** Whether the same request is on the board. */
bool board_has(const struct board *board, const char *source, const char *asset, struct days days);
/** The asset of a cover. */
const char *cover_asset(const struct cover *cover);
/** Whether the source has said that it has nothing for this symbol. `cover` may be NULL. */
bool cover_failed(const struct cover *cover, const char *symbol);
/** Days of a range that need not be asked for any more: those that are there, all when the source has nothing. */
int64_t cover_done(const struct cover *cover, const char *symbol, struct days days);
/** Sets a text of a cover; NULL: none. */
void cover_set_text(char **text, const char *value);
/** The record of a cover; its arrays are from the arena, its texts borrowed. */
struct backfill_coverage cover_record(const struct cover *cover, struct arena *arena);

#endif
