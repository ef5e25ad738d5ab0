#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "ingest/planner_parts.h"

/** A lane by name, or NULL. */
static struct lane *find_lane(struct lane *lanes, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(lanes[i].name, name) == 0) {
            return &lanes[i];
        }
    }
    return NULL;
}

/** The job of another planner that goes on with what `job` does: same name, lane and endpoint. NULL: there is none. */
static struct job *find_job(struct planner *planner, const struct planner *old, const struct job *job)
{
    const char *lane = old->lanes[job->lane].name;
    for (size_t i = 0; i < planner->job_count; i++) {
        struct job *other = &planner->jobs[i];
        if (strcmp(other->settings->name, job->settings->name) == 0 && other->endpoint == job->endpoint &&
            strcmp(planner->lanes[other->lane].name, lane) == 0) {
            return other;
        }
    }
    return NULL;
}

/**
 * Refuses lanes that are new: who owns a lane is decided before ingest begins to call, and a provider with another number of
 * shards would forget what was called.
 */
static bool check_lanes(struct planner *planner, const struct planner *fresh, struct error *error)
{
    for (size_t i = 0; i < fresh->lane_count; i++) {
        const struct lane *lane = &fresh->lanes[i];
        if (find_lane(planner->lanes, planner->lane_count, lane->name) == NULL) {
            return error_set(error, ERROR_USAGE,
                             "%s: providers.%s: it begins, or has other shards, with a restart of ingest only",
                             fresh->config->path, lane->provider->name);
        }
    }
    return true;
}

/** Moves all that a lane knows into the one of the new configuration. */
static void move_lane(struct lane *lane, struct lane *old, const struct ingest_settings *settings)
{
    quota_clear(&lane->quota);
    quota_move(&lane->quota, &lane->settings, &old->quota);
    roster_move(&lane->roster, &old->roster);
    lane->throttle = old->throttle;
    lane->throttle.floor = settings->throttle_floor;
    lane->throttle.step = settings->throttle_step;
    lane->breaker = old->breaker;
    lane->breaker.failures_max = settings->breaker_failures;
    lane->breaker.open_ms = settings->breaker_open_s * 1000;
    lane->breaker.open_max_ms = settings->breaker_open_max_s * 1000;
    lane->on = old->on;
    lane->era = old->era;
    lane->out = old->out;
    lane->in_flight = old->in_flight;
    lane->limited_in_row = old->limited_in_row;
    lane->split_hour = old->split_hour;
    lane->splits = old->splits;
    lane->minute = old->minute;
    lane->minute_slot = old->minute_slot;
    lane->queue.next_sequence = old->queue.next_sequence;
    for (struct call *call = lane->out; call != NULL; call = call->out_next) {
        quota_move_ticket(&lane->quota, &old->quota, &call->ticket);
    }
}

/** The position of an asset with that symbol in a job, tried at the old one first; place_count when it has none such. */
static size_t find_position(const struct job *job, const struct request_asset *asset, size_t before)
{
    for (size_t i = 0; i < job->place_count; i++) {
        size_t position = (before + i) % job->place_count;
        const struct request_asset *other = &job->assets[position]->asset;
        if (strcmp(other->asset, asset->asset) == 0 && strcmp(other->symbol, asset->symbol) == 0) {
            return position;
        }
    }
    return job->place_count;
}

/** Lets a part of a call point to the new configuration. False when that no longer has it. */
static bool move_part(struct planner *fresh, const struct planner *old, struct call *call, size_t i)
{
    struct call_part *part = &call->parts[i];
    struct job *job = part->job != NULL ? find_job(fresh, old, part->job) : NULL;
    bool lone = endpoint_is_lone(call->endpoint);
    size_t position = job != NULL && !lone ? find_position(job, &call->assets[i], part->position) : 0;
    *part = (struct call_part){0};
    if (job == NULL || position >= job->place_count) {
        return false;
    }
    *part = (struct call_part){.job = job, .position = position};
    job->under_way[position] = true;
    call->params = job->settings->params;
    call->param_count = job->settings->param_count;
    if (!lone) {
        call->assets[i] = job->assets[position]->asset;
    }
    return true;
}

/** The same for a call that no job asks for, e.g. a question: it is about one asset. */
static bool move_jobless(const struct lane *lane, struct call *call)
{
    const struct roster_entry *entry = roster_find(&lane->roster, call->assets[0].asset);
    if (entry == NULL || strcmp(entry->asset.symbol, call->assets[0].symbol) != 0) {
        return false;
    }
    call->assets[0] = entry->asset;
    return true;
}

/** Lets a queued call point to the new configuration; what that no longer has is taken out. False when nothing is left. */
static bool move_queued(struct planner *fresh, const struct planner *old, struct lane *lane, struct call *call)
{
    size_t kept = 0;
    if (call->parts[0].job == NULL) {
        return move_jobless(lane, call);
    }
    for (size_t i = 0; i < call->part_count; i++) {
        if (move_part(fresh, old, call, i)) {
            call->parts[kept] = call->parts[i];
            call->assets[kept] = call->assets[i];
            kept++;
        }
    }
    call->part_count = kept;
    call->asset_count = kept;
    return kept > 0;
}

/** Makes the call of a list anew, with the assets of the new configuration. */
static void renew_lone(struct planner *fresh, const struct planner *old, const struct call *call, const struct moment *now)
{
    struct job *job = find_job(fresh, old, call->parts[0].job);
    if (job != NULL && !job->under_way[0]) {
        const struct call_part part = {.job = job};
        job->under_way[0] = true;
        planner_pack(fresh, &part, 1, now);
    }
}

/** Lets a call in flight point to the new configuration as far as that has it. Its assets stay: they were asked for. */
static void move_out(struct planner *fresh, const struct planner *old, const struct lane *lane, struct call *call)
{
    bool whole = !endpoint_is_lone(call->endpoint);
    if (call->parts[0].job == NULL) {
        call->orphan = !move_jobless(lane, call);
        return;
    }
    for (size_t i = 0; i < call->part_count; i++) {
        whole = move_part(fresh, old, call, i) && whole;
    }
    call->orphan = call->orphan || !whole;
}

/** Moves the calls of a lane. */
static void move_calls(struct planner *fresh, const struct planner *old, struct lane *lane, struct lane *from,
                       const struct moment *now)
{
    for (struct call *call = lane->out; call != NULL; call = call->out_next) {
        move_out(fresh, old, lane, call);
    }
    for (struct call *call = call_queue_take(&from->queue); call != NULL; call = call_queue_take(&from->queue)) {
        bool lone = call->parts[0].job != NULL && endpoint_is_lone(call->endpoint);
        if (lone) {
            renew_lone(fresh, old, call, now);
        }
        if (!lone && move_queued(fresh, old, lane, call)) {
            call_queue_push(&lane->queue, call);
        } else {
            call_free(call);
        }
    }
}

/** Lets each job go on from the newest slot that was begun. */
static void move_schedules(struct planner *fresh, const struct planner *old)
{
    for (size_t i = 0; i < old->job_count; i++) {
        const struct job *before = &old->jobs[i];
        struct job *job = find_job(fresh, old, before);
        if (job != NULL && before->schedule.ran) {
            job->schedule.ran = true;
            job->schedule.last_slot =
                schedule_slot_at(&job->schedule, schedule_slot_us(&before->schedule, before->schedule.last_slot));
        }
    }
}

/** A lane that the new configuration no longer has: it keeps its quota, waits for the calls that are in flight, and does nothing.
 */
static struct lane gone_lane(struct lane *old)
{
    static char nothing[] = "";
    call_queue_clear(&old->queue);
    roster_clear(&old->roster);
    struct lane gone = *old;
    old->quota.log = NULL; /* moved */
    gone.settings.name = nothing;
    gone.settings.base_url = nothing;
    gone.settings.api_key_env = nothing;
    for (struct call *call = gone.out; call != NULL; call = call->out_next) {
        call->orphan = true;
        call->question = false;
        call->part_count = 0;
    }
    return gone;
}

/** Tells the calls of a queue the number of their lane. */
static void number_calls(const struct call_heap *heap, size_t lane)
{
    for (size_t i = 0; i < heap->count; i++) {
        heap->items[i]->lane = lane;
    }
}

/** Numbers the lanes as they were; jobs and calls follow. */
static void order_lanes(struct planner *fresh, struct planner *old)
{
    struct lane *lanes = xcalloc(old->lane_count + 1, sizeof *lanes);
    size_t *places = xcalloc(fresh->lane_count + 1, sizeof *places);
    for (size_t i = 0; i < old->lane_count; i++) {
        struct lane *lane = find_lane(fresh->lanes, fresh->lane_count, old->lanes[i].name);
        if (lane != NULL) {
            places[lane - fresh->lanes] = i;
        }
        lanes[i] = lane != NULL ? *lane : gone_lane(&old->lanes[i]);
        number_calls(&lanes[i].queue.ripe, i);
        number_calls(&lanes[i].queue.unripe, i);
    }
    for (size_t i = 0; i < fresh->job_count; i++) {
        fresh->jobs[i].lane = places[fresh->jobs[i].lane];
    }
    free(places);
    free(fresh->lanes);
    fresh->lanes = lanes;
    fresh->lane_count = old->lane_count;
}

bool planner_reload(struct planner *planner, const struct config *config, const struct moment *now, struct error *error)
{
    struct planner *fresh = planner_new(config, planner->seed, error);
    if (fresh == NULL || !check_lanes(planner, fresh, error)) {
        planner_free(fresh);
        return false;
    }
    for (size_t i = 0; i < planner->lane_count; i++) {
        struct lane *lane = find_lane(fresh->lanes, fresh->lane_count, planner->lanes[i].name);
        if (lane != NULL) {
            move_lane(lane, &planner->lanes[i], &config->ingest);
            move_calls(fresh, planner, lane, &planner->lanes[i], now);
        }
    }
    move_schedules(fresh, planner);
    order_lanes(fresh, planner);
    fresh->turn = 0;
    fresh->random_state = planner->random_state;
    struct planner held = *planner;
    *planner = *fresh;
    *fresh = held;
    planner_free(fresh);
    return true;
}
