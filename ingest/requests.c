#include "ingest/requests.h"

#include <string.h>

#include "ingest/history.h"

/** The first part of a request that is not there. */
static bool next_of_request(const struct board *board, const struct config *config, const struct wanted *wanted,
                            const struct request_asset *asset, int32_t today, struct chunk *chunk)
{
    const struct day_set nothing = {0};
    const struct cover *cover = board_find(board, wanted->source, wanted->asset);
    const bool known = cover && cover->symbol && strcmp(cover->symbol, asset->symbol) == 0;
    struct days days = wanted->days;
    days.to = days.to < today ? days.to : today;
    *chunk = (struct chunk){.asset = asset->asset, .symbol = asset->symbol};
    return !cover_failed(cover, asset->symbol) &&
           day_set_missing(known ? &cover->days : &nothing, days, (int32_t)config->ingest.backfill_chunk_d, &chunk->days);
}

/** The latest history of an asset, when nothing of it is there and this source is the one to ask. */
static bool next_of_asset(const struct board *board, const struct config *config, const struct asset_settings *settings,
                          const char *source, const struct request_asset *asset, int32_t today, struct chunk *chunk)
{
    const struct days days = {.from = today - (int32_t)config->ingest.history_d, .to = today};
    const struct provider *provider = history_provider(config, settings, NULL);
    *chunk = (struct chunk){.asset = asset->asset, .symbol = asset->symbol, .days = days};
    return provider && strcmp(provider->name, source) == 0 &&
           cover_done(board_find(board, source, asset->asset), asset->symbol, days) == 0;
}

/** The next chunk of a request. */
static bool next_requested(const struct board *board, const struct config *config, const char *source, int32_t today,
                           const struct chunk_filter *filter, struct chunk *chunk)
{
    for (size_t i = 0; i < board->request_count; i++) {
        const struct wanted *wanted = &board->requests[i];
        const struct request_asset *asset = strcmp(wanted->source, source) == 0 ? filter->find(filter->ctx, wanted->asset) : NULL;
        if (asset && next_of_request(board, config, wanted, asset, today, chunk))
            return true;
    }
    return false;
}

bool requests_next(const struct board *board, const struct config *config, const char *source, int32_t today,
                   const struct chunk_filter *filter, size_t *cursor, struct chunk *chunk)
{
    bool found = next_requested(board, config, source, today, filter, chunk);
    const size_t count = config->ingest.history_d > 0 ? config->asset_count : 0;
    for (int i = 0; !found && i < REQUESTS_LOOK && *cursor < count; i++) {
        const struct asset_settings *settings = &config->assets[(*cursor)++];
        const struct request_asset *asset = filter->find(filter->ctx, settings->id);
        found = asset && next_of_asset(board, config, settings, source, asset, today, chunk);
    }
    if (*cursor >= count)
        *cursor = 0;
    chunk->source = source;
    return found;
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
    cover->updated_at_us = now_us > cover->updated_at_us ? now_us : cover->updated_at_us + 1;
    return cover;
}
