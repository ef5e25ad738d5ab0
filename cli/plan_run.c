#include "cli/plan_run.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "ingest/job.h"

/** Most calls under way at once, over all lanes. */
#define FLYING_MAX 4096
/** How often lanes are looked at for calls that wait. */
#define LOOK_MS 10000
#define START_MS 60000

/** A call and when its answer comes; all take equally long, so they end in the order in which they began. */
struct flying {
    struct call *call;
    int64_t ends_ms;
};

/** One run as it goes. */
struct runner {
    struct plan_run *run;
    struct planner *planner;
    struct flying ring[FLYING_MAX];
    size_t first;
    size_t count;
    int64_t look_ms;
    int64_t counts_ms; /* what is left out counts from then on: at the start, two slots can begin together */
};

/** The planner's number of a job in a lane. */
static size_t job_number(const struct planner *planner, const struct job *job)
{
    for (size_t i = 0; i < planner_jobs(planner); i++) {
        struct job_view view;
        planner_job_view(planner, i, &view);
        if (view.settings == job->settings && view.lane == job->lane)
            return i;
    }
    return 0;
}

/** Counts a call that went out. */
static void count_call(struct runner *runner, const struct call *call)
{
    struct plan_run *run = runner->run;
    const bool prices = call->endpoint->kind == ENDPOINT_PRICES;
    run->lanes[call->lane].calls++;
    for (size_t i = 0; i < call->part_count; i++) {
        const struct job *job = call->parts[i].job;
        if (!job)
            continue;
        struct plan_job *counted = &run->jobs[job_number(runner->planner, job)];
        const int64_t slot_us = schedule_slot_us(&job->schedule, job->schedule.last_slot);
        counted->calls += i == 0 ? 1 : 0;
        counted->slots += counted->slots == 0 || counted->last_slot_us != slot_us ? 1 : 0;
        counted->last_slot_us = slot_us;
        counted->quotes += prices ? 1 : 0;
        run->lanes[call->lane].quotes += prices ? 1 : 0;
        run->quotes += prices ? 1 : 0;
    }
}

/** Answers the calls whose time has come. */
static void end_calls(struct runner *runner, const struct moment *now)
{
    const struct call_result good = {.outcome = OUTCOME_OK};
    struct call_verdict verdict;
    while (runner->count > 0 && runner->ring[runner->first].ends_ms <= now->mono_ms) {
        planner_done(runner->planner, runner->ring[runner->first].call, &good, now, &verdict);
        runner->first = (runner->first + 1) % FLYING_MAX;
        runner->count--;
    }
}

/** Sends the calls that may go. */
static void begin_calls(struct runner *runner, const struct moment *now)
{
    struct call *call;
    while (runner->count < FLYING_MAX && (call = planner_next(runner->planner, now)) != NULL) {
        const int64_t late_ms = now->mono_ms - call->not_before_ms;
        struct plan_lane *lane = &runner->run->lanes[call->lane];
        lane->late_ms = late_ms > lane->late_ms ? late_ms : lane->late_ms;
        count_call(runner, call);
        runner->ring[(runner->first + runner->count++) % FLYING_MAX] =
            (struct flying){.call = call, .ends_ms = now->mono_ms + PLAN_LATENCY_MS};
    }
}

/** What holds the calls of a lane up, in words. */
static const char *reason_of(const struct lane_view *view)
{
    const struct provider_settings *limits = view->settings;
    if (view->breaker != BREAKER_CLOSED)
        return "the circuit breaker is open";
    if (view->paused_ms > 0)
        return "the provider asked for a pause";
    if (limits->max_calls_per_month > 0 && view->month_used >= limits->max_calls_per_month)
        return "max_calls_per_month is used up";
    if (limits->max_calls > 0 && view->quota_used >= limits->max_calls)
        return "max_calls is used up";
    if (view->saving)
        return "the quota that is left is kept for jobs of a higher priority";
    return "calls_per_window or batch_delay_seconds is too slow for it";
}

/** Notes why calls wait in lanes where they do. */
static void look(struct runner *runner, const struct moment *now)
{
    if (now->mono_ms < runner->look_ms)
        return;
    runner->look_ms = now->mono_ms + LOOK_MS;
    for (size_t i = 0; i < planner_lanes(runner->planner); i++) {
        struct lane_view view;
        struct plan_lane *lane = &runner->run->lanes[i];
        planner_view(runner->planner, i, now, &view);
        lane->skipped_before = now->mono_ms < runner->counts_ms ? view.skipped : lane->skipped_before;
        if (view.waited_ms > PLAN_LATE_MS || view.skipped > lane->skipped_before + lane->left_out) {
            lane->late_ms = view.waited_ms > lane->late_ms ? view.waited_ms : lane->late_ms;
            lane->why = reason_of(&view);
        }
        lane->left_out = view.skipped - lane->skipped_before;
    }
}

/** How far the clock goes. */
static int64_t step_ms(const struct runner *runner, const struct moment *now, int64_t end_ms)
{
    int64_t step = planner_wait_ms(runner->planner, now);
    const int64_t answer = runner->count > 0 ? runner->ring[runner->first].ends_ms - now->mono_ms : step;
    step = answer < step ? answer : step;
    step = step < 1 ? 1 : step;
    return step < end_ms - now->mono_ms ? step : end_ms - now->mono_ms;
}

void plan_run(struct plan_run *run, struct planner *planner, struct moment *now, int64_t for_s)
{
    struct runner *runner = xcalloc(1, sizeof(*runner));
    const int64_t end_ms = now->mono_ms + for_s * 1000;
    runner->run = run;
    runner->planner = planner;
    *run = (struct plan_run){.jobs = xcalloc(planner_jobs(planner) + 1, sizeof(*run->jobs)),
                             .lanes = xcalloc(planner_lanes(planner) + 1, sizeof(*run->lanes))};
    runner->counts_ms = now->mono_ms + START_MS;
    while (now->mono_ms < end_ms) {
        end_calls(runner, now);
        planner_tick(planner, now);
        begin_calls(runner, now);
        look(runner, now);
        const int64_t step = step_ms(runner, now, end_ms);
        now->mono_ms += step;
        now->wall_us += step * US_PER_MS;
    }
    now->mono_ms += PLAN_LATENCY_MS;
    now->wall_us += PLAN_LATENCY_MS * US_PER_MS;
    end_calls(runner, now);
    free(runner);
}

void plan_run_clear(struct plan_run *run)
{
    free(run->jobs);
    free(run->lanes);
    memset(run, 0, sizeof(*run));
}
