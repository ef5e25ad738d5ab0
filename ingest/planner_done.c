#include <assert.h>
#include <stdlib.h>

#include "base/clock.h"
#include "ingest/planner_parts.h"

/** Batches of a lane that are halved in an hour at most: beyond it something else is wrong than a few symbols. */
#define SPLITS_PER_HOUR 64
#define HOUR_US (INT64_C(3600) * US_PER_S)
/** Priority of questions about missing assets: they can wait for prices, nothing else. */
#define PRIORITY_QUESTION 70

/** What an outcome says about the health of its provider. */
enum health { HEALTH_GOOD, HEALTH_NEUTRAL, HEALTH_BAD };

/** An answer about an asset or a quota is no failure of the provider. */
static enum health health_of(enum outcome outcome)
{
    switch (outcome) {
    case OUTCOME_OK:
    case OUTCOME_UNKNOWN_SYMBOL:
    case OUTCOME_DELISTED:
        return HEALTH_GOOD;
    case OUTCOME_LIMITED:
    case OUTCOME_DEMO_ONLY:
        return HEALTH_NEUTRAL;
    default:
        return HEALTH_BAD;
    }
}

/** Counts the call in the lane's minute. */
static void count_minute(struct lane *lane, enum outcome outcome)
{
    struct lane_minute *minute = &lane->minute;
    minute->calls++;
    minute->good += health_of(outcome) == HEALTH_GOOD ? 1 : 0;
    minute->limited += outcome == OUTCOME_LIMITED ? 1 : 0;
    minute->failed += health_of(outcome) == HEALTH_BAD ? 1 : 0;
    minute->last = outcome;
    minute->last_failure = health_of(outcome) == HEALTH_GOOD ? minute->last_failure : outcome;
}

/**
 * What a result says about the provider. An endpoint that is refused and has another in its place says nothing: that one will.
 * Nor does a session that is over and is made anew. Otherwise refusals of the one would keep calls of the other from going out.
 */
static enum health health_of_result(const struct call *call, const struct call_result *result)
{
    bool stood_in_for = result->outcome == OUTCOME_BLOCKED && call->fallback != NULL;
    bool renewed = result->again && result->outcome != OUTCOME_OK;
    return stood_in_for || renewed ? HEALTH_NEUTRAL : health_of(result->outcome);
}

/** Tells the breaker. */
static void note_health(struct planner *planner, struct lane *lane, const struct call *call, const struct call_result *result,
                        int64_t now_ms, struct call_verdict *verdict)
{
    switch (health_of_result(call, result)) {
    case HEALTH_GOOD:
        verdict->breaker_closed = breaker_good(&lane->breaker);
        break;
    case HEALTH_NEUTRAL:
        breaker_neutral(&lane->breaker, call->probe);
        break;
    case HEALTH_BAD:
        verdict->breaker_opened = breaker_failed(&lane->breaker, call->probe, now_ms, &planner->random_state);
        break;
    }
}

/** How long a provider that said "too many" gets no call, when it does not say itself. */
static int64_t limited_pause_ms(struct planner *planner, struct lane *lane)
{
    const struct ingest_settings *settings = planner->settings;
    lane->limited_in_row++;
    return settings->retry_base_ms +
           backoff_ms(settings->retry_base_ms, settings->retry_max_ms, lane->limited_in_row, &planner->random_state);
}

/** Holds a provider back after "too many", or for as long as it asks; lets its rate grow again while answers are good. */
static void note_limits(struct planner *planner, struct lane *lane, const struct call *call, const struct call_result *result,
                        int64_t now_ms, struct call_verdict *verdict)
{
    int64_t pause_ms = 0;
    if (result->outcome == OUTCOME_OK) {
        lane->limited_in_row = 0;
        throttle_good(&lane->throttle, lane->quota.window_ms, now_ms);
    }
    if (result->outcome == OUTCOME_LIMITED) {
        pause_ms = limited_pause_ms(planner, lane);
        if (throttle_limited(&lane->throttle, call->ticket.taken_ms, now_ms)) {
            verdict->share = SOME_DOUBLE(lane->throttle.share);
        }
    }
    lane->quota.share = lane->throttle.share;
    if (result->outcome != OUTCOME_OK && result->retry_after_s.set) {
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
        question->question = true;
        question->priority = PRIORITY_QUESTION;
        question->era = call->era;
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
    if (entry != NULL) { /* a reload may have removed it */
        entry->asking = false;
        entry->answered = answered;
        entry->answered_ms = now_ms;
    }
}

/** Ends a call for good. */
static void close_call(struct lane *lane, struct call *call, bool answered, int64_t now_ms)
{
    if (call->question) {
        close_question(lane, call, answered, now_ms);
    }
    for (size_t i = 0; i < call->part_count; i++) {
        if (call->parts[i].job != NULL) {
            job_close(call->parts[i].job, call->parts[i].position);
        }
    }
    call_free(call);
}

/** Whether a batch may be halved: a lane has so many halvings an hour. */
static bool may_split(struct lane *lane, const struct call *call, const struct call_result *result, int64_t wall_us)
{
    int64_t hour = wall_us / HOUR_US;
    bool batch = call->asset_count > 1 && call->part_count == call->asset_count;
    if (result->outcome != OUTCOME_UNKNOWN_SYMBOL || !batch) {
        return false;
    }
    lane->splits = hour == lane->split_hour ? lane->splits : 0;
    lane->split_hour = hour;
    return lane->splits < SPLITS_PER_HOUR && !call->orphan;
}

/** Puts a call into the queue as two halves: one of them has the symbol that the provider does not know. */
static void split(struct lane *lane, struct call *call, int64_t now_ms)
{
    size_t half = call->asset_count / 2;
    struct call *halves[] = {call_part_of(call, 0, half), call_part_of(call, half, call->asset_count - half)};
    lane->splits++;
    for (size_t i = 0; i < 2; i++) {
        halves[i]->splits++;
        halves[i]->not_before_ms = now_ms;
        call_queue_push(&lane->queue, halves[i]);
    }
    call_free(call);
}

/** Notes what the provider said about the one asset of a call. */
static void note_asset(struct lane *lane, const struct call *call, enum outcome outcome, int64_t wall_us,
                       struct call_verdict *verdict)
{
    bool about_one = call->asset_count == 1 && !endpoint_is_lone(call->endpoint);
    struct roster_entry *entry = about_one ? roster_find(&lane->roster, call->assets[0].asset) : NULL;
    if (entry == NULL) {
        return;
    }
    if (outcome == OUTCOME_DELISTED && roster_retire(&lane->roster, entry)) {
        verdict->retired = entry->asset.asset;
    }
    if (outcome == OUTCOME_UNKNOWN_SYMBOL && roster_unknown(entry, wall_us)) {
        verdict->unknown = entry->asset.asset;
    }
}

/** Queues a failed call again. */
static void retry(struct planner *planner, struct lane *lane, struct call *call, int64_t now_ms, struct call_verdict *verdict)
{
    const struct ingest_settings *settings = planner->settings;
    int64_t wait_ms = backoff_ms(settings->retry_base_ms, settings->retry_max_ms, call->attempt, &planner->random_state);
    wait_ms = verdict->pause_ms.set && verdict->pause_ms.value > wait_ms ? verdict->pause_ms.value : wait_ms;
    verdict->retry_in_ms = SOME_LONG(wait_ms);
    call->attempt++;
    call->not_before_ms = now_ms + wait_ms;
    call_queue_push(&lane->queue, call);
}

/** Whether the endpoint in place of a call's own is to be asked: its own is refused, and stays so. */
static bool may_fall_back(const struct call *call, const struct call_result *result, bool gave_up)
{
    return call->fallback != NULL && !call->orphan &&
           (result->outcome == OUTCOME_BLOCKED || (result->outcome == OUTCOME_LIMITED && gave_up));
}

/** Queues a call again: the same one after a step of a session, or the one that stands in for it. */
static void queue_again(struct lane *lane, struct call *call, const struct call_result *result, int64_t now_ms,
                        struct call_verdict *verdict)
{
    verdict->gave_up = false;
    if (!result->again) {
        call->endpoint = call->fallback;
        call->fallback = NULL;
        call->attempt = 1;
        verdict->fallback = call->endpoint->name;
    }
    call->not_before_ms = now_ms;
    call_queue_push(&lane->queue, call);
}

/** Notes all that a result says, but for what becomes of the call. */
static void note_result(struct planner *planner, struct lane *lane, const struct call *call, const struct call_result *result,
                        const struct moment *now, struct call_verdict *verdict)
{
    quota_settle(&lane->quota, &call->ticket, now);
    count_minute(lane, result->outcome);
    note_health(planner, lane, call, result, now->mono_ms, verdict);
    note_limits(planner, lane, call, result, now->mono_ms, verdict);
    ask_missing(lane, call, result, now->mono_ms, verdict);
    note_asset(lane, call, result->outcome, now->wall_us, verdict);
}

void planner_done(struct planner *planner, struct call *call, const struct call_result *result, const struct moment *now,
                  struct call_verdict *verdict)
{
    struct lane *lane = &planner->lanes[call->lane];
    bool failed = outcome_retryable(result->outcome) && result->missing_count == 0;
    *verdict = (struct call_verdict){0};
    lane_remove_out(lane, call);
    if (call->era != lane->era) {
        call_free(call); /* the lane was switched off meanwhile: another owner serves the slot */
        return;
    }
    note_result(planner, lane, call, result, now, verdict);
    verdict->halved = may_split(lane, call, result, now->wall_us);
    verdict->gave_up = failed && call->attempt >= planner->settings->retry_attempts;
    if (verdict->halved) {
        split(lane, call, now->mono_ms);
    } else if ((result->again && !call->orphan) || may_fall_back(call, result, verdict->gave_up)) {
        queue_again(lane, call, result, now->mono_ms, verdict);
    } else if (failed && !verdict->gave_up && !call->orphan) {
        retry(planner, lane, call, now->mono_ms, verdict);
    } else {
        close_call(lane, call, !failed, now->mono_ms);
    }
}
