#include "ingest/quota.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

/** Longest log that is kept: a window with more calls is held to this many. */
#define LOG_MAX 100000
/** Entries of the log that are no end of a call. */
#define LOG_FREE INT64_MIN
#define LOG_IN_FLIGHT INT64_MAX
/** A period is cut into so many stretches; each gives a run at most. */
#define RUNS_PER_PERIOD (QUOTA_RUNS - 4)

/** The later of two points in time. */
static int64_t later(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

void quota_init(struct quota *quota, const struct provider_settings *settings)
{
    int64_t size = settings->calls_per_window < LOG_MAX ? settings->calls_per_window : LOG_MAX;
    *quota = (struct quota){
        .max_calls = settings->max_calls,
        .max_calls_per_month = settings->max_calls_per_month,
        .calls_per_window = size,
        .window_ms = settings->window_seconds * 1000,
        .reset_period_ms = settings->reset_period_seconds * 1000,
        .delay_ms = (int64_t)(settings->batch_delay_seconds * 1000),
        .share = 1,
        .log_size = size > 0 ? (size_t)size : 0,
    };
    quota->log = quota->log_size > 0 ? xcalloc(quota->log_size, sizeof *quota->log) : NULL;
    for (size_t i = 0; i < quota->log_size; i++) {
        quota->log[i] = LOG_FREE;
    }
}

void quota_clear(struct quota *quota)
{
    free(quota->log);
    memset(quota, 0, sizeof *quota);
}

int64_t quota_month_of(int64_t wall_us)
{
    int year;
    int month;
    int month_day;
    time_civil(time_day_of_us(wall_us), &year, &month, &month_day);
    return (int64_t)year * 12 + month - 1;
}

int64_t quota_month_start_us(int64_t month)
{
    return time_day_from_civil((int)(month / 12), (int)(month % 12) + 1, 1) * US_PER_DAY;
}

/** Whether a run still counts. */
static bool run_counts(const struct quota *quota, const struct quota_run *run, int64_t now_ms)
{
    return run->in_flight > 0 || now_ms - run->last_ms < quota->reset_period_ms;
}

int64_t quota_used(const struct quota *quota, const struct moment *now)
{
    int64_t used = 0;
    for (size_t i = 0; i < quota->run_count; i++) {
        used += run_counts(quota, &quota->runs[i], now->mono_ms) ? quota->runs[i].calls : 0;
    }
    return used;
}

struct opt_long quota_limit(const struct provider_settings *settings)
{
    return settings->max_calls > 0 ? SOME_LONG(settings->max_calls) : (struct opt_long){0};
}

int64_t quota_month_used(const struct quota *quota, const struct moment *now)
{
    return quota->month == quota_month_of(now->wall_us) ? quota->month_used : 0;
}

/** When the window has room: a time, LOG_IN_FLIGHT when an end decides, LOG_FREE for at once. */
static int64_t window_free_at(const struct quota *quota)
{
    if (quota->log_size == 0) {
        return LOG_FREE;
    }
    if (quota->log[quota->log_next] == LOG_IN_FLIGHT) {
        return LOG_IN_FLIGHT; /* its place is needed */
    }
    double allowed = (double)quota->log_size * quota->share;
    size_t calls = allowed >= 1 ? (size_t)allowed : 1;
    double stretch = allowed >= 1 ? 1 : 1 / allowed;
    int64_t end_ms = quota->log[(quota->log_next + quota->log_size - calls) % quota->log_size];
    bool known = end_ms != LOG_FREE && end_ms != LOG_IN_FLIGHT;
    return known ? end_ms + (int64_t)((double)quota->window_ms * stretch) : end_ms;
}

/** When the period has room for one call: a time, or LOG_IN_FLIGHT. */
static int64_t period_free_at(const struct quota *quota, int64_t now_ms)
{
    int64_t over = -quota->max_calls + 1;
    int64_t free_at = now_ms;
    for (size_t i = 0; i < quota->run_count; i++) {
        over += run_counts(quota, &quota->runs[i], now_ms) ? quota->runs[i].calls : 0;
    }
    for (size_t i = 0; i < quota->run_count && over > 0; i++) {
        const struct quota_run *run = &quota->runs[i];
        if (run_counts(quota, run, now_ms)) {
            over -= run->calls;
            free_at = run->in_flight > 0 ? LOG_IN_FLIGHT : later(free_at, run->last_ms + quota->reset_period_ms);
        }
    }
    return free_at;
}

int64_t quota_wait_ms(const struct quota *quota, const struct moment *now)
{
    int64_t free_at = later(now->mono_ms, quota->paused_until_ms);
    free_at = quota->called ? later(free_at, quota->last_call_ms + quota->delay_ms) : free_at;
    free_at = later(free_at, window_free_at(quota));
    free_at = quota->max_calls > 0 ? later(free_at, period_free_at(quota, now->mono_ms)) : free_at;
    if (quota->max_calls_per_month > 0 && quota_month_used(quota, now) >= quota->max_calls_per_month) {
        free_at = later(free_at, moment_mono_ms(now, quota_month_start_us(quota->month + 1)));
    }
    return free_at == LOG_IN_FLIGHT ? QUOTA_WAIT_RESULT : free_at - now->mono_ms;
}

/** Forgets the runs that no longer count. */
static void drop_runs(struct quota *quota, int64_t now_ms)
{
    size_t kept = 0;
    for (size_t i = 0; i < quota->run_count; i++) {
        if (run_counts(quota, &quota->runs[i], now_ms)) {
            quota->runs[kept++] = quota->runs[i];
        }
    }
    quota->run_count = kept;
}

/** The run that a call at `now_ms` belongs to; made when there is none yet. */
static struct quota_run *run_for(struct quota *quota, int64_t now_ms)
{
    drop_runs(quota, now_ms);
    struct quota_run *newest = quota->run_count > 0 ? &quota->runs[quota->run_count - 1] : NULL;
    bool near = newest != NULL && now_ms - newest->first_ms < quota->reset_period_ms / RUNS_PER_PERIOD;
    if (near || quota->run_count == QUOTA_RUNS) {
        return newest;
    }
    quota->runs[quota->run_count] = (struct quota_run){.first_ms = now_ms, .last_ms = now_ms};
    return &quota->runs[quota->run_count++];
}

/** The run that a call was put into. */
static struct quota_run *run_of(struct quota *quota, int64_t taken_ms)
{
    size_t i = quota->run_count;
    while (i > 1 && quota->runs[i - 1].first_ms > taken_ms) {
        i--;
    }
    return i > 0 && quota->runs[i - 1].in_flight > 0 ? &quota->runs[i - 1] : NULL;
}

/** Counts a call in its month. */
static void count_in_month(struct quota *quota, int64_t month)
{
    quota->month_used = quota->month == month ? quota->month_used + 1 : 1;
    quota->month = month;
}

struct quota_ticket quota_take(struct quota *quota, const struct moment *now)
{
    struct quota_ticket ticket = {.place = quota->log_next, .taken_ms = now->mono_ms, .month = quota_month_of(now->wall_us)};
    struct quota_run *run = run_for(quota, now->mono_ms);
    run->calls++;
    run->in_flight++;
    count_in_month(quota, ticket.month);
    quota->called = true;
    quota->last_call_ms = now->mono_ms;
    if (quota->log_size > 0) {
        quota->log[quota->log_next] = LOG_IN_FLIGHT;
        quota->log_next = (quota->log_next + 1) % quota->log_size;
    }
    return ticket;
}

void quota_settle(struct quota *quota, const struct quota_ticket *ticket, const struct moment *now)
{
    struct quota_run *run = run_of(quota, ticket->taken_ms);
    int64_t month = quota_month_of(now->wall_us);
    if (run != NULL) {
        run->in_flight--;
        run->last_ms = later(run->last_ms, now->mono_ms);
    }
    if (month != ticket->month) {
        count_in_month(quota, month); /* the provider may have counted it in either */
    }
    if (ticket->place < quota->log_size) {
        quota->log[ticket->place] = now->mono_ms;
    }
}

void quota_refund(struct quota *quota, const struct quota_ticket *ticket)
{
    struct quota_run *run = run_of(quota, ticket->taken_ms);
    if (run != NULL) {
        run->in_flight--;
        run->calls--;
    }
    if (quota->month == ticket->month && quota->month_used > 0) {
        quota->month_used--;
    }
    if (ticket->place < quota->log_size) {
        quota->log[ticket->place] = LOG_FREE;
    }
}

void quota_pause(struct quota *quota, int64_t until_ms)
{
    quota->paused_until_ms = later(quota->paused_until_ms, until_ms);
}

/** Entry `back` of a log, counted from the newest (0). */
static int64_t log_entry(const struct quota *quota, size_t back)
{
    return quota->log[(quota->log_next + quota->log_size - 1 - back) % quota->log_size];
}

void quota_move(struct quota *quota, const struct provider_settings *settings, const struct quota *old)
{
    quota_init(quota, settings);
    struct quota fresh = *quota;
    *quota = *old;
    quota->max_calls = fresh.max_calls;
    quota->max_calls_per_month = fresh.max_calls_per_month;
    quota->calls_per_window = fresh.calls_per_window;
    quota->window_ms = fresh.window_ms;
    quota->reset_period_ms = fresh.reset_period_ms;
    quota->delay_ms = fresh.delay_ms;
    quota->log = fresh.log;
    quota->log_size = fresh.log_size;
    quota->log_next = 0;
    for (size_t back = 0; old->log_size > 0 && quota->log != NULL && back < fresh.log_size; back++) {
        /* What is older than the old log is not known: it counts as its oldest call. */
        quota->log[fresh.log_size - 1 - back] = log_entry(old, back < old->log_size ? back : old->log_size - 1);
    }
}

void quota_move_ticket(const struct quota *quota, const struct quota *old, struct quota_ticket *ticket)
{
    if (ticket->place >= old->log_size) {
        return;
    }
    size_t back = (old->log_next + old->log_size - 1 - ticket->place) % old->log_size;
    ticket->place = back < quota->log_size ? quota->log_size - 1 - back : SIZE_MAX;
}

/** Adds calls of one time to a log of a state; a log that is full takes them into its last entry. */
static void add_run(struct lane_run *runs, size_t *count, int64_t at_us, int64_t calls)
{
    if (*count < LANE_RUNS_MAX) {
        runs[(*count)++] = (struct lane_run){.at_us = at_us, .calls = calls};
        return;
    }
    runs[*count - 1].at_us = later(runs[*count - 1].at_us, at_us);
    runs[*count - 1].calls += calls;
}

/** Writes the log of the window, neighbours joined when it is long. */
static void export_window(const struct quota *quota, const struct moment *now, struct lane_state *state)
{
    size_t per_run = quota->log_size / LANE_RUNS_MAX + 1;
    size_t taken = 0;
    state->window = lane_state_room(state, LANE_RUNS_MAX, sizeof *state->window);
    for (size_t back = quota->log_size; back-- > 0;) {
        int64_t end_ms = log_entry(quota, back);
        if (end_ms == LOG_FREE || end_ms == LOG_IN_FLIGHT || now->mono_ms - end_ms >= quota->window_ms) {
            continue;
        }
        int64_t at_us = moment_wall_us(now, end_ms);
        if (taken++ % per_run == 0) {
            add_run(state->window, &state->window_count, at_us, 1);
        } else {
            struct lane_run *run = &state->window[state->window_count - 1];
            run->at_us = later(run->at_us, at_us);
            run->calls++;
        }
    }
}

void quota_export(const struct quota *quota, const struct moment *now, struct lane_state *state)
{
    export_window(quota, now, state);
    state->period = lane_state_room(state, QUOTA_RUNS, sizeof *state->period);
    for (size_t i = 0; i < quota->run_count; i++) {
        const struct quota_run *run = &quota->runs[i];
        state->in_flight += run->in_flight;
        if (run_counts(quota, run, now->mono_ms) && run->calls > run->in_flight) {
            add_run(state->period, &state->period_count, moment_wall_us(now, run->last_ms), run->calls - run->in_flight);
        }
    }
    state->month = quota_month_of(now->wall_us);
    state->month_used = quota_month_used(quota, now) - state->in_flight;
    state->month_used = state->month_used > 0 ? state->month_used : 0;
    state->last_call_us = quota->called ? moment_wall_us(now, quota->last_call_ms) : 0;
    state->paused_until_us = quota->paused_until_ms > now->mono_ms ? moment_wall_us(now, quota->paused_until_ms) : 0;
}

/** Puts calls that ended at `end_ms` into the log. */
static void log_calls(struct quota *quota, int64_t end_ms, int64_t calls)
{
    for (int64_t i = 0; quota->log_size > 0 && i < calls && i < (int64_t)quota->log_size; i++) {
        quota->log[quota->log_next] = end_ms;
        quota->log_next = (quota->log_next + 1) % quota->log_size;
    }
}

/** Puts calls that ended at `end_ms` into the period. */
static void period_calls(struct quota *quota, int64_t end_ms, int64_t calls)
{
    if (quota->run_count < QUOTA_RUNS) {
        quota->runs[quota->run_count++] = (struct quota_run){.first_ms = end_ms, .last_ms = end_ms};
    }
    struct quota_run *newest = &quota->runs[quota->run_count - 1];
    newest->last_ms = later(newest->last_ms, end_ms);
    newest->calls += calls;
}

/** A recorded time on this owner's clock; one in the future is now: clocks of two machines differ. */
static int64_t past_ms(const struct moment *now, int64_t wall_us)
{
    int64_t at_ms = moment_mono_ms(now, wall_us);
    return at_ms < now->mono_ms ? at_ms : now->mono_ms;
}

void quota_import(struct quota *quota, const struct lane_state *state, const struct moment *now)
{
    for (size_t i = 0; i < state->window_count; i++) {
        log_calls(quota, past_ms(now, state->window[i].at_us), state->window[i].calls);
    }
    for (size_t i = 0; i < state->period_count; i++) {
        period_calls(quota, past_ms(now, state->period[i].at_us), state->period[i].calls);
    }
    if (state->in_flight > 0) {
        log_calls(quota, now->mono_ms, state->in_flight);
        period_calls(quota, now->mono_ms, state->in_flight);
    }
    quota->month = state->month;
    quota->month_used = state->month_used + state->in_flight;
    if (state->in_flight > 0 && quota_month_of(now->wall_us) != state->month) {
        quota->month = quota_month_of(now->wall_us);
        quota->month_used = state->in_flight;
    }
    quota->called = state->last_call_us > 0;
    quota->last_call_ms = state->in_flight > 0 ? now->mono_ms : past_ms(now, state->last_call_us);
    quota->paused_until_ms = state->paused_until_us > 0 ? moment_mono_ms(now, state->paused_until_us) : 0;
}
