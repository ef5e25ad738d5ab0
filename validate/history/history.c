#include "validate/history/history.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct history *history_new(int32_t partition, const struct rule_book *rules)
{
    struct history *history = xcalloc(1, sizeof(*history));
    history->partition = partition;
    history->rules = rules;
    return history;
}

/** Lets go of a response that one more bar held. */
static void release(struct shared_response *response)
{
    if (--response->bars == 0)
        free(response);
}

/** Frees a source with its bars. */
static void source_free(struct source_history *source)
{
    for (size_t i = 0; i < source->count; i++)
        release(source->bars[i].response);
    free(source->bars);
    free(source->closes);
    free(source);
}

void asset_history_clear(struct asset_history *asset)
{
    for (size_t i = 0; i < asset->source_count; i++)
        source_free(asset->sources[i]);
    asset->source_count = 0;
}

void history_free(struct history *history)
{
    if (!history)
        return;
    struct asset_history *next = history->assets;
    HASH_CLEAR(hh, history->assets); /* frees the table; the assets stay linked */
    while (next) {
        struct asset_history *asset = next;
        next = asset->hh.next;
        asset_history_clear(asset);
        free(asset->sources);
        free(asset);
    }
    free(history);
}

struct asset_history *history_find(const struct history *history, struct str asset)
{
    struct asset_history *found = NULL;
    if (asset.len)
        HASH_FIND(hh, history->assets, asset.ptr, asset.len, found);
    return found;
}

struct asset_history *history_obtain(struct history *history, struct str asset)
{
    struct asset_history *found = history_find(history, asset);
    if (found || history->asset_count >= HISTORY_ASSETS_MAX)
        return found;
    found = xcalloc(1, sizeof(*found) + asset.len + 1);
    char *name = (char *)(found + 1);
    memcpy(name, asset.ptr, asset.len);
    found->asset = (struct str){.ptr = name, .len = asset.len};
    HASH_ADD_KEYPTR(hh, history->assets, found->asset.ptr, found->asset.len, found);
    history->asset_count++;
    return found;
}

void history_changed(struct history *history, struct asset_history *asset)
{
    if (asset->changed)
        return;
    asset->changed = true;
    asset->next_changed = history->changed;
    history->changed = asset;
}

struct asset_history *history_take_changed(struct history *history)
{
    struct asset_history *asset = history->changed;
    if (asset) {
        history->changed = asset->next_changed;
        asset->changed = false;
    }
    return asset;
}

/** The place of a source by name; *found tells whether it is there. */
static size_t source_place(const struct asset_history *asset, struct str source, bool *found)
{
    size_t i = 0;
    int order = -1;
    while (i < asset->source_count && (order = str_compare(asset->sources[i]->source, source)) < 0)
        i++;
    *found = i < asset->source_count && order == 0;
    return i;
}

struct source_history *source_history_find(const struct asset_history *asset, struct str source)
{
    bool found = false;
    const size_t place = asset ? source_place(asset, source, &found) : 0;
    return found ? asset->sources[place] : NULL;
}

/** The highest raw offset among the bars of a source; -1 without bars. */
static int64_t last_offset(const struct source_history *source)
{
    int64_t last = -1;
    for (size_t i = 0; i < source->count; i++)
        last = source->bars[i].bar.raw_offset > last ? source->bars[i].bar.raw_offset : last;
    return last;
}

/** Drops the source whose last bar is the oldest record; the first by name of several. */
static void drop_oldest_source(struct asset_history *asset)
{
    size_t oldest = 0;
    for (size_t i = 1; i < asset->source_count; i++) {
        if (last_offset(asset->sources[i]) < last_offset(asset->sources[oldest]))
            oldest = i;
    }
    source_free(asset->sources[oldest]);
    asset->source_count--;
    memmove(&asset->sources[oldest], &asset->sources[oldest + 1],
            (asset->source_count - oldest) * sizeof(struct source_history *));
}

struct source_history *source_history_obtain(struct asset_history *asset, struct str source)
{
    bool found;
    size_t place = source_place(asset, source, &found);
    if (found)
        return asset->sources[place];
    if (asset->source_count >= HISTORY_SOURCES_MAX) {
        drop_oldest_source(asset);
        place = source_place(asset, source, &found);
    }
    struct source_history *made = xcalloc(1, sizeof(*made) + source.len + 1);
    char *name = (char *)(made + 1);
    memcpy(name, source.ptr, source.len);
    made->source = (struct str){.ptr = name, .len = source.len};
    asset->sources = xrealloc(asset->sources, (asset->source_count + 1) * sizeof(struct source_history *));
    memmove(&asset->sources[place + 1], &asset->sources[place], (asset->source_count - place) * sizeof(struct source_history *));
    asset->source_count++;
    return asset->sources[place] = made;
}

size_t source_history_seek(const struct source_history *source, int64_t day)
{
    size_t i = 0;
    while (i < source->count && source->bars[i].bar.date < day)
        i++;
    return i;
}

bool same_response(const struct kept_bar *kept, const struct bar *bar)
{
    const struct bar_response *of = &kept->response->of;
    return of->fetched_at_us == bar->fetched_at_us && str_equal(of->request_id, bar->request_id) &&
           str_equal(of->symbol, bar->symbol) && str_equal(of->currency, bar->currency) && of->unit_factor == bar->unit_factor;
}

struct bar kept_as_bar(const struct asset_history *asset, const struct source_history *source, const struct kept_bar *kept)
{
    const struct bar_response *of = &kept->response->of;
    const struct known_bar *bar = &kept->bar;
    return (struct bar){.asset = asset->asset,
                        .source = source->source,
                        .symbol = of->symbol,
                        .currency = of->currency,
                        .date = bar->date,
                        .open = bar->open,
                        .high = bar->high,
                        .low = bar->low,
                        .close = bar->close,
                        .adj_close = bar->adj_close,
                        .volume = bar->volume,
                        .dividend = bar->dividend,
                        .split = bar->split,
                        .fetched_at_us = of->fetched_at_us,
                        .request_id = of->request_id,
                        .unit_factor = of->unit_factor};
}

/** Forgets a bar. */
static void forget(struct source_history *source, size_t place)
{
    release(source->bars[place].response);
    source->count--;
    memmove(&source->bars[place], &source->bars[place + 1], (source->count - place) * sizeof(*source->bars));
}

/** Copies a text behind those that are there and moves on. */
static struct str put_text(char **at, struct str text)
{
    const struct str copy = {.ptr = *at, .len = text.len};
    if (text.len)
        memcpy(*at, text.ptr, text.len);
    *at += text.len;
    return copy;
}

/** The response of a bar: one that a kept bar came with, or a new one. */
static struct shared_response *obtain_response(const struct source_history *source, const struct bar *bar)
{
    for (size_t i = source->count; i-- > 0;) {
        if (same_response(&source->bars[i], bar)) {
            source->bars[i].response->bars++;
            return source->bars[i].response;
        }
    }
    struct shared_response *made = xcalloc(1, sizeof(*made) + bar->symbol.len + bar->currency.len + bar->request_id.len);
    char *at = (char *)(made + 1);
    made->bars = 1;
    made->of = (struct bar_response){.symbol = put_text(&at, bar->symbol),
                                     .currency = put_text(&at, bar->currency),
                                     .request_id = put_text(&at, bar->request_id),
                                     .fetched_at_us = bar->fetched_at_us,
                                     .unit_factor = bar->unit_factor};
    return made;
}

void source_history_add(struct source_history *source, const struct bar *bar, int64_t raw_offset, enum verdict verdict)
{
    struct shared_response *response = obtain_response(source, bar);
    if (source->count == source->cap) {
        source->cap = source->cap ? source->cap * 2 : 4;
        source->bars = xrealloc(source->bars, source->cap * sizeof(*source->bars));
    }
    const size_t place = source_history_seek(source, (int64_t)bar->date + 1);
    memmove(&source->bars[place + 1], &source->bars[place], (source->count - place) * sizeof(*source->bars));
    source->count++;
    source->bars[place] = (struct kept_bar){.response = response,
                                            .bar = {.date = bar->date,
                                                    .open = bar->open,
                                                    .high = bar->high,
                                                    .low = bar->low,
                                                    .close = bar->close,
                                                    .adj_close = bar->adj_close,
                                                    .volume = bar->volume,
                                                    .dividend = bar->dividend,
                                                    .split = bar->split,
                                                    .raw_offset = raw_offset,
                                                    .verdict = verdict}};
}

/** Forgets the near bars that are farthest from a day until there are BARS_NEAR; the earlier of two that are equally far. */
static void trim_near(struct source_history *source, int64_t day)
{
    for (;;) {
        const size_t first = source_history_seek(source, day - NEAR_DAYS);
        const size_t end = source_history_seek(source, day + NEAR_DAYS + 1);
        if (end - first <= BARS_NEAR)
            return;
        const int64_t before = day - source->bars[first].bar.date, after = source->bars[end - 1].bar.date - day;
        forget(source, before >= after ? first : end - 1);
    }
}

/** Forgets the bars that came first among those that are neither near a day nor the newest, until there are BARS_KEPT. */
static void trim_far(struct source_history *source, int64_t day)
{
    while (source->count > BARS_KEPT) {
        size_t oldest = source->count;
        for (size_t i = 0; i < source->count - BARS_NEWEST; i++) {
            const struct known_bar *bar = &source->bars[i].bar;
            const bool near = llabs(bar->date - day) <= NEAR_DAYS;
            if (!near && (oldest == source->count || bar->raw_offset < source->bars[oldest].bar.raw_offset))
                oldest = i;
        }
        assert(oldest < source->count); /* at most BARS_NEAR are near */
        forget(source, oldest);
    }
}

size_t source_closes_seek(const struct source_history *source, int64_t day)
{
    size_t first = 0, end = source->close_count;
    while (first < end) {
        const size_t middle = first + (end - first) / 2;
        if (source->closes[middle].date < day)
            first = middle + 1;
        else
            end = middle;
    }
    return first;
}

/** Forgets the close at a place. */
static void forget_close(struct source_history *source, size_t place)
{
    source->close_count--;
    memmove(&source->closes[place], &source->closes[place + 1], (source->close_count - place) * sizeof(*source->closes));
}

/** Makes room for a close at a place. */
static void make_room(struct source_history *source, size_t place)
{
    if (source->close_count == source->close_cap) {
        source->close_cap = source->close_cap ? source->close_cap * 2 : 16;
        source->closes = xrealloc(source->closes, source->close_cap * sizeof(*source->closes));
    }
    memmove(&source->closes[place + 1], &source->closes[place], (source->close_count - place) * sizeof(*source->closes));
    source->close_count++;
}

void source_closes_note(struct source_history *source, int32_t date, double close, enum verdict verdict)
{
    size_t place = source_closes_seek(source, date);
    const bool known = place < source->close_count && source->closes[place].date == date;
    if (known && verdict != VERDICT_PASS)
        forget_close(source, place);
    if (verdict != VERDICT_PASS || (!known && source->close_count == CLOSES_KEPT && place == 0))
        return;
    if (!known && source->close_count == CLOSES_KEPT) {
        forget_close(source, 0);
        place--;
    }
    if (!known)
        make_room(source, place);
    source->closes[place] = (struct day_close){.date = date, .close = close};
}

void source_history_keep(struct source_history *source, const struct bar *bar, int64_t raw_offset, enum verdict verdict)
{
    for (size_t i = source_history_seek(source, bar->date); i < source->count && source->bars[i].bar.date == bar->date;) {
        if (same_response(&source->bars[i], bar))
            i++;
        else
            forget(source, i);
    }
    source_history_add(source, bar, raw_offset, verdict);
    source_closes_note(source, bar->date, bar->close, verdict);
    trim_near(source, bar->date);
    trim_far(source, bar->date);
}
