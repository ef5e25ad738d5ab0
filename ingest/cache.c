#include "ingest/cache.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"

/** FNV-1a of 64 bits over a text and its end. */
static uint64_t mix(uint64_t hash, const char *text)
{
    do {
        hash = (hash ^ (uint8_t)*text) * UINT64_C(0x100000001b3);
    } while (*text++ != '\0');
    return hash;
}

void cache_key(const struct call *call, const char *base_url, char key[CACHE_KEY_SIZE])
{
    uint64_t hash = mix(mix(UINT64_C(0xcbf29ce484222325), base_url), call->endpoint->name);
    for (size_t i = 0; i < call->param_count; i++) {
        hash = mix(mix(hash, call->params[i].name), call->params[i].value);
    }
    for (size_t i = 0; i < call->asset_count; i++) {
        hash = mix(mix(hash, call->assets[i].asset), call->assets[i].symbol);
    }
    snprintf(key, CACHE_KEY_SIZE, "%016" PRIx64, hash);
}

/** The place of a key, or `count`. */
static size_t place_of(const struct cache *cache, const char *key)
{
    size_t i = 0;
    while (i < cache->count && strcmp(cache->entries[i].key, key) != 0) {
        i++;
    }
    return i;
}

const struct cache_entry *cache_find(const struct cache *cache, const char *key)
{
    size_t place = place_of(cache, key);
    return place < cache->count ? &cache->entries[place] : NULL;
}

bool cache_is_fresh(const struct cache *cache, const char *key, int64_t now_us, int64_t slack_us)
{
    const struct cache_entry *entry = cache_find(cache, key);
    /* A clock that was set back must not keep an answer fresh for longer than it ever could be. */
    return entry != NULL && entry->fresh_until_us - now_us > slack_us &&
           entry->fresh_until_us - now_us <= HEAD_FRESH_MAX_S * US_PER_S;
}

bool cache_add_headers(const struct cache *cache, const char *key, struct buf *headers)
{
    const struct cache_entry *entry = cache_find(cache, key);
    if (entry == NULL || (entry->etag[0] == '\0' && entry->last_modified[0] == '\0')) {
        return false;
    }
    if (entry->etag[0] != '\0') {
        buf_printf(headers, "If-None-Match: %s\n", entry->etag);
    }
    if (entry->last_modified[0] != '\0') {
        buf_printf(headers, "If-Modified-Since: %s\n", entry->last_modified);
    }
    return true;
}

/** Copies a validator; one that could not be sent back becomes empty. */
static void copy_validator(char out[HEAD_VALIDATOR_MAX + 1], struct str text)
{
    out[0] = '\0';
    if (text.len > HEAD_VALIDATOR_MAX) {
        return;
    }
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] < ' ' || text.ptr[i] > '~') {
            return;
        }
    }
    snprintf(out, HEAD_VALIDATOR_MAX + 1, "%.*s", STR_ARG(text));
}

void cache_note(const struct response_head *head, const char *key, int64_t fetched_at_us, int64_t ttl_s,
                const struct cache_entry *earlier, struct cache_entry *entry)
{
    int64_t fresh_s = ttl_s > 0 ? ttl_s : response_head_fresh_s(head);
    *entry = (struct cache_entry){0};
    if (head->no_store && ttl_s <= 0) {
        return;
    }
    if (earlier != NULL) {
        *entry = *earlier;
    }
    if (head->etag.len > 0 || head->last_modified.len > 0) {
        copy_validator(entry->etag, buf_str(&head->etag));
        copy_validator(entry->last_modified, buf_str(&head->last_modified));
    }
    fresh_s = fresh_s > HEAD_FRESH_MAX_S ? HEAD_FRESH_MAX_S : fresh_s;
    entry->fresh_until_us = fresh_s > 0 ? fetched_at_us + fresh_s * US_PER_S : 0;
    bool useful = entry->etag[0] != '\0' || entry->last_modified[0] != '\0' || fresh_s > 0;
    snprintf(entry->key, sizeof entry->key, "%s", useful ? key : "");
}

void cache_store(struct cache *cache, const struct cache_entry *entry)
{
    const struct cache_entry copy = *entry;
    if (copy.key[0] == '\0') {
        return;
    }
    size_t place = place_of(cache, copy.key);
    if (place == cache->count && cache->count == CACHE_ENTRIES_MAX) {
        place = 0;
    }
    if (place < cache->count) {
        cache->count--;
        memmove(&cache->entries[place], &cache->entries[place + 1], (cache->count - place) * sizeof copy);
    }
    cache->entries[cache->count++] = copy;
}

/** A text of a state; unset when it is empty. */
static struct opt_str exported(struct lane_state *state, const char *text)
{
    return text[0] != '\0' ? SOME_STR(arena_str(&state->memory, str_from(text))) : (struct opt_str){0};
}

void cache_export(const struct cache *cache, struct lane_state *state)
{
    state->validator_count = cache->count;
    state->validators = lane_state_room(state, cache->count, sizeof *state->validators);
    for (size_t i = 0; i < cache->count; i++) {
        const struct cache_entry *entry = &cache->entries[i];
        state->validators[i] = (struct lane_validator){
            .key = arena_str(&state->memory, str_from(entry->key)),
            .etag = exported(state, entry->etag),
            .last_modified = exported(state, entry->last_modified),
            .fresh_until_us = entry->fresh_until_us > 0 ? SOME_LONG(entry->fresh_until_us) : (struct opt_long){0},
        };
    }
}

void cache_import(struct cache *cache, const struct lane_state *state)
{
    cache->count = 0;
    for (size_t i = 0; i < state->validator_count; i++) {
        const struct lane_validator *from = &state->validators[i];
        struct cache_entry entry = {.fresh_until_us = from->fresh_until_us.set ? from->fresh_until_us.value : 0};
        if (from->key.len == CACHE_KEY_SIZE - 1) {
            snprintf(entry.key, sizeof entry.key, "%.*s", STR_ARG(from->key));
            copy_validator(entry.etag, from->etag.set ? from->etag.value : STR(""));
            copy_validator(entry.last_modified, from->last_modified.set ? from->last_modified.value : STR(""));
            cache_store(cache, &entry);
        }
    }
}
