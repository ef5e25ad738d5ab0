#include "ingest/planner.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "ingest/planner_parts.h"

/** Longest that planner_wait_ms says; the loop looks around at least so often. */
#define WAIT_MAX_MS INT64_C(60000)
/** How soon a lane that saves its quota for jobs of a higher priority looks again. */
#define SAVING_LOOK_MS INT64_C(60000)
/** Length of a minute of planner_minute. */
#define MINUTE_US (INT64_C(60) * US_PER_S)

/** The limits of one of `shards` lanes that share those of the provider. */
static struct provider_settings shard_limits(const struct provider_settings *settings)
{
    struct provider_settings limits = *settings;
    limits.calls_per_window /= settings->shards;
    limits.max_calls /= settings->shards;
    limits.max_calls_per_month /= settings->shards;
    limits.batch_delay_seconds *= (double)settings->shards;
    limits.max_in_flight /= settings->shards;
    limits.max_in_flight += limits.max_in_flight == 0 ? 1 : 0;
    return limits;
}

void lane_begin(struct lane *lane, const struct ingest_settings *settings)
{
    quota_clear(&lane->quota);
    quota_init(&lane->quota, &lane->settings);
    throttle_init(&lane->throttle, settings->throttle_floor, settings->throttle_step);
    breaker_init(&lane->breaker, settings->breaker_failures, settings->breaker_open_s * 1000,
                 settings->breaker_open_max_s * 1000);
    lane->limited_in_row = 0;
    lane->splits = 0;
    lane->minute = (struct lane_minute){0};
}

/** Makes the lanes of a provider, one per shard. */
static void add_lanes(struct planner *planner, const struct config *config, const struct provider *provider,
                      const struct provider_settings *settings)
{
    for (int64_t i = 0; i < settings->shards; i++) {
        struct lane *lane = &planner->lanes[planner->lane_count++];
        *lane =
            (struct lane){.provider = provider, .shard = {i, settings->shards}, .settings = shard_limits(settings), .on = true};
        if (settings->shards > 1) {
            snprintf(lane->name, sizeof lane->name, "%s#%d", provider->name, (int)i);
        } else {
            snprintf(lane->name, sizeof lane->name, "%s", provider->name);
        }
        roster_init(&lane->roster, config, provider->name, &lane->shard);
        lane_begin(lane, planner->settings);
    }
}

/** The number of the provider's first lane; its lanes are made when there are none yet. */
static size_t lanes_of(struct planner *planner, const struct config *config, const struct provider *provider,
                       const struct provider_settings *settings)
{
    for (size_t i = 0; i < planner->lane_count; i++) {
        if (planner->lanes[i].provider == provider) {
            return i;
        }
    }
    size_t first = planner->lane_count;
    add_lanes(planner, config, provider, settings);
    return first;
}

/** Binds one job to each lane of its provider; a job of a provider that is switched off is left out. */
static bool add_job(struct planner *planner, const struct config *config, const struct job_settings *settings,
                    struct error *error)
{
    const struct provider *provider = job_provider(config, settings, error);
    if (provider == NULL) {
        return false;
    }
    const struct provider_settings *limits = config_provider(config, provider->name);
    if (limits == NULL || !limits->enabled) {
        return true;
    }
    size_t first = lanes_of(planner, config, provider, limits);
    for (size_t i = 0; i < (size_t)limits->shards; i++) {
        struct job *job = &planner->jobs[planner->job_count++];
        bool bound = job_bind(job, config, settings, provider, &planner->lanes[first + i].roster, error);
        job->lane = first + i;
        if (!bound) {
            return false;
        }
        if (i > 0 && endpoint_is_lone(job->endpoint)) {
            job_clear(job); /* what is about no asset is asked once */
            planner->job_count--;
        }
    }
    return true;
}

/** Starts the schedules: jobs of a lane with the same endpoint get the jitter of the most frequent of them. */
static void start_jobs(struct planner *planner)
{
    for (size_t i = 0; i < planner->job_count; i++) {
        struct job *job = &planner->jobs[i];
        char name[LANE_NAME_MAX + 80];
        int64_t least_s = job->settings->every_s;
        for (size_t k = 0; k < planner->job_count; k++) {
            const struct job *other = &planner->jobs[k];
            bool same = other->lane == job->lane && other->endpoint == job->endpoint;
            least_s = same && other->settings->every_s < least_s ? other->settings->every_s : least_s;
        }
        snprintf(name, sizeof name, "%s/%s", planner->lanes[job->lane].name, job->endpoint->name);
        job_start(job, schedule_jitter_us(name, least_s * US_PER_S, planner->seed));
    }
}

/** Lanes that a configuration can need. */
static size_t lanes_max(const struct config *config)
{
    size_t count = 0;
    for (size_t i = 0; i < config->provider_count; i++) {
        count += (size_t)config->providers[i].shards;
    }
    return count;
}

/** Jobs that it can need: each on all lanes of its provider. */
static size_t jobs_max(const struct config *config)
{
    size_t count = 0;
    for (size_t i = 0; i < config->job_count; i++) {
        const struct provider_settings *limits = config_provider(config, config->jobs[i].provider);
        count += limits != NULL ? (size_t)limits->shards : 0;
    }
    return count;
}

struct planner *planner_new(const struct config *config, uint64_t seed, struct error *error)
{
    struct planner *planner = xcalloc(1, sizeof *planner);
    planner->config = config;
    planner->settings = &config->ingest;
    planner->seed = seed;
    planner->random_state = seed;
    planner->lanes = xcalloc(lanes_max(config) + 1, sizeof *planner->lanes);
    planner->jobs = xcalloc(jobs_max(config) + 1, sizeof *planner->jobs);
    for (size_t i = 0; i < config->job_count; i++) {
        if (!add_job(planner, config, &config->jobs[i], error)) {
            planner_free(planner);
            return NULL;
        }
    }
    start_jobs(planner);
    return planner;
}

void planner_free(struct planner *planner)
{
    if (planner == NULL) {
        return;
    }
    for (size_t i = 0; i < planner->job_count; i++) {
        job_clear(&planner->jobs[i]);
    }
    for (size_t i = 0; i < planner->lane_count; i++) {
        call_queue_clear(&planner->lanes[i].queue);
        quota_clear(&planner->lanes[i].quota);
        roster_clear(&planner->lanes[i].roster);
    }
    free(planner->jobs);
    free(planner->lanes);
    free(planner);
}

void lane_add_out(struct lane *lane, struct call *call)
{
    call->out_next = lane->out;
    lane->out = call;
    lane->in_flight++;
}

void lane_remove_out(struct lane *lane, struct call *call)
{
    struct call **at = &lane->out;
    while (*at != call) {
        assert(*at != NULL);
        at = &(*at)->out_next;
    }
    *at = call->out_next;
    call->out_next = NULL;
    lane->in_flight--;
}

/** The longest of some waits; -1, when one of them is: then only a result can say. */
static int64_t longest(const int64_t *waits, size_t count)
{
    int64_t most = 0;
    for (size_t i = 0; i < count; i++) {
        if (waits[i] < 0) {
            return -1;
        }
        most = waits[i] > most ? waits[i] : most;
    }
    return most;
}

/** How long until the first queued call of a lane may go out; -1 when that needs a result or a slot first. */
static int64_t lane_wait_ms(const struct planner *planner, const struct lane *lane, const struct moment *now)
{
    const struct call *first = call_queue_peek(&lane->queue);
    if (first == NULL || !lane->on || lane->in_flight >= lane->settings.max_in_flight) {
        return -1;
    }
    const int64_t waits[] = {call_queue_wait_ms(&lane->queue, now->mono_ms), quota_wait_ms(&lane->quota, now),
                             breaker_wait_ms(&lane->breaker, now->mono_ms)};
    int64_t wait_ms = longest(waits, sizeof waits / sizeof waits[0]);
    return wait_ms == 0 && !planner_may_spend(planner, lane, first->priority, now) ? SAVING_LOOK_MS : wait_ms;
}

/** Takes the first call of a lane out and counts it. */
static struct call *take_call(struct lane *lane, const struct moment *now)
{
    struct call *call = call_queue_pop(&lane->queue, now->mono_ms);
    call->ticket = quota_take(&lane->quota, now);
    call->probe = breaker_take(&lane->breaker);
    lane_add_out(lane, call);
    return call;
}

struct call *planner_next(struct planner *planner, const struct moment *now)
{
    for (size_t i = 0; i < planner->lane_count; i++) {
        struct lane *lane = &planner->lanes[(planner->turn + i) % planner->lane_count];
        call_queue_first(&lane->queue, now->mono_ms); /* lets calls ripen, so that the wait is about the best */
        if (lane_wait_ms(planner, lane, now) == 0) {
            planner->turn = (planner->turn + i + 1) % planner->lane_count;
            return take_call(lane, now);
        }
    }
    return NULL;
}

int64_t planner_wait_ms(const struct planner *planner, const struct moment *now)
{
    int64_t least_ms = WAIT_MAX_MS;
    for (size_t i = 0; i < planner->job_count; i++) {
        const struct job *job = &planner->jobs[i];
        if (planner->lanes[job->lane].on) {
            int64_t wait_ms = (schedule_wait_us(&job->schedule, now->wall_us) + US_PER_MS - 1) / US_PER_MS;
            least_ms = wait_ms < least_ms ? wait_ms : least_ms;
        }
    }
    for (size_t i = 0; i < planner->lane_count; i++) {
        int64_t wait_ms = lane_wait_ms(planner, &planner->lanes[i], now);
        least_ms = wait_ms >= 0 && wait_ms < least_ms ? wait_ms : least_ms;
    }
    return least_ms;
}

bool planner_minute(struct planner *planner, size_t lane_number, const struct moment *now, struct lane_minute *minute)
{
    struct lane *lane = &planner->lanes[lane_number];
    int64_t slot = now->wall_us / MINUTE_US;
    if (!lane->on || slot == lane->minute_slot) {
        return false;
    }
    *minute = lane->minute;
    bool closed = breaker_state(&lane->breaker, now->mono_ms) == BREAKER_CLOSED;
    lane->minute =
        (struct lane_minute){.last = lane->minute.last, .last_failure = closed ? OUTCOME_OK : lane->minute.last_failure};
    bool whole = lane->minute_slot > 0; /* the minute in which it was switched on is none */
    lane->minute_slot = slot;
    return whole;
}

size_t planner_lanes(const struct planner *planner)
{
    return planner->lane_count;
}

const char *planner_lane_name(const struct planner *planner, size_t lane)
{
    assert(lane < planner->lane_count);
    return planner->lanes[lane].name;
}

const struct provider *planner_provider(const struct planner *planner, size_t lane)
{
    assert(lane < planner->lane_count);
    return planner->lanes[lane].provider;
}

/** Whether the next call is held back for jobs of a higher priority. */
static bool is_saving(const struct planner *planner, const struct lane *lane, const struct moment *now)
{
    const struct call *first = call_queue_peek(&lane->queue);
    return first != NULL && first->not_before_ms <= now->mono_ms && !planner_may_spend(planner, lane, first->priority, now);
}

/** How long the next call of a lane has waited beyond its time. */
static int64_t waited_ms(const struct lane *lane, int64_t now_ms)
{
    const struct call *first = call_queue_peek(&lane->queue);
    return first != NULL && first->not_before_ms < now_ms ? now_ms - first->not_before_ms : 0;
}

const struct provider_settings *planner_settings(const struct planner *planner, size_t lane)
{
    assert(lane < planner->lane_count);
    return &planner->lanes[lane].settings;
}

int64_t planner_quota_used(const struct planner *planner, size_t lane, const struct moment *now)
{
    assert(lane < planner->lane_count);
    return quota_used(&planner->lanes[lane].quota, now);
}

void planner_view(const struct planner *planner, size_t lane, const struct moment *now, struct lane_view *view)
{
    assert(lane < planner->lane_count);
    const struct lane *at = &planner->lanes[lane];
    int64_t paused_ms = at->quota.paused_until_ms - now->mono_ms;
    *view = (struct lane_view){
        .name = at->name,
        .settings = &at->settings,
        .on = at->on,
        .queued = call_queue_count(&at->queue),
        .in_flight = at->in_flight,
        .quota_used = quota_used(&at->quota, now),
        .month_used = quota_month_used(&at->quota, now),
        .inactive = at->roster.inactive_count,
        .unknown = roster_unknown_count(&at->roster, now->wall_us),
        .share = at->throttle.share,
        .breaker = breaker_state(&at->breaker, now->mono_ms),
        .paused_ms = at->quota.paused_until_ms > 0 && paused_ms > 0 ? paused_ms : 0,
        .skipped = at->skipped,
        .waited_ms = waited_ms(at, now->mono_ms),
        .saving = is_saving(planner, at, now),
    };
}

size_t planner_jobs(const struct planner *planner)
{
    return planner->job_count;
}

void planner_job_view(const struct planner *planner, size_t job, struct job_view *view)
{
    assert(job < planner->job_count);
    const struct job *at = &planner->jobs[job];
    *view = (struct job_view){
        .settings = at->settings, .lane = at->lane, .priority = at->priority, .assets = at->asset_count, .calls = job_calls(at)};
}
