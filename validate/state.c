#include "validate/state.h"

#include <assert.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "validate/past.h"

struct partition_memory *partition_memory_new(int32_t partition, const struct rule_settings *settings)
{
    struct partition_memory *memory = xcalloc(1, sizeof(*memory));
    memory->partition = partition;
    memory->settings = settings;
    return memory;
}

void partition_memory_use(struct partition_memory *memory, const struct rule_settings *settings)
{
    memory->settings = settings;
    for (struct asset_memory *asset = memory->assets; asset; asset = asset->hh.next) {
        asset->settings = rule_settings_for(settings, asset->asset);
        for (size_t i = 0; i < asset->slot_count; i++)
            asset->slots[i]->group = rule_settings_group(settings, asset->slots[i]->state.source);
    }
}

/** Frees a source. */
static void slot_free(struct source_slot *slot)
{
    free(slot->state.recent);
    free(slot);
}

/** Frees the sources of an asset. */
static void asset_clear_sources(struct asset_memory *asset)
{
    for (size_t i = 0; i < asset->slot_count; i++)
        slot_free(asset->slots[i]);
    asset->slot_count = 0;
}

void partition_memory_free(struct partition_memory *memory)
{
    if (!memory)
        return;
    struct asset_memory *next = memory->assets;
    HASH_CLEAR(hh, memory->assets); /* frees the table; the assets stay linked */
    while (next) {
        struct asset_memory *asset = next;
        next = asset->hh.next;
        asset_clear_sources(asset);
        asset_window_clear(&asset->window);
        buf_clear(&asset->latest);
        free(asset->slots);
        free(asset);
    }
    free(memory);
}

struct asset_memory *asset_find(const struct partition_memory *memory, struct str asset)
{
    struct asset_memory *found = NULL;
    if (asset.len)
        HASH_FIND(hh, memory->assets, asset.ptr, asset.len, found);
    return found;
}

struct asset_memory *asset_obtain(struct partition_memory *memory, struct str asset)
{
    struct asset_memory *found = asset_find(memory, asset);
    if (found || memory->asset_count >= ASSETS_MAX)
        return found;
    found = xcalloc(1, sizeof(*found) + asset.len + 1);
    char *name = (char *)(found + 1);
    memcpy(name, asset.ptr, asset.len);
    found->asset = (struct str){.ptr = name, .len = asset.len};
    found->settings = rule_settings_for(memory->settings, asset);
    HASH_ADD_KEYPTR(hh, memory->assets, found->asset.ptr, found->asset.len, found);
    memory->asset_count++;
    return found;
}

void asset_changed(struct partition_memory *memory, struct asset_memory *asset)
{
    if (asset->changed)
        return;
    asset->changed = true;
    asset->next_changed = memory->changed;
    memory->changed = asset;
}

struct asset_memory *partition_take_changed(struct partition_memory *memory)
{
    struct asset_memory *asset = memory->changed;
    if (asset) {
        memory->changed = asset->next_changed;
        asset->changed = false;
    }
    return asset;
}

/** The place of a source among the sorted slots; *found tells whether it is there. */
static size_t slot_place(const struct asset_memory *asset, struct str source, bool *found)
{
    size_t i = 0;
    int order = -1;
    while (i < asset->slot_count && (order = str_compare(asset->slots[i]->state.source, source)) < 0)
        i++;
    *found = i < asset->slot_count && order == 0;
    return i;
}

struct source_slot *source_find(const struct asset_memory *asset, struct str source)
{
    if (!asset)
        return NULL;
    bool found;
    const size_t place = slot_place(asset, source, &found);
    return found ? asset->slots[place] : NULL;
}

/** Drops the source that was fetched longest ago; the first by name of several. */
static void drop_oldest(struct asset_memory *asset)
{
    size_t oldest = 0;
    for (size_t i = 1; i < asset->slot_count; i++) {
        if (asset->slots[i]->state.fetched_at_us < asset->slots[oldest]->state.fetched_at_us)
            oldest = i;
    }
    slot_free(asset->slots[oldest]);
    asset->slot_count--;
    memmove(&asset->slots[oldest], &asset->slots[oldest + 1], (asset->slot_count - oldest) * sizeof(struct source_slot *));
}

/** An empty slot of that name. */
static struct source_slot *slot_new(struct str source, const struct rule_settings *settings)
{
    struct source_slot *slot = xcalloc(1, offsetof(struct source_slot, name) + source.len + 1);
    memcpy(slot->name, source.ptr, source.len);
    slot->state.source = (struct str){.ptr = slot->name, .len = source.len};
    slot->state.currency.ptr = slot->currency;
    slot->group = rule_settings_group(settings, source);
    slot->raw_offset = -1;
    return slot;
}

struct source_slot *source_obtain(struct asset_memory *asset, struct str source, const struct rule_settings *settings)
{
    bool found;
    size_t place = slot_place(asset, source, &found);
    if (found)
        return asset->slots[place];
    if (asset->slot_count >= SOURCES_MAX) {
        drop_oldest(asset);
        place = slot_place(asset, source, &found);
    }
    if (asset->slot_count == asset->slot_cap) {
        asset->slot_cap = asset->slot_cap ? asset->slot_cap * 2 : 2;
        asset->slots = xrealloc(asset->slots, asset->slot_cap * sizeof(struct source_slot *));
    }
    memmove(&asset->slots[place + 1], &asset->slots[place], (asset->slot_count - place) * sizeof(struct source_slot *));
    asset->slot_count++;
    return asset->slots[place] = slot_new(source, settings);
}

void source_set_currency(struct source_slot *slot, struct str currency)
{
    const size_t len = currency.len < CURRENCY_NAME_MAX ? currency.len : CURRENCY_NAME_MAX;
    if (len)
        memcpy(slot->currency, currency.ptr, len);
    slot->state.currency.len = len;
}

/** The place for one more sighting; the oldest one goes when there are RECENT_MAX. */
static struct sighting *next_sighting(struct source_slot *slot)
{
    struct source_state *state = &slot->state;
    if (state->recent_count == RECENT_MAX) {
        assert(state->recent);
        memmove(&state->recent[0], &state->recent[1], (RECENT_MAX - 1) * sizeof(state->recent[0]));
        state->recent_count--;
    } else if (state->recent_count == slot->recent_room) {
        const unsigned doubled = slot->recent_room ? slot->recent_room * 2 : 1;
        slot->recent_room = doubled < RECENT_MAX ? doubled : RECENT_MAX;
        state->recent = xrealloc(state->recent, slot->recent_room * sizeof(state->recent[0]));
    }
    return &state->recent[state->recent_count++];
}

/** Appends a sighting that is not older than the last; one of the same time gives way. */
static void add_sighting(struct source_slot *slot, struct sighting sighting)
{
    const struct source_state *state = &slot->state;
    struct sighting *last = state->recent_count ? &state->recent[state->recent_count - 1] : NULL;
    if (last && last->observed_at_us > sighting.observed_at_us)
        return;
    if (!last || last->observed_at_us != sighting.observed_at_us)
        last = next_sighting(slot);
    *last = sighting;
}

void source_accept(struct source_slot *slot, struct sighting sighting)
{
    slot->state.accepted_price = SOME_DOUBLE(sighting.price);
    slot->state.accepted_at_us = SOME_LONG(sighting.observed_at_us);
    add_sighting(slot, sighting);
}

void source_take_back(struct source_slot *slot)
{
    struct source_state *state = &slot->state;
    if (state->recent_count == 0 || state->recent[state->recent_count - 1].observed_at_us != state->observed_at_us)
        return;
    state->recent_count--;
    const bool has_before = state->recent_count > 0;
    const struct sighting before = has_before ? state->recent[state->recent_count - 1] : (struct sighting){0};
    state->accepted_price = has_before ? SOME_DOUBLE(before.price) : (struct opt_double){0};
    state->accepted_at_us = has_before ? SOME_LONG(before.observed_at_us) : (struct opt_long){0};
}

/** Fills what is counted in the report window. */
static void encode_window(const struct asset_memory *asset, struct arena *arena, struct asset_state *record)
{
    const struct asset_window *window = &asset->window;
    if (window->begin_us)
        record->window_at_us = SOME_LONG(window->begin_us);
    record->window_passed = window->passed;
    record->window_suspect = window->suspect;
    record->window_rejected = window->rejected;
    record->window_flags = asset_window_flags(window, arena);
    record->window_flags_count = window->flag_count;
    record->window_sources = arena_alloc(arena, asset->slot_count * sizeof(struct source_window_state));
    record->window_sources_count = asset->slot_count;
    for (size_t i = 0; i < asset->slot_count; i++) {
        const struct source_slot *slot = asset->slots[i];
        record->window_sources[i] = (struct source_window_state){.source = slot->state.source,
                                                                 .polls = slot->window.polls,
                                                                 .gaps = slot->window.gaps,
                                                                 .usual_s = slot->window.usual_s,
                                                                 .last_at_us = slot->window.last_at_us,
                                                                 .raw_offset = slot->raw_offset};
    }
}

void asset_encode(const struct asset_memory *asset, struct str rules_version, struct arena *arena, struct buf *out)
{
    struct asset_state record = {.asset = asset->asset,
                                 .raw_offset = asset->raw_offset,
                                 .rules_version = rules_version,
                                 .sources = arena_alloc(arena, asset->slot_count * sizeof(struct source_state)),
                                 .sources_count = asset->slot_count,
                                 .consensus_price = asset->consensus_price,
                                 .consensus_confidence = asset->consensus_confidence,
                                 .consensus_at_us = asset->consensus_at_us};
    for (size_t i = 0; i < asset->slot_count; i++)
        record.sources[i] = asset->slots[i]->state;
    encode_window(asset, arena, &record);
    asset_state_encode(&record, out);
}

/** Fills a slot from a record; the slot keeps its own places for texts and sightings. */
static void slot_restore(struct source_slot *slot, const struct source_state *from)
{
    const struct str name = slot->state.source;
    struct sighting *recent = slot->state.recent;
    slot->state = *from;
    slot->state.source = name;
    slot->state.currency.ptr = slot->currency;
    source_set_currency(slot, from->currency);
    slot->state.recent = recent;
    slot->state.recent_count = 0;
    for (size_t i = 0; i < from->recent_count; i++)
        add_sighting(slot, from->recent[i]);
}

/** Takes over what was counted in the report window. */
static bool restore_window(struct partition_memory *memory, struct asset_memory *asset, const struct asset_state *record,
                           struct error *error)
{
    if (!asset_window_restore(&asset->window, record, error))
        return false;
    for (size_t i = 0; i < record->window_sources_count; i++) {
        const struct source_window_state *from = &record->window_sources[i];
        struct source_slot *slot = source_find(asset, from->source);
        if (!slot)
            continue;
        slot->raw_offset = from->raw_offset;
        slot->window = (struct source_window){
            .polls = from->polls, .gaps = from->gaps, .usual_s = from->usual_s, .last_at_us = from->last_at_us};
    }
    if (asset->window.begin_us > memory->window_begin_us)
        memory->window_begin_us = asset->window.begin_us;
    return true;
}

bool asset_restore(struct partition_memory *memory, const struct asset_state *record, struct error *error)
{
    if (record->asset.len == 0 || record->asset.len > ASSET_NAME_MAX || record->sources_count > SOURCES_MAX)
        return error_set(error, ERROR_INVALID, "the state at raw offset %lld was not written by validate",
                         (long long)record->raw_offset);
    struct asset_memory *asset = asset_obtain(memory, record->asset);
    if (!asset)
        return error_set(error, ERROR_LIMIT, "the state holds more than %d assets", ASSETS_MAX);
    asset_clear_sources(asset);
    for (size_t i = 0; i < record->sources_count; i++) {
        const struct source_state *source = &record->sources[i];
        if (source->source.len == 0 || source->source.len > SOURCE_NAME_MAX || source->currency.len > CURRENCY_NAME_MAX)
            return error_set(error, ERROR_INVALID, "the state of %.*s was not written by validate", STR_ARG(record->asset));
        slot_restore(source_obtain(asset, source->source, memory->settings), source);
    }
    if (!restore_window(memory, asset, record, error))
        return false;
    asset->raw_offset = record->raw_offset;
    asset->consensus_price = record->consensus_price;
    asset->consensus_confidence = record->consensus_confidence;
    asset->consensus_at_us = record->consensus_at_us;
    return true;
}
