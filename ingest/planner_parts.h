/*
 * The planner's insides. Private to planner*.c.
 */
#ifndef QUOTEBUS_INGEST_PLANNER_PARTS_H
#define QUOTEBUS_INGEST_PLANNER_PARTS_H

#include "ingest/job.h"
#include "ingest/planner.h"
#include "ingest/quota.h"

/** Everything about one provider. */
struct lane {
    const struct provider *provider;
    const struct provider_settings *settings;
    bool on;
    uint64_t era; /* counts how often it was switched off: a call of an earlier era belongs to no slot any more */
    struct roster roster;
    struct quota quota;
    struct call_queue queue;
    int64_t in_flight;
    int64_t limited_in_row; /* answers "too many" since the last good one */
};

struct planner {
    const struct ingest_settings *settings;
    struct lane *lanes;
    size_t lane_count;
    size_t turn; /* lane that planner_next looks at first, so that none waits for the others */
    struct job *jobs;
    size_t job_count;
    uint64_t random_state;
};

#endif
