/*
 * What validate remembers: per partition of the raw topic, per asset, per source. All of it can be written as AssetState records
 * and restored from them; nothing else about the past has a say in a verdict.
 *
 * Bounds: ASSETS_MAX assets per partition, SOURCES_MAX sources per asset (the one unheard of for longest makes room),
 * RECENT_MAX sightings per source, names as in rule.h. An asset with four sources takes
 * 1.6 KiB after their first poll and 2.3 KiB with full pasts.
 *
 * Ownership: a partition_memory owns its assets, an asset its sources. Settings are borrowed for life. Threads: one.
 */
#ifndef QUOTEBUS_VALIDATE_STATE_H
#define QUOTEBUS_VALIDATE_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uthash.h>

#include "base/bytes.h"
#include "base/error.h"
#include "validate/reports/window.h"
#include "validate/rule.h"

/** Most assets of one partition; quotes of further ones are judged without a memory. */
#define ASSETS_MAX 1000000

/** One source of an asset. Texts of `state` point into the slot itself; its sightings are the slot's own. */
struct source_slot {
    struct source_state state;
    int group;            /**< independence group, or GROUP_OF_ITS_OWN */
    unsigned recent_room; /**< sightings that state.recent has room for; it grows with the past */
    struct source_window window;
    int64_t raw_offset; /**< of the record that `state` is of; -1: not known */
    char currency[CURRENCY_NAME_MAX];
    char name[];
};

struct asset_memory {
    UT_hash_handle hh;
    struct asset_memory *next_changed;
    bool changed; /**< since the last partition_take_changed */
    const struct class_settings *settings;
    struct source_slot **slots; /**< sorted by name, so that the order does not depend on who came first */
    size_t slot_count;
    size_t slot_cap;
    int64_t raw_offset;   /**< of the last record that is in here */
    int64_t timestamp_ms; /**< record time stamp of what was made from it */
    struct opt_double consensus_price;
    struct opt_double consensus_confidence;
    struct opt_long consensus_at_us;
    struct asset_window window;
    struct buf latest;           /**< record of prices.latest that is still to be sent; empty: none */
    int64_t latest_timestamp_ms; /**< its record time stamp */
    struct str asset;            /**< points behind the struct */
};

struct partition_memory {
    int32_t partition;
    const struct rule_settings *settings;
    struct asset_memory *assets;
    struct asset_memory *changed;
    size_t asset_count;
    int64_t window_begin_us; /**< of the report window that is open; 0: none */
};

struct partition_memory *partition_memory_new(int32_t partition, const struct rule_settings *settings);
/** Goes on with other settings, which are borrowed for life as the first ones were. What is remembered stays. */
void partition_memory_use(struct partition_memory *memory, const struct rule_settings *settings);
/** NULL is fine. */
void partition_memory_free(struct partition_memory *memory);

/** The asset, or NULL. */
struct asset_memory *asset_find(const struct partition_memory *memory, struct str asset);
/** The asset, made when it is new. NULL when ASSETS_MAX is reached. `asset` has at most ASSET_NAME_MAX bytes. */
struct asset_memory *asset_obtain(struct partition_memory *memory, struct str asset);
/** Puts the asset on the list of those that partition_take_changed gives. */
void asset_changed(struct partition_memory *memory, struct asset_memory *asset);
/** The next changed asset, taken off the list; NULL when there is none. */
struct asset_memory *partition_take_changed(struct partition_memory *memory);

/** The slot of a source, or NULL. `asset` may be NULL. */
struct source_slot *source_find(const struct asset_memory *asset, struct str source);
/** The slot of a source, made when it is new. `source` has at most SOURCE_NAME_MAX bytes. */
struct source_slot *source_obtain(struct asset_memory *asset, struct str source, const struct rule_settings *settings);
/** Sets the currency, at most CURRENCY_NAME_MAX bytes. */
void source_set_currency(struct source_slot *slot, struct str currency);
/**
 * Makes a price the base that the next ones are compared with, and keeps it among the recent sightings; the oldest of these goes
 * when there are RECENT_MAX, and one of the same time gives way. A price from before the last sighting is not kept.
 */
void source_accept(struct source_slot *slot, struct sighting sighting);
/** Takes back the acceptance of the source's last price: the sighting before it is the base again. */
void source_take_back(struct source_slot *slot);

/** Appends the asset as an encoded AssetState. */
void asset_encode(const struct asset_memory *asset, struct str rules_version, struct arena *arena, struct buf *out);
/**
 * Puts a restored record in place of what is known of its asset. Fails (ERROR_INVALID) on what asset_encode cannot have written.
 */
bool asset_restore(struct partition_memory *memory, const struct asset_state *record, struct error *error) MUST_CHECK;

#endif
