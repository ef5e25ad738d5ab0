/* What is remembered of an asset's bars, as a BarState record and back. */
#include "validate/history/history.h"
#include "validate/rule.h"

/** Writes the closes of a source. */
static void encode_closes(const struct source_history *source, struct arena *arena, struct bar_series_state *out)
{
    int64_t before = 0;
    out->close_days = arena_alloc(arena, source->close_count * sizeof(*out->close_days));
    out->closes = arena_alloc(arena, source->close_count * sizeof(*out->closes));
    out->close_days_count = out->closes_count = source->close_count;
    for (size_t i = 0; i < source->close_count; i++) {
        out->close_days[i] = source->closes[i].date - before;
        out->closes[i] = source->closes[i].close;
        before = source->closes[i].date;
    }
}

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
    encode_closes(source, arena, out);
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

/** Whether the days of closes are days that follow each other. */
static bool closes_ascend(const struct bar_series_state *from)
{
    int64_t day = 0;
    for (size_t i = 0; i < from->close_days_count; i++) {
        const int64_t step = from->close_days[i];
        if (step < INT32_MIN || step > INT32_MAX || (i > 0 && step <= 0))
            return false;
        day += step;
        if (day < INT32_MIN || day > INT32_MAX)
            return false;
    }
    return true;
}

/** Whether a record of a series can be one that was written by encode_source. */
static bool is_sound(const struct bar_series_state *from)
{
    bool sound = from->source.len > 0 && from->source.len <= SOURCE_NAME_MAX && from->bars_count <= BARS_KEPT &&
                 from->close_days_count == from->closes_count && from->closes_count <= CLOSES_KEPT && closes_ascend(from);
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
    int64_t day = 0;
    for (size_t i = 0; i < from->closes_count; i++) {
        day += from->close_days[i];
        source_closes_note(source, (int32_t)day, from->closes[i], VERDICT_PASS);
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
