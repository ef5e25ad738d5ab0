#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "ingest/planner_parts.h"

const char *planner_lane_name(const struct planner *planner, size_t lane)
{
    assert(lane < planner->lane_count);
    return planner->lanes[lane].provider->name;
}

size_t planner_call_slots(const struct planner *planner, const struct call *call, struct call_slot *slots, size_t max)
{
    (void)planner;
    if (call->job == NULL) {
        return 0;
    }
    if (max > 0) {
        const struct schedule *schedule = &call->job->schedule;
        slots[0] = (struct call_slot){call->job->settings->name, schedule->last_slot * schedule->every_us};
    }
    return 1;
}

void planner_put_back(struct planner *planner, struct call *call, const struct moment *now)
{
    struct lane *lane = &planner->lanes[call->lane];
    (void)now;
    assert(lane->in_flight > 0);
    lane->in_flight--;
    if (call->era == lane->era) {
        call_queue_push(&lane->queue, call);
    } else {
        free(call);
    }
}

void planner_switch(struct planner *planner, size_t lane_number, bool on)
{
    struct lane *lane = &planner->lanes[lane_number];
    lane->on = on;
    if (on) {
        return;
    }
    lane->era++;
    call_queue_clear(&lane->queue);
    quota_clear(&lane->quota);
    quota_init(&lane->quota, lane->settings);
    for (size_t i = 0; i < planner->job_count; i++) {
        struct job *job = &planner->jobs[i];
        if (job->lane == lane_number) {
            memset(job->under_way, 0, job->batch_count * sizeof *job->under_way);
            job->schedule.ran = false;
        }
    }
}

/** A monotonic time as a wall time. */
static int64_t wall_us(const struct moment *now, int64_t mono_ms)
{
    return now->wall_us - (now->mono_ms - mono_ms) * US_PER_MS;
}

/** A wall time as a monotonic one; what lies in the future is now. */
static int64_t mono_ms(const struct moment *now, int64_t wall_us)
{
    int64_t at_ms = now->mono_ms - (now->wall_us - wall_us) / US_PER_MS;
    return at_ms < now->mono_ms ? at_ms : now->mono_ms;
}

void planner_export(const struct planner *planner, size_t lane_number, const struct moment *now, struct lane_state *state)
{
    const struct lane *lane = &planner->lanes[lane_number];
    const struct quota *quota = &lane->quota;
    lane_state_clear(state);
    state->lane = arena_str(&state->memory, str_from(lane->provider->name));
    state->saved_at_us = now->wall_us;
    state->window = lane_state_room(state, quota->log_size, sizeof *state->window);
    for (size_t i = 0; i < quota->log_size; i++) {
        int64_t at_ms = quota->log[(quota->log_next + i) % quota->log_size];
        if (at_ms != INT64_MIN) {
            state->window[state->window_count++] = (struct lane_run){wall_us(now, at_ms), 1};
        }
    }
    if (quota->called) {
        state->period = lane_state_room(state, 1, sizeof *state->period);
        state->period[state->period_count++] =
            (struct lane_run){wall_us(now, quota->period_start_ms), quota_used(quota, now->mono_ms)};
        state->last_call_us = wall_us(now, quota->last_call_ms);
    }
    state->jobs = lane_state_room(state, planner->job_count, sizeof *state->jobs);
    for (size_t i = 0; i < planner->job_count; i++) {
        const struct job *job = &planner->jobs[i];
        if (job->lane == lane_number && job->schedule.ran) {
            state->jobs[state->job_count++] = (struct lane_job){
                .job = arena_str(&state->memory, str_from(job->settings->name)),
                .slot_us = job->schedule.last_slot * job->schedule.every_us,
            };
        }
    }
}

/** Takes over the newest slot of each job. */
static void import_jobs(struct planner *planner, size_t lane_number, const struct lane_state *state)
{
    for (size_t i = 0; i < planner->job_count; i++) {
        struct job *job = &planner->jobs[i];
        for (size_t k = 0; job->lane == lane_number && k < state->job_count; k++) {
            if (str_is(state->jobs[k].job, job->settings->name)) {
                job->schedule.ran = true;
                job->schedule.last_slot = state->jobs[k].slot_us / job->schedule.every_us;
            }
        }
    }
}

void planner_import(struct planner *planner, size_t lane_number, const struct lane_state *state, const struct moment *now)
{
    struct lane *lane = &planner->lanes[lane_number];
    for (size_t i = 0; i < state->window_count; i++) {
        for (int64_t k = 0; k < state->window[i].calls; k++) {
            quota_take(&lane->quota, mono_ms(now, state->window[i].at_us));
        }
    }
    if (state->period_count > 0) {
        lane->quota.period_start_ms = mono_ms(now, state->period[0].at_us);
        lane->quota.period_used = state->period[0].calls;
        lane->quota.called = true;
    }
    import_jobs(planner, lane_number, state);
}
