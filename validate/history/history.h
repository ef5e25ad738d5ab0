/*
 * What validate remembers of daily bars: per partition of bars.raw, per asset, per source the bars around the one that came last,
 * and the newest ones.
 *
 * A bar is judged with its neighbours in view, so these are what is kept: BARS_NEAR around the place where bars come at the
 * moment, which moves along while a history is filled in, and the BARS_NEWEST latest days, which tomorrow's bar will stand
 * beside. Of all other days the close is kept when it passed, so that a source whose history comes later is compared with it. All
 * of it can be written as BarState records and restored from them; nothing else about the past has a say in a verdict.
 *
 * Bounds: HISTORY_ASSETS_MAX assets per partition, HISTORY_SOURCES_MAX sources per asset (the one unheard of for longest makes
 * room), BARS_KEPT bars and CLOSES_KEPT closes per source. A year of a source takes about 16 KiB, ten years 52 KiB.
 *
 * Ownership: a history owns its assets, an asset its sources. Rules are borrowed. Threads: one.
 */
#ifndef QUOTEBUS_VALIDATE_HISTORY_HISTORY_H
#define QUOTEBUS_VALIDATE_HISTORY_HISTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uthash.h>

#include "base/bytes.h"
#include "base/error.h"
#include "quotebus_records.h"
#include "validate/rule_book.h"

/** Bars of one source that are kept around the one that came last: two months of trading days. */
#define BARS_NEAR ((size_t)40)
/** How many days away a bar may be to be near. */
#define NEAR_DAYS 60
/** The latest days of a source, kept wherever bars come. */
#define BARS_NEWEST ((size_t)20)
#define BARS_KEPT (BARS_NEAR + BARS_NEWEST)
/** Closes of one source that are kept; the oldest day makes room: ten years of trading days. */
#define CLOSES_KEPT ((size_t)2600)
/** Most sources of one asset, and assets of one partition; bars of further assets are judged without a memory. */
#define HISTORY_SOURCES_MAX ((size_t)16)
#define HISTORY_ASSETS_MAX ((size_t)1000000)

/** What the bars of one response have in common. Texts of `of` point behind the struct. */
struct shared_response {
    size_t bars; /**< that hold it */
    struct bar_response of;
};

struct kept_bar {
    struct shared_response *response;
    struct known_bar bar; /**< its `response` does not count */
};

/** A close that passed. */
struct day_close {
    int32_t date;
    double close;
};

/** The bars of one source, by day; those of one day by raw_offset. */
struct source_history {
    struct kept_bar *bars;
    size_t count;
    size_t cap;
    struct day_close *closes; /**< by day */
    size_t close_count;
    size_t close_cap;
    struct str source; /**< points behind the struct */
};

struct asset_history {
    UT_hash_handle hh;
    struct asset_history *next_changed;
    bool changed;                    /**< since the last history_take_changed */
    struct source_history **sources; /**< by name */
    size_t source_count;
    int64_t raw_offset;   /**< of the last bars.raw record that is in here */
    int64_t timestamp_ms; /**< record time stamp of what was made from it */
    struct str asset;     /**< points behind the struct */
};

struct history {
    int32_t partition;
    const struct rule_book *rules;
    struct asset_history *assets;
    struct asset_history *changed;
    size_t asset_count;
};

struct history *history_new(int32_t partition, const struct rule_book *rules);
/** NULL is fine. */
void history_free(struct history *history);

/** The asset, or NULL. */
struct asset_history *history_find(const struct history *history, struct str asset);
/** The asset, made when it is new. NULL when HISTORY_ASSETS_MAX is reached. `asset` has at most ASSET_NAME_MAX bytes. */
struct asset_history *history_obtain(struct history *history, struct str asset);
/** Puts the asset on the list of those that history_take_changed gives. */
void history_changed(struct history *history, struct asset_history *asset);
/** The next changed asset, taken off the list; NULL when there is none. */
struct asset_history *history_take_changed(struct history *history);

/** The bars of a source, or NULL. `asset` may be NULL. */
struct source_history *source_history_find(const struct asset_history *asset, struct str source);
/** The bars of a source, made when it is new. `source` has at most SOURCE_NAME_MAX bytes. */
struct source_history *source_history_obtain(struct asset_history *asset, struct str source);
/** The place of the first bar of a day or of a later one. */
size_t source_history_seek(const struct source_history *source, int64_t day);
/** Whether a kept bar came in the same response as another one. */
bool same_response(const struct kept_bar *kept, const struct bar *bar);
/** The record that a kept bar came as. Texts are borrowed. */
struct bar kept_as_bar(const struct asset_history *asset, const struct source_history *source, const struct kept_bar *kept);
/**
 * Keeps a bar that was judged, in the place of those that another response had of its day, and forgets what is too much. A
 * pointer to a kept bar is good until then.
 */
void source_history_keep(struct source_history *source, const struct bar *bar, int64_t raw_offset, enum verdict verdict);
/** The place of the first close of a day or of a later one. */
size_t source_closes_seek(const struct source_history *source, int64_t day);
/** Keeps the close of a day, or forgets it when its bar did not pass. */
void source_closes_note(struct source_history *source, int32_t date, double close, enum verdict verdict);
/** Puts a bar in its place and forgets nothing: for restoring. */
void source_history_add(struct source_history *source, const struct bar *bar, int64_t raw_offset, enum verdict verdict);
/** Forgets all bars of an asset. */
void asset_history_clear(struct asset_history *asset);

/** Appends the asset as an encoded BarState. */
void asset_history_encode(const struct asset_history *asset, struct str rules_version, struct arena *arena, struct buf *out);
/**
 * Puts a restored record in place of what is known of its asset. Fails (ERROR_INVALID) on what asset_history_encode cannot have
 * written.
 */
bool asset_history_restore(struct history *history, const struct bar_state *record, struct error *error) MUST_CHECK;

#endif
