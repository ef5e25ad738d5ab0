#include "ingest/histories.h"

#include <stdlib.h>
#include <string.h>

#include "backfill/board_feed.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "ingest/history.h"
#include "ingest/requests.h"

#define COMPONENT "ingest.history"
/** How often the board is looked at, and how long after it could not be read. */
#define LOOK_MS 200
#define RETRY_MS 5000
/** A call that nothing was heard of for so long was lost, e.g. to a reload. */
#define LOST_MS INT64_C(900000)
/** Assets of a lane that are left alone at a time; the first of them is tried again when there are more. */
#define SOUR_MAX 32

/** An asset that is left alone. */
struct sour {
    const char *asset; /* borrowed from the configuration */
    int64_t until_ms;
};

/** What goes on in a lane. */
struct desk {
    const struct provider *provider;
    bool busy; /* `chunk` is under way */
    struct chunk chunk;
    int64_t busy_until_ms;
    size_t cursor;         /* of requests_next */
    uint64_t seen_changes; /* of the board, when nothing was to be done */
    int64_t idle_until_ms;
    struct sour sour[SOUR_MAX];
    size_t sour_count;
};

struct histories {
    const struct config *config;
    struct planner *planner;
    struct publisher *publisher;
    struct registry *registry;
    struct board_feed *feed;
    struct board board;
    struct desk *desks; /* one per lane */
    size_t desk_count;
    int64_t look_ms;
    struct arena arena;
    struct metric *calls, *bars;
};

/** What the filter of a lane needs. */
struct filter_context {
    const struct histories *histories;
    size_t lane;
    int64_t now_ms;
};

struct histories *histories_new(const struct config *config, struct planner *planner, struct publisher *publisher,
                                struct error *error)
{
    struct registry *registry = registry_new(&config->registry, error);
    if (!registry)
        return NULL;
    struct histories *histories = xcalloc(1, sizeof(*histories));
    *histories = (struct histories){
        .config = config,
        .planner = planner,
        .publisher = publisher,
        .registry = registry,
        .calls = metric_counter("quotebus_ingest_history_calls_total", "Calls for histories that ended", NULL),
        .bars = metric_counter("quotebus_ingest_history_bars_total", "Bars that calls for histories brought", NULL),
    };
    return histories;
}

void histories_reload(struct histories *histories, const struct config *config)
{
    histories->config = config;
    histories->look_ms = 0;
}

void histories_disconnect(struct histories *histories)
{
    board_feed_free(histories->feed);
    histories->feed = NULL;
    board_clear(&histories->board);
    free(histories->desks);
    histories->desks = NULL;
    histories->desk_count = 0;
    histories->look_ms = 0;
}

void histories_free(struct histories *histories)
{
    if (!histories)
        return;
    histories_disconnect(histories);
    registry_free(histories->registry);
    arena_clear(&histories->arena);
    free(histories);
}

/** A desk per lane; more of them after a reload. */
static void keep_desks(struct histories *histories)
{
    const size_t lanes = planner_lanes(histories->planner);
    if (histories->desk_count >= lanes)
        return;
    histories->desks = xrealloc(histories->desks, lanes * sizeof(*histories->desks));
    for (; histories->desk_count < lanes; histories->desk_count++) {
        const struct provider *provider = planner_provider(histories->planner, histories->desk_count);
        histories->desks[histories->desk_count] = (struct desk){.provider = provider, .seen_changes = UINT64_MAX};
    }
}

/** Brings the board up to date. False while it is not complete. */
static bool read_board(struct histories *histories, const struct moment *now)
{
    struct error error = {0};
    if (!histories->feed)
        histories->feed = board_feed_new(histories->config, histories->registry, true, &error);
    if (histories->feed && board_feed_poll(histories->feed, &histories->board, 0, &error))
        return board_feed_complete(histories->feed);
    log_warn(COMPONENT, "the requests for histories cannot be read; all else goes on", F_ERR(&error));
    histories_disconnect(histories);
    histories->look_ms = now->mono_ms + RETRY_MS;
    return false;
}

/** find of the filter: assets of the lane that are not left alone. */
static const struct request_asset *find_asset(const void *ctx, const char *asset)
{
    const struct filter_context *context = ctx;
    const struct desk *desk = &context->histories->desks[context->lane];
    for (size_t i = 0; i < desk->sour_count; i++) {
        if (strcmp(desk->sour[i].asset, asset) == 0 && desk->sour[i].until_ms > context->now_ms)
            return NULL;
    }
    return planner_asset(context->histories->planner, context->lane, asset);
}

/** Leaves an asset alone for a while. */
static void turn_sour(struct desk *desk, const char *asset, int64_t now_ms)
{
    if (desk->sour_count == SOUR_MAX)
        memmove(&desk->sour[0], &desk->sour[1], --desk->sour_count * sizeof(desk->sour[0]));
    desk->sour[desk->sour_count++] = (struct sour){.asset = asset, .until_ms = now_ms + HISTORIES_SOUR_MS};
    desk->seen_changes = UINT64_MAX;
}

/** Offers a chunk to the planner. */
static void offer(struct histories *histories, size_t lane, const struct chunk *chunk, const struct moment *now)
{
    struct desk *desk = &histories->desks[lane];
    const struct call_offer wanted = {.asset = chunk->asset,
                                      .endpoint = history_endpoint(desk->provider),
                                      .from_us = chunk->days.from * US_PER_DAY,
                                      .to_us = chunk->days.to * US_PER_DAY};
    if (!planner_offer(histories->planner, lane, &wanted, now)) {
        turn_sour(desk, chunk->asset, now->mono_ms);
        return;
    }
    desk->busy = true;
    desk->busy_until_ms = now->mono_ms + LOST_MS;
    desk->chunk = *chunk;
}

/** Finds something to do for a lane that has time. */
static void work(struct histories *histories, size_t lane, const struct moment *now)
{
    struct desk *desk = &histories->desks[lane];
    struct chunk chunk;
    const struct filter_context context = {.histories = histories, .lane = lane, .now_ms = now->mono_ms};
    const struct chunk_filter filter = {.find = find_asset, .ctx = &context};
    if (desk->busy && now->mono_ms < desk->busy_until_ms && planner_asset(histories->planner, lane, desk->chunk.asset))
        return;
    desk->busy = false;
    if (!desk->provider || !history_endpoint(desk->provider) ||
        (desk->seen_changes == histories->board.changes && now->mono_ms < desk->idle_until_ms))
        return;
    if (requests_next(&histories->board, histories->config, desk->provider->name, (int32_t)time_day_of_us(now->wall_us), &filter,
                      &desk->cursor, &chunk)) {
        offer(histories, lane, &chunk, now);
        return;
    }
    if (desk->cursor > 0)
        return; /* there are more assets to look at */
    desk->seen_changes = histories->board.changes;
    desk->idle_until_ms = now->mono_ms + RETRY_MS; /* a lane may come, a day may begin, an asset may be tried again */
}

void histories_turn(struct histories *histories, const struct moment *now)
{
    if (now->mono_ms < histories->look_ms)
        return;
    histories->look_ms = now->mono_ms + LOOK_MS;
    if (!read_board(histories, now))
        return;
    keep_desks(histories);
    for (size_t lane = 0; lane < histories->desk_count; lane++)
        work(histories, lane, now);
}

struct history_end history_end_of(const struct call *call)
{
    if (!call->from_us.set || call->asset_count != 1)
        return (struct history_end){0};
    return (struct history_end){.is = true, .lane = call->lane, .asset = call->assets[0].asset, .from_us = call->from_us.value};
}

bool histories_ended(struct histories *histories, const struct history_end *end, enum outcome outcome, size_t bars, bool again,
                     const struct moment *now, struct error *error)
{
    struct desk *desk = end->is && end->lane < histories->desk_count ? &histories->desks[end->lane] : NULL;
    if (!desk || !desk->busy || strcmp(desk->chunk.asset, end->asset) != 0 || end->from_us != desk->chunk.days.from * US_PER_DAY)
        return true;
    desk->busy_until_ms = now->mono_ms + LOST_MS;
    if (again)
        return true;
    desk->busy = false;
    histories->look_ms = 0;
    metric_add(histories->calls, 1);
    metric_add(histories->bars, (double)bars);
    const struct cover *cover = requests_note(&histories->board, &desk->chunk, outcome, bars, now->wall_us);
    LOG_AT(cover ? LOG_LEVEL_INFO : LOG_LEVEL_WARN, COMPONENT, cover ? "history" : "a history has to wait",
           F_STR("provider", desk->chunk.source), F_STR("asset", desk->chunk.asset),
           F_INT("days", desk->chunk.days.to - desk->chunk.days.from), F_INT("bars", bars),
           F_STR("outcome", outcome_name(outcome)));
    if (!cover) {
        turn_sour(desk, desk->chunk.asset, now->mono_ms);
        return true;
    }
    arena_reset(&histories->arena);
    const struct backfill_coverage record = cover_record(cover, &histories->arena);
    return publisher_coverage(histories->publisher, &record, str_from(cover->key), error);
}
