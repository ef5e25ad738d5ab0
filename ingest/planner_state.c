#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "ingest/planner_parts.h"

/** Whether a job stands in a list of slots. */
static bool listed(const struct call_slot *slots, size_t count, const char *job)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(slots[i].job, job) == 0) {
            return true;
        }
    }
    return false;
}

size_t planner_call_slots(const struct planner *planner, const struct call *call, struct call_slot *slots, size_t max)
{
    size_t count = 0;
    (void)planner;
    for (size_t i = 0; i < call->part_count; i++) {
        const struct job *job = call->parts[i].job;
        bool again = i > 0 && job == call->parts[i - 1].job;
        if (job == NULL || again || listed(slots, count < max ? count : max, job->settings->name)) {
            continue;
        }
        if (count < max) {
            slots[count] = (struct call_slot){job->settings->name, schedule_slot_us(&job->schedule, job->schedule.last_slot)};
        }
        count++;
    }
    return count;
}

void planner_put_back(struct planner *planner, struct call *call, const struct moment *now)
{
    struct lane *lane = &planner->lanes[call->lane];
    lane_remove_out(lane, call);
    if (call->era != lane->era) {
        call_free(call);
        return;
    }
    quota_refund(&lane->quota, &call->ticket);
    breaker_neutral(&lane->breaker, call->probe);
    call->not_before_ms = now->mono_ms;
    call_queue_push(&lane->queue, call);
}

void planner_switch(struct planner *planner, size_t lane_number, bool on)
{
    assert(lane_number < planner->lane_count);
    struct lane *lane = &planner->lanes[lane_number];
    lane->on = on;
    if (on) {
        return;
    }
    lane->era++;
    call_queue_clear(&lane->queue);
    roster_forget(&lane->roster);
    lane_begin(lane, planner->settings);
    lane->minute_slot = 0;
    for (size_t i = 0; i < planner->job_count; i++) {
        if (planner->jobs[i].lane == lane_number) {
            job_forget(&planner->jobs[i]);
        }
    }
}

/** Writes throttle and breaker. */
static void export_health(const struct lane *lane, const struct moment *now, struct lane_state *state)
{
    if (lane->throttle.share < 1) {
        state->pace = SOME_DOUBLE(lane->throttle.share);
        state->pace_changed_us = moment_wall_us(now, lane->throttle.changed_ms);
    }
    state->failures_in_row = lane->breaker.failures;
    state->breaker_opens = lane->breaker.opens;
    state->breaker_until_us = lane->breaker.opens > 0 ? moment_wall_us(now, lane->breaker.until_ms) : 0;
}

void planner_export(const struct planner *planner, size_t lane_number, const struct moment *now, struct lane_state *state)
{
    assert(lane_number < planner->lane_count);
    const struct lane *lane = &planner->lanes[lane_number];
    lane_state_clear(state);
    state->lane = arena_str(&state->memory, str_from(lane->name));
    state->saved_at_us = now->wall_us;
    quota_export(&lane->quota, now, state);
    roster_export(&lane->roster, now->wall_us, state);
    export_health(lane, now, state);
    state->jobs = lane_state_room(state, planner->job_count, sizeof *state->jobs);
    for (size_t i = 0; i < planner->job_count; i++) {
        const struct job *job = &planner->jobs[i];
        if (job->lane == lane_number && job_export(job, state, &state->jobs[state->job_count])) {
            state->job_count++;
        }
    }
}

/** Takes throttle and breaker over. */
static void import_health(struct lane *lane, const struct lane_state *state, const struct moment *now)
{
    struct throttle *throttle = &lane->throttle;
    if (state->pace.set && state->pace.value > 0 && state->pace.value < 1) {
        throttle->share = state->pace.value > throttle->floor ? state->pace.value : throttle->floor;
        throttle->changed_ms = moment_mono_ms(now, state->pace_changed_us);
        lane->quota.share = throttle->share;
    }
    lane->breaker.failures = state->failures_in_row;
    lane->breaker.opens = state->breaker_opens;
    lane->breaker.until_ms = moment_mono_ms(now, state->breaker_until_us);
}

/** Takes over how far a job is, and queues the calls that were interrupted. */
static void import_job(struct planner *planner, struct job *job, const struct lane_state *state, const struct moment *now)
{
    for (size_t i = 0; i < state->job_count; i++) {
        if (str_is(state->jobs[i].job, job->settings->name)) {
            struct call_part *parts = xcalloc(job->place_count + 1, sizeof *parts);
            planner_pack(planner, parts, job_import(job, &state->jobs[i], parts), now);
            free(parts);
            return;
        }
    }
}

void planner_import(struct planner *planner, size_t lane_number, const struct lane_state *state, const struct moment *now)
{
    assert(lane_number < planner->lane_count);
    struct lane *lane = &planner->lanes[lane_number];
    assert(!lane->on);
    planner_switch(planner, lane_number, false); /* forgets what an import before this one brought */
    quota_import(&lane->quota, state, now);
    roster_import(&lane->roster, state);
    import_health(lane, state, now);
    for (size_t i = 0; i < planner->job_count; i++) {
        if (planner->jobs[i].lane == lane_number) {
            import_job(planner, &planner->jobs[i], state, now);
        }
    }
}
