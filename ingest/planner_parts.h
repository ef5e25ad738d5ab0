/*
 * The planner's insides. Private to planner*.c.
 *
 *     planner.c         lanes and jobs, what goes out next, views
 *     planner_slots.c   from slots that began to calls
 *     planner_done.c    from results to retries, questions, halves
 *     planner_reserve.c what is left for calls of low priority
 *     planner_offer.c   calls beside all jobs
 *     planner_state.c   ownership: export, import, switching lanes
 *     planner_reload.c  another configuration under a running planner
 */
#ifndef QUOTEBUS_INGEST_PLANNER_PARTS_H
#define QUOTEBUS_INGEST_PLANNER_PARTS_H

#include "ingest/job.h"
#include "ingest/planner.h"
#include "ingest/quota.h"
#include "ingest/throttle.h"

/** Longest name of a lane, with the NUL. */
#define LANE_NAME_MAX 80

/** Everything about one provider, or about one shard of it. */
struct lane {
    char name[LANE_NAME_MAX];
    const struct provider *provider;
    struct roster_shard shard;
    struct provider_settings settings; /* limits are those of the shard; texts are borrowed from the configuration */
    bool on;
    uint64_t era; /* counts how often it was switched off: a call of an earlier era belongs to no slot any more */
    struct roster roster;
    struct quota quota;
    struct throttle throttle;
    struct breaker breaker;
    struct call_queue queue;
    struct call *out; /* list of the calls that are in flight */
    int64_t in_flight;
    int64_t skipped;        /* calls of slots that were left out */
    int64_t limited_in_row; /* answers "too many" since the last good one */
    int64_t split_hour;     /* wall clock hour that `splits` counts */
    int64_t splits;         /* batches that were halved in it */
    struct lane_minute minute;
    int64_t minute_slot; /* wall clock minute of `minute` */
};

struct planner {
    const struct config *config;
    const struct ingest_settings *settings;
    struct lane *lanes;
    size_t lane_count;
    size_t turn; /* lane that planner_next looks at first, so that none waits for the others */
    struct job *jobs;
    size_t job_count;
    uint64_t seed;
    uint64_t random_state;
};

/** Makes the calls for positions of jobs that can share calls, due now. */
void planner_pack(struct planner *planner, const struct call_part *parts, size_t count, const struct moment *now);
/** Whether the quota that is left, less what jobs of a higher priority need, has room for a call of that priority. */
bool planner_may_spend(const struct planner *planner, const struct lane *lane, int64_t priority, const struct moment *now);
/** Puts a call into the list of those in flight, or takes it out. */
void lane_add_out(struct lane *lane, struct call *call);
void lane_remove_out(struct lane *lane, struct call *call);
/** Fresh quota, breaker and throttle. */
void lane_begin(struct lane *lane, const struct ingest_settings *settings);

#endif
