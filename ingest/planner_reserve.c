#include "base/clock.h"
#include "ingest/planner_parts.h"

/** Calls that jobs of a lane above a priority make for slots that begin in (now, until]; closed markets are not taken off. */
static int64_t needed(const struct planner *planner, const struct lane *lane, int64_t priority, int64_t now_us, int64_t until_us)
{
    int64_t calls = 0;
    for (size_t i = 0; i < planner->job_count; i++) {
        const struct job *job = &planner->jobs[i];
        if (&planner->lanes[job->lane] == lane && job->priority > priority) {
            calls += schedule_count(&job->schedule, now_us, until_us) * (int64_t)job_calls(job);
        }
    }
    return calls;
}

/** Whether jobs above a priority exist at all. */
static bool has_higher(const struct planner *planner, const struct lane *lane, int64_t priority)
{
    for (size_t i = 0; i < planner->job_count; i++) {
        const struct job *job = &planner->jobs[i];
        if (&planner->lanes[job->lane] == lane && job->priority > priority) {
            return true;
        }
    }
    return false;
}

/** The month's rest, less what the jobs above need until its end. */
static bool month_has_room(const struct planner *planner, const struct lane *lane, int64_t priority, const struct moment *now)
{
    const struct quota *quota = &lane->quota;
    int64_t end_us = quota_month_start_us(quota_month_of(now->wall_us) + 1);
    return quota->max_calls_per_month <= 0 ||
           quota_month_used(quota, now) + needed(planner, lane, priority, now->wall_us, end_us) < quota->max_calls_per_month;
}

/**
 * The same for the period, which slides: just before each time at which calls of the past stop counting, those that still do,
 * this call, and what the jobs above have needed by then must fit.
 */
static bool period_has_room(const struct planner *planner, const struct lane *lane, int64_t priority, const struct moment *now)
{
    const struct quota *quota = &lane->quota;
    int64_t used = quota_used(quota, now);
    if (quota->max_calls <= 0) {
        return true;
    }
    for (size_t i = 0; i < quota->run_count; i++) {
        const struct quota_run *run = &quota->runs[i];
        int64_t ends_ms = run->last_ms + quota->reset_period_ms;
        if (ends_ms <= now->mono_ms) {
            continue;
        }
        if (used + 1 + needed(planner, lane, priority, now->wall_us, moment_wall_us(now, ends_ms)) > quota->max_calls) {
            return false;
        }
        used -= run->calls;
    }
    int64_t end_us = now->wall_us + quota->reset_period_ms * US_PER_MS;
    return used + 1 + needed(planner, lane, priority, now->wall_us, end_us) <= quota->max_calls;
}

bool planner_may_spend(const struct planner *planner, const struct lane *lane, int64_t priority, const struct moment *now)
{
    const struct quota *quota = &lane->quota;
    bool limited = quota->max_calls > 0 || quota->max_calls_per_month > 0;
    return !limited || !has_higher(planner, lane, priority) ||
           (month_has_room(planner, lane, priority, now) && period_has_room(planner, lane, priority, now));
}
