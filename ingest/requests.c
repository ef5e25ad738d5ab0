#include "ingest/requests.h"

#include <string.h>

#include "ingest/history.h"

/** The settings of an asset, or NULL. */
static const struct asset_settings *find_asset(const struct config *config, const char *asset)
{
    for (size_t i = 0; i < config->asset_count; i++) {
        if (strcmp(config->assets[i].id, asset) == 0)
            return &config->assets[i];
    }
    return NULL;
}

/** The first part of a request that is not there. */
static bool next_of_request(const struct board *board, const struct config *config, const struct wanted *wanted, int32_t today,
                            struct chunk *chunk)
{
    const struct asset_settings *asset = find_asset(config, wanted->asset);
    const struct provider *provider = asset ? history_provider(config, asset, wanted->source) : NULL;
    const struct cover *cover = board_find(board, wanted->source, wanted->asset);
    const struct day_set nothing = {0};
    struct days days = wanted->days;
    if (!provider)
        return false;
    *chunk = (struct chunk){.source = provider->name, .asset = asset->id, .symbol = asset_symbol_at(asset, provider->name)};
    days.to = days.to < today ? days.to : today;
    const bool known = cover && cover->symbol && strcmp(cover->symbol, chunk->symbol) == 0;
    return !cover_failed(cover, chunk->symbol) &&
           day_set_missing(known ? &cover->days : &nothing, days, (int32_t)config->ingest.backfill_chunk_d, &chunk->days);
}

/** The latest history of an asset, when nothing of it is there. */
static bool next_of_asset(const struct board *board, const struct config *config, const struct asset_settings *asset,
                          const char *source, int32_t today, struct chunk *chunk)
{
    const struct provider *provider = history_provider(config, asset, NULL);
    if (!provider || strcmp(provider->name, source) != 0)
        return false;
    const char *symbol = asset_symbol_at(asset, source);
    const struct cover *cover = board_find(board, source, asset->id);
    *chunk = (struct chunk){.source = provider->name,
                            .asset = asset->id,
                            .symbol = symbol,
                            .days = {.from = today - (int32_t)config->ingest.history_d, .to = today}};
    return cover_done(cover, symbol, chunk->days) == 0;
}

bool requests_next(const struct board *board, const struct config *config, const char *source, int32_t today,
                   const struct chunk_filter *filter, struct chunk *chunk)
{
    for (size_t i = 0; i < board->request_count; i++) {
        const struct wanted *wanted = &board->requests[i];
        if (strcmp(wanted->source, source) == 0 && filter->takes(filter->ctx, wanted->asset) &&
            next_of_request(board, config, wanted, today, chunk))
            return true;
    }
    for (size_t i = 0; config->ingest.history_d > 0 && i < config->asset_count; i++) {
        if (filter->takes(filter->ctx, config->assets[i].id) &&
            next_of_asset(board, config, &config->assets[i], source, today, chunk))
            return true;
    }
    return false;
}

const struct cover *requests_note(struct board *board, const struct chunk *chunk, enum outcome outcome, size_t bars,
                                  int64_t now_us)
{
    const bool there = outcome == OUTCOME_OK || outcome == OUTCOME_EMPTY;
    const bool never = outcome == OUTCOME_UNKNOWN_SYMBOL || outcome == OUTCOME_DELISTED;
    struct cover *cover = there || never ? board_obtain(board, chunk->source, chunk->asset) : NULL;
    if (!cover)
        return NULL;
    if (!cover->symbol || strcmp(cover->symbol, chunk->symbol) != 0) {
        day_set_clear(&cover->days); /* what another symbol gave is another history */
        cover->bars = 0;
    }
    cover_set_text(&cover->symbol, chunk->symbol);
    cover_set_text(&cover->failure, never ? outcome_name(outcome) : NULL);
    if (there)
        day_set_add(&cover->days, chunk->days);
    cover->bars += (int64_t)bars;
    cover->updated_at_us = now_us;
    return cover;
}
