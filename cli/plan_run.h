/*
 * What ingest will do for a while, counted: the very planner runs on a clock of its own, and every call is answered well at once.
 *
 * Pure but for the memory it takes; threads: one.
 */
#ifndef QUOTEBUS_CLI_PLAN_RUN_H
#define QUOTEBUS_CLI_PLAN_RUN_H

#include "base/config.h"
#include "ingest/planner.h"

/** Time from a call to its answer. */
#define PLAN_LATENCY_MS 250
/** A call that waits longer for its time to come does not fit; neither does one that its next slot leaves out. */
#define PLAN_LATE_MS INT64_C(900000)

/** Of one job in one lane, by the planner's number of the job. */
struct plan_job {
    int64_t slots;  /**< that made a call */
    int64_t calls;  /**< of which it is the first job; those that jobs share count once */
    int64_t quotes; /**< prices that the calls ask for */
    int64_t last_slot_us;
};

/** Of one lane. */
struct plan_lane {
    int64_t calls;
    int64_t quotes;
    int64_t left_out;       /**< calls of slots that were left out since those of the slot before were under way */
    int64_t skipped_before; /**< the same at the beginning */
    int64_t late_ms;        /**< longest time that a call waited beyond its slot */
    const char *why;        /**< what held it up; NULL: nothing did */
};

struct plan_run {
    struct plan_job *jobs;   /**< planner_jobs of them */
    struct plan_lane *lanes; /**< planner_lanes of them */
    int64_t quotes;
};

/** Lets the planner run from *now on for `for_s` seconds; *now is the end then. Cleared with plan_run_clear. */
void plan_run(struct plan_run *run, struct planner *planner, struct moment *now, int64_t for_s);
void plan_run_clear(struct plan_run *run);

#endif
