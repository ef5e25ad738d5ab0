#include "ingest/roster.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ingest/schedule.h"

/** Longest id of an asset, with the NUL. */
#define ASSET_MAX 128

/** Orders entries by asset id. */
static int compare_entries(const void *a, const void *b)
{
    const struct roster_entry *left = a;
    const struct roster_entry *right = b;
    return strcmp(left->asset.asset, right->asset.asset);
}

void roster_init(struct roster *roster, const struct config *config, const char *provider, const struct roster_shard *shard)
{
    *roster = (struct roster){.entries = xcalloc(config->asset_count + 1, sizeof *roster->entries)};
    for (size_t i = 0; i < config->asset_count; i++) {
        const struct asset_settings *asset = &config->assets[i];
        const char *symbol = asset_symbol_at(asset, provider);
        bool mine = shard->count <= 1 || (int64_t)(name_seed(asset->id, 0) % (uint64_t)shard->count) == shard->number;
        if (symbol != NULL && mine) {
            roster->entries[roster->count++] = (struct roster_entry){
                .asset = {.asset = asset->id, .symbol = symbol}, .settings = asset, .market = hours_of(config, asset)};
        }
    }
    qsort(roster->entries, roster->count, sizeof *roster->entries, compare_entries);
}

void roster_clear(struct roster *roster)
{
    free(roster->entries);
    memset(roster, 0, sizeof *roster);
}

/** Orders an asset id and an entry. */
static int compare_id(const void *id, const void *entry)
{
    return strcmp(id, ((const struct roster_entry *)entry)->asset.asset);
}

struct roster_entry *roster_find(const struct roster *roster, const char *asset)
{
    return roster->count == 0 ? NULL : bsearch(asset, roster->entries, roster->count, sizeof *roster->entries, compare_id);
}

bool roster_callable(const struct roster_entry *entry, int64_t wall_us)
{
    return !entry->inactive && entry->unknown_until_us <= wall_us;
}

bool roster_should_ask(const struct roster_entry *entry, int64_t now_ms)
{
    bool fresh = entry->answered && now_ms - entry->answered_ms < ROSTER_ASK_AGAIN_MS;
    return !entry->inactive && !entry->asking && !fresh;
}

bool roster_retire(struct roster *roster, struct roster_entry *entry)
{
    if (entry->inactive) {
        return false;
    }
    entry->inactive = true;
    roster->inactive_count++;
    return true;
}

bool roster_unknown(struct roster_entry *entry, int64_t wall_us)
{
    bool news = entry->unknown_until_us <= wall_us;
    entry->unknown_until_us = wall_us + ROSTER_UNKNOWN_US;
    return news;
}

size_t roster_unknown_count(const struct roster *roster, int64_t wall_us)
{
    size_t count = 0;
    for (size_t i = 0; i < roster->count; i++) {
        count += roster->entries[i].unknown_until_us > wall_us ? 1 : 0;
    }
    return count;
}

void roster_forget(struct roster *roster)
{
    roster->inactive_count = 0;
    for (size_t i = 0; i < roster->count; i++) {
        struct roster_entry *entry = &roster->entries[i];
        entry->inactive = false;
        entry->unknown_until_us = 0;
        entry->asking = false;
        entry->answered = false;
    }
}

/** Adds an entry to a list of a state while there is room. */
static void list_symbol(struct lane_state *state, struct lane_symbol *list, size_t *count, const struct roster_entry *entry,
                        struct opt_long until_us)
{
    if (*count < LANE_SYMBOLS_MAX) {
        list[(*count)++] = (struct lane_symbol){
            .asset = arena_str(&state->memory, str_from(entry->asset.asset)),
            .symbol = arena_str(&state->memory, str_from(entry->asset.symbol)),
            .until_us = until_us,
        };
    }
}

void roster_export(const struct roster *roster, int64_t wall_us, struct lane_state *state)
{
    size_t most = roster->count < LANE_SYMBOLS_MAX ? roster->count : LANE_SYMBOLS_MAX;
    state->unknown = lane_state_room(state, most, sizeof *state->unknown);
    state->inactive = lane_state_room(state, most, sizeof *state->inactive);
    for (size_t i = 0; i < roster->count; i++) {
        const struct roster_entry *entry = &roster->entries[i];
        if (entry->inactive) {
            list_symbol(state, state->inactive, &state->inactive_count, entry, (struct opt_long){0});
        } else if (entry->unknown_until_us > wall_us) {
            list_symbol(state, state->unknown, &state->unknown_count, entry, SOME_LONG(entry->unknown_until_us));
        }
    }
}

/** The entry that a symbol of a state is about, when the configuration has the same symbol. */
static struct roster_entry *entry_of(const struct roster *roster, const struct lane_symbol *symbol)
{
    char asset[ASSET_MAX];
    if (symbol->asset.len >= sizeof asset) {
        return NULL;
    }
    snprintf(asset, sizeof asset, "%.*s", STR_ARG(symbol->asset));
    struct roster_entry *entry = roster_find(roster, asset);
    return entry != NULL && str_is(symbol->symbol, entry->asset.symbol) ? entry : NULL;
}

void roster_import(struct roster *roster, const struct lane_state *state)
{
    for (size_t i = 0; i < state->inactive_count; i++) {
        struct roster_entry *entry = entry_of(roster, &state->inactive[i]);
        if (entry != NULL) {
            roster_retire(roster, entry);
        }
    }
    for (size_t i = 0; i < state->unknown_count; i++) {
        struct roster_entry *entry = entry_of(roster, &state->unknown[i]);
        if (entry != NULL) {
            entry->unknown_until_us = state->unknown[i].until_us.value;
        }
    }
}

void roster_move(struct roster *roster, const struct roster *old)
{
    for (size_t i = 0; i < roster->count; i++) {
        struct roster_entry *entry = &roster->entries[i];
        const struct roster_entry *before = roster_find(old, entry->asset.asset);
        if (before == NULL || strcmp(before->asset.symbol, entry->asset.symbol) != 0) {
            continue;
        }
        entry->unknown_until_us = before->unknown_until_us;
        entry->asking = before->asking;
        entry->answered = before->answered;
        entry->answered_ms = before->answered_ms;
        if (before->inactive) {
            roster_retire(roster, entry);
        }
    }
}
