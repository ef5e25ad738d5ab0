#include "ingest/quota.h"

#include <stdlib.h>
#include <string.h>

/** Longest log that is kept: a window with more calls is held to this many. */
#define LOG_MAX 100000

void quota_init(struct quota *quota, const struct provider_settings *settings)
{
    int64_t size = settings->calls_per_window < LOG_MAX ? settings->calls_per_window : LOG_MAX;
    *quota = (struct quota){
        .max_calls = settings->max_calls,
        .calls_per_window = size,
        .window_ms = settings->window_seconds * 1000,
        .reset_period_ms = settings->reset_period_seconds * 1000,
        .delay_ms = (int64_t)(settings->batch_delay_seconds * 1000),
        .log_size = size > 0 ? (size_t)size : 0,
    };
    quota->log = quota->log_size > 0 ? xcalloc(quota->log_size, sizeof *quota->log) : NULL;
    for (size_t i = 0; i < quota->log_size; i++) {
        quota->log[i] = INT64_MIN;
    }
}

void quota_clear(struct quota *quota)
{
    free(quota->log);
    memset(quota, 0, sizeof *quota);
}

/** The later of two points in time. */
static int64_t later(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/** Whether the period that was begun by its first call still runs. */
static bool period_runs(const struct quota *quota, int64_t now_ms)
{
    return quota->called && quota->reset_period_ms > 0 && now_ms - quota->period_start_ms < quota->reset_period_ms;
}

int64_t quota_used(const struct quota *quota, int64_t now_ms)
{
    bool counts = quota->reset_period_ms <= 0 || period_runs(quota, now_ms);
    return counts ? quota->period_used : 0;
}

int64_t quota_wait_ms(const struct quota *quota, int64_t now_ms)
{
    int64_t free_at = later(now_ms, quota->paused_until_ms);
    if (quota->called) {
        free_at = later(free_at, quota->last_call_ms + quota->delay_ms);
    }
    if (quota->log_size > 0 && quota->log[quota->log_next] != INT64_MIN) {
        free_at = later(free_at, quota->log[quota->log_next] + quota->window_ms);
    }
    if (quota->max_calls > 0 && period_runs(quota, now_ms) && quota->period_used >= quota->max_calls) {
        free_at = later(free_at, quota->period_start_ms + quota->reset_period_ms);
    }
    return free_at - now_ms;
}

void quota_take(struct quota *quota, int64_t now_ms)
{
    if (!quota->called || (quota->reset_period_ms > 0 && !period_runs(quota, now_ms))) {
        quota->period_start_ms = now_ms;
        quota->period_used = 0;
    }
    quota->period_used++;
    quota->called = true;
    quota->last_call_ms = now_ms;
    if (quota->log_size > 0) {
        quota->log[quota->log_next] = now_ms;
        quota->log_next = (quota->log_next + 1) % quota->log_size;
    }
}

void quota_pause(struct quota *quota, int64_t until_ms)
{
    quota->paused_until_ms = later(quota->paused_until_ms, until_ms);
}
