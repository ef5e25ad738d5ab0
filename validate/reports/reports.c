#include "validate/reports/reports.h"

#include <math.h>
#include <stdlib.h>

#include "validate/peers.h"

#define WINDOW_US (WINDOW_S * US_PER_S)

/** When the last quote of a source came. State of an earlier version of the program knows the fetch only. */
static int64_t last_heard_us(const struct source_slot *slot)
{
    return slot->window.last_at_us ? slot->window.last_at_us : slot->state.fetched_at_us;
}

/** When the last quote of any source came. */
static int64_t asset_heard_us(const struct asset_memory *asset)
{
    int64_t heard_us = 0;
    for (size_t i = 0; i < asset->slot_count; i++) {
        const int64_t at_us = last_heard_us(asset->slots[i]);
        heard_us = at_us > heard_us ? at_us : heard_us;
    }
    return heard_us;
}

/** The source with the newest observation; NULL without any. */
static const struct source_slot *newest_slot(const struct asset_memory *asset)
{
    const struct source_slot *newest = NULL;
    for (size_t i = 0; i < asset->slot_count; i++) {
        if (!newest || asset->slots[i]->state.observed_at_us > newest->state.observed_at_us)
            newest = asset->slots[i];
    }
    return newest;
}

/** What came of one source; `counted`: whether the counts are of this window. */
static struct source_report source_report(const struct asset_memory *asset, const struct source_slot *slot,
                                          const struct source_slot *newest, int64_t end_us, bool counted)
{
    const struct source_state *state = &slot->state;
    const struct source_window *window = &slot->window;
    const double silent_s = (double)(end_us - last_heard_us(slot)) / (double)US_PER_S;
    const bool fresh = silent_s <= (double)asset->settings->fresh_s &&
                       observed_close(seen_of_source(state), seen_of_source(&newest->state), asset->settings->fresh_s);
    return (struct source_report){
        .source = state->source,
        .polls = counted ? window->polls : 0,
        .usual_interval_s = window->usual_s > 0 ? SOME_DOUBLE(window->usual_s) : (struct opt_double){0},
        .silent_s = fmax(0, silent_s),
        .gaps = (counted ? window->gaps : 0) + source_window_is_gap(window, end_us),
        .fresh = fresh,
        .agrees = fresh && state->verdict == VERDICT_PASS && !state->excluded,
    };
}

/** Adds up what came of the sources. */
static void add_sources(struct report *report)
{
    double share = 0;
    int32_t known = 0;
    for (size_t i = 0; i < report->sources_count; i++) {
        const struct source_report *source = &report->sources[i];
        report->sources_fresh += source->fresh;
        report->sources_agreeing += source->agrees;
        report->gaps += source->gaps;
        if (source->usual_interval_s.set) {
            share += fmin(1, (double)source->polls * source->usual_interval_s.value / WINDOW_S);
            known++;
        }
    }
    if (known)
        report->coverage = SOME_DOUBLE(share / known);
}

/** The currency of the consensus: what the rule file expects, else that of the newest observation. */
static struct str report_currency(const struct asset_memory *asset, const struct source_slot *newest)
{
    const struct str expected = class_settings_currency(asset->settings, asset->asset);
    return expected.len ? expected : newest->state.currency;
}

/** Fills the report of an asset, which has a source. `sources` has room for SOURCES_MAX. */
static void make_report(const struct asset_memory *asset, int64_t begin_us, struct source_report *sources,
                        struct flag_count *flags, struct report *report)
{
    const struct source_slot *newest = newest_slot(asset);
    const bool counted = asset->window.begin_us == begin_us;
    const int64_t end_us = begin_us + WINDOW_US;
    *report = (struct report){.asset = asset->asset,
                              .window_start_us = begin_us,
                              .window_end_us = end_us,
                              .sources_expected = (int32_t)asset->slot_count,
                              .sources = sources,
                              .sources_count = asset->slot_count,
                              .consensus_price = asset->consensus_price,
                              .consensus_confidence = asset->consensus_confidence};
    if (counted) {
        report->passed = asset->window.passed;
        report->suspect = asset->window.suspect;
        report->rejected = asset->window.rejected;
        report->quotes = report->passed + report->suspect + report->rejected;
        report->open_flags = flags;
        report->open_flags_count = asset->window.flag_count;
    }
    for (size_t i = 0; i < asset->slot_count; i++)
        sources[i] = source_report(asset, asset->slots[i], newest, end_us, counted);
    add_sources(report);
    report->freshness_s = SOME_DOUBLE(fmax(0, (double)(end_us - newest->state.observed_at_us) / (double)US_PER_S));
    if (asset->consensus_price.set)
        report->currency = SOME_STR(report_currency(asset, newest));
}

/** Order of qsort: by name. */
static int compare_assets(const void *a, const void *b)
{
    return str_compare((*(struct asset_memory *const *)a)->asset, (*(struct asset_memory *const *)b)->asset);
}

/** All assets of the partition by name; freed by the caller. The hash table's order is that of arrival, which a restart changes.
 */
static struct asset_memory **sorted_assets(const struct partition_memory *memory)
{
    struct asset_memory **assets = xcalloc(memory->asset_count + 1, sizeof(struct asset_memory *));
    size_t count = 0;
    for (struct asset_memory *asset = memory->assets; asset; asset = asset->hh.next)
        assets[count++] = asset;
    if (count)
        qsort(assets, count, sizeof(struct asset_memory *), compare_assets);
    return assets;
}

/** Gives the report of one asset away. */
static bool emit_report(const struct partition_memory *memory, const struct asset_memory *asset, const struct raw_origin *origin,
                        report_fn emit, void *ctx, struct arena *arena, struct error *error)
{
    struct source_report sources[SOURCES_MAX];
    struct report report;
    arena_reset(arena);
    make_report(asset, memory->window_begin_us, sources, asset_window_flags(&asset->window, arena), &report);
    report.rules_version = rule_settings_version(memory->settings);
    report.raw_partition = origin->partition;
    report.raw_offset = origin->offset;
    return emit(ctx, &report, error);
}

/** Whether there is something to say about an asset. */
static bool is_reported(const struct partition_memory *memory, const struct asset_memory *asset)
{
    const int64_t silent_us = memory->window_begin_us + WINDOW_US - asset_heard_us(asset);
    return asset->slot_count > 0 && silent_us <= REPORT_SILENCE_S * US_PER_S;
}

/** Opens the window of an asset unless it is open. */
static void open_window(struct partition_memory *memory, struct asset_memory *asset, const struct raw_origin *origin)
{
    if (asset->window.begin_us != memory->window_begin_us) {
        asset_window_begin(&asset->window, memory->window_begin_us);
        for (size_t i = 0; i < asset->slot_count; i++)
            asset->slots[i]->window.polls = asset->slots[i]->window.gaps = 0;
    }
    asset->raw_offset = origin->offset;
    asset->timestamp_ms = origin->timestamp_ms;
    asset_changed(memory, asset);
}

bool reports_close(struct partition_memory *memory, const struct raw_origin *origin, report_fn emit, void *ctx,
                   struct error *error)
{
    const int64_t begin_us = window_begin_us(origin->timestamp_ms * US_PER_MS);
    if (begin_us <= memory->window_begin_us || memory->asset_count == 0)
        return true;
    struct arena arena = {0};
    struct asset_memory **assets = sorted_assets(memory);
    bool ok = true;
    for (size_t i = 0; ok && memory->window_begin_us && i < memory->asset_count; i++) {
        if (is_reported(memory, assets[i]))
            ok = emit_report(memory, assets[i], origin, emit, ctx, &arena, error);
    }
    memory->window_begin_us = begin_us;
    /* One asset carries the new window to the changelog, in case that the quote itself leaves no trace. */
    open_window(memory, assets[0], origin);
    free(assets);
    arena_clear(&arena);
    return ok;
}

void reports_count(struct partition_memory *memory, const struct judgement *judgement, const struct raw_origin *origin)
{
    struct asset_memory *asset = judgement->asset;
    const struct clean_quote *clean = &judgement->clean;
    if (!asset)
        return;
    if (!memory->window_begin_us) /* the partition's first asset */
        memory->window_begin_us = window_begin_us(origin->timestamp_ms * US_PER_MS);
    open_window(memory, asset, origin);
    asset_window_count(&asset->window, clean->verdict, clean->flags, clean->flags_count);
    struct source_slot *slot = source_find(asset, clean->source);
    if (slot)
        source_window_poll(&slot->window, origin->timestamp_ms * US_PER_MS);
}
