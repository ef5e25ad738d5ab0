/*
 * What is known of earlier answers of a provider, so that a request can be conditional, or not be made at all.
 *
 *     if (cache_is_fresh(&cache, key, now_us, slack_us)) ...             // no call is needed
 *     cache_add_headers(&cache, key, &headers);                         // If-None-Match, If-Modified-Since
 *     ... cache_note(head, key, fetched_at_us, ttl_s, earlier, &entry)  // of a good answer
 *     cache_store(&cache, &entry);                                      // once its records are acknowledged
 *
 * An entry may only be stored when the records of its answer are safe: after "304 Not Modified" nothing is fetched again. A key
 * is a hash of what was asked for; no secret goes into it. Bounded to CACHE_ENTRIES_MAX entries, of which the oldest goes first,
 * since they stand in every record of the ledger. The next owner of a lane takes them over (lane_state.h).
 *
 * Pure; threads: one.
 */
#ifndef QUOTEBUS_INGEST_CACHE_H
#define QUOTEBUS_INGEST_CACHE_H

#include "ingest/call.h"
#include "ingest/lane_state.h"
#include "ingest/response_head.h"

#define CACHE_ENTRIES_MAX 64
#define CACHE_KEY_SIZE 17

struct cache_entry {
    char key[CACHE_KEY_SIZE]; /**< empty: nothing to keep */
    char etag[HEAD_VALIDATOR_MAX + 1];
    char last_modified[HEAD_VALIDATOR_MAX + 1];
    int64_t fresh_until_us; /**< no call is needed before; 0: one always is */
};

/** Zero-initialised is empty and valid; holds no memory of its own. */
struct cache {
    struct cache_entry entries[CACHE_ENTRIES_MAX]; /* oldest first */
    size_t count;
};

/** The key of a call: its endpoint, parameters and symbols at that base URL. */
void cache_key(const struct call *call, const char *base_url, char key[CACHE_KEY_SIZE]);
/** The entry of a key, or NULL; borrowed until the cache changes. */
const struct cache_entry *cache_find(const struct cache *cache, const char *key);
/** Whether the last answer stays fresh for more than `slack_us` from now on. */
bool cache_is_fresh(const struct cache *cache, const char *key, int64_t now_us, int64_t slack_us);
/** Appends the headers of a conditional request; false (nothing appended) when no validator is known. */
bool cache_add_headers(const struct cache *cache, const char *key, struct buf *headers);
/**
 * Fills `entry` from the headers of a good answer. `ttl_s` above 0: it counts as fresh for so long, whatever the headers say.
 * `earlier`: the entry that the request was conditional by when the answer is 304, whose validators stay unless there are new
 * ones; else NULL. entry->key is empty when there is nothing to keep.
 */
void cache_note(const struct response_head *head, const char *key, int64_t fetched_at_us, int64_t ttl_s,
                const struct cache_entry *earlier, struct cache_entry *entry);
/** Keeps a copy of an entry in place of the one of its key; an empty one does nothing. */
void cache_store(struct cache *cache, const struct cache_entry *entry);

/** Writes the entries into a state. */
void cache_export(const struct cache *cache, struct lane_state *state);
/** Takes the entries of a state in place of all others; what is too long or not printable is left out. */
void cache_import(struct cache *cache, const struct lane_state *state);

#endif
