#include "ingest/planner.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "ingest/planner_parts.h"

/** Longest that planner_wait_ms says; the loop looks around at least so often. */
#define WAIT_MAX_MS INT64_C(60000)

/** The number of the provider's lane, made when there is none yet. */
static size_t lane_of(struct planner *planner, const struct config *config, const struct provider *provider,
                      const struct provider_settings *settings)
{
    for (size_t i = 0; i < planner->lane_count; i++) {
        if (planner->lanes[i].provider == provider) {
            return i;
        }
    }
    struct lane *lane = &planner->lanes[planner->lane_count];
    lane->provider = provider;
    lane->settings = settings;
    lane->on = true;
    roster_init(&lane->roster, config, provider->name);
    quota_init(&lane->quota, settings);
    return planner->lane_count++;
}

/** Binds one job to its lane; a job of a provider that is switched off is left out. */
static bool add_job(struct planner *planner, const struct config *config, const struct job_settings *settings, uint64_t seed,
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
    size_t lane = lane_of(planner, config, provider, limits);
    struct job *job = &planner->jobs[planner->job_count++];
    bool bound = job_bind(job, config, settings, provider, &planner->lanes[lane].roster, seed, error);
    job->lane = lane;
    return bound;
}

struct planner *planner_new(const struct config *config, uint64_t seed, struct error *error)
{
    struct planner *planner = xcalloc(1, sizeof *planner);
    planner->settings = &config->ingest;
    planner->random_state = seed;
    planner->lanes = xcalloc(config->provider_count + 1, sizeof *planner->lanes);
    planner->jobs = xcalloc(config->job_count + 1, sizeof *planner->jobs);
    for (size_t i = 0; i < config->job_count; i++) {
        if (!add_job(planner, config, &config->jobs[i], seed, error)) {
            planner_free(planner);
            return NULL;
        }
    }
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

size_t planner_tick(struct planner *planner, const struct moment *now)
{
    size_t skipped = 0;
    for (size_t i = 0; i < planner->job_count; i++) {
        struct job *job = &planner->jobs[i];
        if (planner->lanes[job->lane].on && schedule_take(&job->schedule, now->wall_us)) {
            skipped += job_queue_slot(job, &planner->lanes[job->lane].queue, now->mono_ms);
        }
    }
    return skipped;
}

/** How long until the first queued call of a lane may go out; -1 when that needs a result first. */
static int64_t lane_wait_ms(const struct lane *lane, int64_t now_ms)
{
    const struct call *first = call_queue_first(&lane->queue);
    if (first == NULL || lane->in_flight >= lane->settings->max_in_flight) {
        return -1;
    }
    int64_t due = first->not_before_ms > now_ms ? first->not_before_ms - now_ms : 0;
    int64_t allowed = quota_wait_ms(&lane->quota, now_ms);
    return due > allowed ? due : allowed;
}

struct call *planner_next(struct planner *planner, const struct moment *now)
{
    for (size_t i = 0; i < planner->lane_count; i++) {
        struct lane *lane = &planner->lanes[(planner->turn + i) % planner->lane_count];
        if (lane_wait_ms(lane, now->mono_ms) == 0) {
            planner->turn = (planner->turn + i + 1) % planner->lane_count;
            quota_take(&lane->quota, now->mono_ms);
            lane->in_flight++;
            struct call *call = call_queue_pop(&lane->queue);
            call->era = lane->era;
            return call;
        }
    }
    return NULL;
}

/** Holds a provider back after "too many", or for as long as it asks. */
static void note_limits(struct planner *planner, struct lane *lane, const struct call_result *result, int64_t now_ms,
                        struct call_verdict *verdict)
{
    const struct ingest_settings *settings = planner->settings;
    int64_t pause_ms = 0;
    if (result->outcome == OUTCOME_OK) {
        lane->limited_in_row = 0;
        return;
    }
    if (result->outcome == OUTCOME_LIMITED) {
        lane->limited_in_row++;
        pause_ms = settings->retry_base_ms +
                   backoff_ms(settings->retry_base_ms, settings->retry_max_ms, lane->limited_in_row, &planner->random_state);
    }
    if (result->retry_after_s.set) {
        int64_t asked_s = result->retry_after_s.value < PLANNER_PAUSE_MAX_S ? result->retry_after_s.value : PLANNER_PAUSE_MAX_S;
        pause_ms = asked_s * 1000 > pause_ms ? asked_s * 1000 : pause_ms;
    }
    if (pause_ms > 0) {
        quota_pause(&lane->quota, now_ms + pause_ms);
        verdict->pause_ms = SOME_LONG(pause_ms);
    }
}

/** Queues questions about the assets that were missing from a batch. */
static void ask_missing(struct lane *lane, const struct call *call, const struct call_result *result, int64_t now_ms,
                        struct call_verdict *verdict)
{
    const struct endpoint *endpoint =
        call->endpoint->ask_missing != NULL ? provider_endpoint(lane->provider, call->endpoint->ask_missing) : NULL;
    for (size_t i = 0; endpoint != NULL && i < result->missing_count; i++) {
        struct roster_entry *entry = roster_find(&lane->roster, result->missing[i]->asset);
        if (entry == NULL || !roster_should_ask(entry, now_ms)) {
            continue;
        }
        struct call *question = call_new(endpoint, call->lane, 1);
        question->assets[0] = entry->asset;
        question->not_before_ms = now_ms;
        entry->asking = true;
        call_queue_push(&lane->queue, question);
        verdict->questions++;
    }
}

/** Notes the answer to a question about one asset; a failure is none, so that the question is asked again. */
static void close_question(struct lane *lane, const struct call *call, bool answered, int64_t now_ms)
{
    struct roster_entry *entry = roster_find(&lane->roster, call->assets[0].asset);
    assert(entry != NULL);
    entry->asking = false;
    entry->answered = answered;
    entry->answered_ms = now_ms;
}

/** Ends a call for good. */
static void close_call(struct lane *lane, struct call *call, bool answered, int64_t now_ms)
{
    if (call->job != NULL) {
        if (call->era == lane->era) {
            job_batch_over(call->job, call->batch);
        }
    } else {
        close_question(lane, call, answered, now_ms);
    }
    free(call);
}

/** Marks the asset of a call inactive when the provider says that it was delisted. */
static const char *retire(struct lane *lane, const struct call *call, enum outcome outcome)
{
    struct roster_entry *entry =
        outcome == OUTCOME_DELISTED && call->asset_count == 1 ? roster_find(&lane->roster, call->assets[0].asset) : NULL;
    return entry != NULL && roster_retire(&lane->roster, entry) ? entry->asset.asset : NULL;
}

/** Whether the endpoint in place of a call's own is to be asked: its own is refused, and stays so. */
static bool may_fall_back(const struct call *call, const struct call_result *result, bool gave_up)
{
    return call->fallback != NULL && (result->outcome == OUTCOME_BLOCKED || (result->outcome == OUTCOME_LIMITED && gave_up));
}

/** Queues a call again: the same one after a step of a session, or the one that stands in for it. */
static void queue_again(struct lane *lane, struct call *call, const struct call_result *result, int64_t now_ms,
                        struct call_verdict *verdict)
{
    if (!result->again) {
        call->endpoint = call->fallback;
        call->fallback = NULL;
        call->attempt = 1;
        verdict->fallback = call->endpoint->name;
    }
    call->not_before_ms = now_ms;
    call_queue_push(&lane->queue, call);
}

void planner_done(struct planner *planner, struct call *call, const struct call_result *result, const struct moment *now,
                  struct call_verdict *verdict)
{
    const struct ingest_settings *settings = planner->settings;
    struct lane *lane = &planner->lanes[call->lane];
    bool failed = outcome_retryable(result->outcome) && result->missing_count == 0;
    assert(lane->in_flight > 0);
    *verdict = (struct call_verdict){0};
    lane->in_flight--;
    note_limits(planner, lane, result, now->mono_ms, verdict);
    ask_missing(lane, call, result, now->mono_ms, verdict);
    verdict->retired = retire(lane, call, result->outcome);
    verdict->gave_up = failed && call->attempt >= settings->retry_attempts;
    if (call->era == lane->era && (result->again || may_fall_back(call, result, verdict->gave_up))) {
        verdict->gave_up = false;
        queue_again(lane, call, result, now->mono_ms, verdict);
        return;
    }
    if (!failed || verdict->gave_up || call->era != lane->era) {
        close_call(lane, call, !failed, now->mono_ms);
        return;
    }
    int64_t wait_ms = backoff_ms(settings->retry_base_ms, settings->retry_max_ms, call->attempt, &planner->random_state);
    wait_ms = verdict->pause_ms.set && verdict->pause_ms.value > wait_ms ? verdict->pause_ms.value : wait_ms;
    verdict->retry_in_ms = SOME_LONG(wait_ms);
    call->attempt++;
    call->not_before_ms = now->mono_ms + wait_ms;
    call_queue_push(&lane->queue, call);
}

int64_t planner_wait_ms(const struct planner *planner, const struct moment *now)
{
    int64_t least_ms = WAIT_MAX_MS;
    for (size_t i = 0; i < planner->job_count; i++) {
        if (!planner->lanes[planner->jobs[i].lane].on) {
            continue;
        }
        int64_t wait_ms = (schedule_wait_us(&planner->jobs[i].schedule, now->wall_us) + US_PER_MS - 1) / US_PER_MS;
        least_ms = wait_ms < least_ms ? wait_ms : least_ms;
    }
    for (size_t i = 0; i < planner->lane_count; i++) {
        int64_t wait_ms = lane_wait_ms(&planner->lanes[i], now->mono_ms);
        least_ms = wait_ms >= 0 && wait_ms < least_ms ? wait_ms : least_ms;
    }
    return least_ms;
}

size_t planner_lanes(const struct planner *planner)
{
    return planner->lane_count;
}

void planner_view(const struct planner *planner, size_t lane, const struct moment *now, struct lane_view *view)
{
    assert(lane < planner->lane_count);
    const struct lane *at = &planner->lanes[lane];
    *view = (struct lane_view){
        .settings = at->settings,
        .queued = at->queue.count,
        .in_flight = at->in_flight,
        .quota_used = quota_used(&at->quota, now->mono_ms),
        .inactive = at->roster.inactive_count,
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
    *view = (struct job_view){.settings = at->settings, .assets = at->asset_count, .calls = at->batch_count};
}
