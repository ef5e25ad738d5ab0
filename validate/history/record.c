/* What is remembered of an asset's bars, as a BarState record and back. */
#include "validate/history/history.h"
#include "validate/rule.h"

/** Writes the bars of a source and the responses that they came with, each once. */
static void encode_source(const struct source_history *source, struct arena *arena, struct bar_series_state *out)
{
    const struct shared_response *known[BARS_KEPT];
    *out = (struct bar_series_state){.source = source->source,
                                     .responses = arena_alloc(arena, source->count * sizeof(*out->responses)),
                                     .bars = arena_alloc(arena, source->count * sizeof(*out->bars)),
                                     .bars_count = source->count};
    for (size_t i = 0; i < source->count; i++) {
        const struct shared_response *response = source->bars[i].response;
        size_t place = out->responses_count;
        while (place > 0 && known[place - 1] != response)
            place--;
        if (place == 0) {
            known[out->responses_count] = response;
            out->responses[out->responses_count++] = response->of;
            place = out->responses_count;
        }
        out->bars[i] = source->bars[i].bar;
        out->bars[i].response = (int32_t)place - 1;
    }
}

void asset_history_encode(const struct asset_history *asset, struct str rules_version, struct arena *arena, struct buf *out)
{
    struct bar_state record = {.asset = asset->asset,
                               .raw_offset = asset->raw_offset,
                               .rules_version = rules_version,
                               .series = arena_alloc(arena, asset->source_count * sizeof(struct bar_series_state)),
                               .series_count = asset->source_count};
    for (size_t i = 0; i < asset->source_count; i++)
        encode_source(asset->sources[i], arena, &record.series[i]);
    bar_state_encode(&record, out);
}

/** Whether a record of a series can be one that was written by encode_source. */
static bool is_sound(const struct bar_series_state *from)
{
    bool sound = from->source.len > 0 && from->source.len <= SOURCE_NAME_MAX && from->bars_count <= BARS_KEPT;
    for (size_t i = 0; sound && i < from->bars_count; i++)
        sound = from->bars[i].response >= 0 && (size_t)from->bars[i].response < from->responses_count;
    return sound;
}

/** Takes the bars of a source over, in the order in which they were written. */
static void restore_source(struct asset_history *asset, const struct bar_series_state *from)
{
    struct source_history *source = source_history_obtain(asset, from->source);
    for (size_t i = 0; i < from->bars_count; i++) {
        const struct known_bar *known = &from->bars[i];
        struct shared_response response = {.of = from->responses[known->response]};
        const struct kept_bar kept = {.response = &response, .bar = *known};
        const struct bar bar = kept_as_bar(asset, source, &kept);
        source_history_add(source, &bar, known->raw_offset, known->verdict);
    }
}

bool asset_history_restore(struct history *history, const struct bar_state *record, struct error *error)
{
    bool sound = record->asset.len > 0 && record->asset.len <= ASSET_NAME_MAX && record->series_count <= HISTORY_SOURCES_MAX;
    for (size_t i = 0; sound && i < record->series_count; i++)
        sound = is_sound(&record->series[i]);
    if (!sound)
        return error_set(error, ERROR_INVALID, "the state of bars at raw offset %lld was not written by validate",
                         (long long)record->raw_offset);
    struct asset_history *asset = history_obtain(history, record->asset);
    if (!asset)
        return error_set(error, ERROR_LIMIT, "the state holds bars of more than %zu assets", HISTORY_ASSETS_MAX);
    asset_history_clear(asset);
    for (size_t i = 0; i < record->series_count; i++)
        restore_source(asset, &record->series[i]);
    asset->raw_offset = record->raw_offset;
    return true;
}
