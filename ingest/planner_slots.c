#include <stdlib.h>

#include "ingest/planner_parts.h"

/** A job with a slot that began. */
struct due {
    struct job *job; /* NULL: its calls were made, together with those of an earlier one */
    struct schedule_slot slot;
};

/** The assets of a job that calls may be about. */
static size_t list_callable(const struct job *job, int64_t wall_us, struct request_asset *assets)
{
    size_t count = 0;
    for (size_t i = 0; i < job->asset_count; i++) {
        if (roster_callable(job->assets[i], wall_us)) {
            assets[count++] = job->assets[i]->asset;
        }
    }
    return count;
}

/** Makes one call for positions of jobs that share calls. */
static void push_call(struct planner *planner, const struct call_part *parts, size_t count, const struct moment *now)
{
    const struct job *job = parts[0].job;
    struct lane *lane = &planner->lanes[job->lane];
    bool lone = endpoint_is_lone(job->endpoint);
    struct call *call = call_new(job->endpoint, job->lane, lone ? job->asset_count : count);
    call->fallback = job->fallback;
    call->params = job->settings->params;
    call->param_count = job->settings->param_count;
    call->era = lane->era;
    call->not_before_ms = now->mono_ms;
    call->part_count = count;
    for (size_t i = 0; i < count; i++) {
        const struct job *served = parts[i].job;
        call->parts[i] = parts[i];
        call->priority = served->priority > call->priority ? served->priority : call->priority;
        if (!lone) {
            call->assets[i] = served->assets[parts[i].position]->asset;
        }
    }
    if (lone) {
        call->asset_count = list_callable(job, now->wall_us, call->assets);
    }
    call_queue_push(&lane->queue, call);
}

void planner_pack(struct planner *planner, const struct call_part *parts, size_t count, const struct moment *now)
{
    for (size_t first = 0; first < count;) {
        const struct endpoint *endpoint = parts[first].job->endpoint;
        size_t room = endpoint_is_lone(endpoint) ? 1 : endpoint->batch_max;
        size_t taken = count - first < room ? count - first : room;
        push_call(planner, parts + first, taken, now);
        first += taken;
    }
}

/** The place in the roster that a part is about; NULL of one about no asset in particular. */
static struct roster_entry *entry_of(const struct call_part *part)
{
    return endpoint_is_lone(part->job->endpoint) ? NULL : part->job->assets[part->position];
}

/** Leaves out assets that stand in the list already, for another job: one call serves both. Returns what is left. */
static size_t drop_doubles(struct call_part *parts, size_t count)
{
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        struct roster_entry *entry = entry_of(&parts[i]);
        if (entry != NULL && entry->picked) {
            job_close(parts[i].job, parts[i].position);
            continue;
        }
        parts[kept++] = parts[i];
        if (entry != NULL) {
            entry->picked = true;
        }
    }
    for (size_t i = 0; i < kept; i++) {
        struct roster_entry *entry = entry_of(&parts[i]);
        if (entry != NULL) {
            entry->picked = false;
        }
    }
    return kept;
}

/** Makes the calls of a due job, and of those behind it that can share them. Returns how many calls were left out. */
static size_t open_together(struct planner *planner, struct due *due, size_t count, const struct moment *now)
{
    size_t room = 0;
    size_t filled = 0;
    size_t skipped = 0;
    const struct job *job = due[0].job;
    for (size_t i = 0; i < count; i++) {
        room += due[i].job != NULL ? due[i].job->place_count : 0;
    }
    struct call_part *parts = xcalloc(room + 1, sizeof *parts);
    for (size_t i = 0; i < count; i++) {
        if (i == 0 || (due[i].job != NULL && job_shares_calls(job, due[i].job))) {
            filled += job_open_slot(due[i].job, &due[i].slot, now->wall_us, parts + filled, &skipped);
            due[i].job = NULL;
        }
    }
    planner_pack(planner, parts, drop_doubles(parts, filled), now);
    free(parts);
    size_t per_call = job->endpoint->batch_max;
    skipped = skipped / per_call + (skipped % per_call > 0 ? 1 : 0);
    planner->lanes[job->lane].skipped += (int64_t)skipped;
    return skipped;
}

size_t planner_tick(struct planner *planner, const struct moment *now)
{
    size_t skipped = 0;
    size_t count = 0;
    struct due *due = xcalloc(planner->job_count + 1, sizeof *due);
    for (size_t i = 0; i < planner->job_count; i++) {
        struct job *job = &planner->jobs[i];
        if (planner->lanes[job->lane].on && schedule_take(&job->schedule, now->wall_us, &due[count].slot)) {
            due[count++].job = job;
        }
    }
    for (size_t i = 0; i < count; i++) {
        skipped += due[i].job != NULL ? open_together(planner, due + i, count - i, now) : 0;
    }
    free(due);
    return skipped;
}
