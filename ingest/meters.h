/*
 * The metrics of one provider.
 *
 * Threads: one.
 */
#ifndef QUOTEBUS_INGEST_METERS_H
#define QUOTEBUS_INGEST_METERS_H

#include "base/metrics.h"
#include "ingest/planner.h"

struct meters {
    const char *provider;
    struct metric *quotes;
    struct metric *duration;
    struct metric *last_success;
    struct metric *quota_used;
    struct metric *quota_limit;
    struct metric *queue;
    struct metric *month_used;
    struct metric *month_limit;
    struct metric *share;
    struct metric *breaker;
    struct metric *saving;
    struct metric *unknown;
    struct metric *inactive;
};

/** One finished call. */
struct call_measure {
    const char *endpoint;
    enum outcome outcome;
    double duration_s;
    size_t quotes;
    int64_t at_us;
};

/** `provider` is kept by reference. */
void meters_init(struct meters *meters, const char *provider);
/** Counts a call. */
void meters_call(struct meters *meters, const struct call_measure *measure);
/** Shows how a lane stands. */
void meters_show(struct meters *meters, const struct lane_view *view);
/** Counts calls of slots that were left out. */
void meters_skipped(size_t calls);

#endif
