/*
 * A job of the configuration, bound to the code and the assets it names; with shards, once per lane of its provider.
 *
 * Binding checks everything that can be wrong about a job before the first call: provider, endpoint, and that each symbol makes a
 * request. A slot of a job is about the assets that its hours serve; an asset whose call is still under way when the next slot
 * begins is left out of that slot, so that a slow provider cannot pile up calls.
 *
 * Pure; threads: one.
 */
#ifndef QUOTEBUS_INGEST_JOB_H
#define QUOTEBUS_INGEST_JOB_H

#include "ingest/call.h"
#include "ingest/roster.h"
#include "ingest/schedule.h"

struct job {
    const struct job_settings *settings;
    const struct endpoint *endpoint;
    const struct endpoint *fallback; /**< NULL: none */
    size_t lane;                     /**< number of its lane in the planner */
    int64_t priority;
    bool has_market; /**< the job has a calendar of its own */
    enum market market;
    struct roster_entry **assets; /**< in the order of the configuration */
    size_t asset_count;
    int64_t assets_hash; /**< of their ids in that order */
    size_t place_count;  /**< positions: asset_count, or 1 of an endpoint that is asked about no asset */
    bool *under_way;     /**< per position: its call is queued, in flight or waits for a retry */
    struct schedule schedule;
};

/** The provider that a job names. NULL with ERROR_USAGE when there is no code for it. */
const struct provider *job_provider(const struct config *config, const struct job_settings *settings,
                                    struct error *error) MUST_CHECK;

/** Whether an endpoint is asked about no asset: a list, a ping. */
bool endpoint_is_lone(const struct endpoint *endpoint);

/**
 * Fills `job` for the endpoint it names of `provider`; ERROR_USAGE (`file:line: jobs.NAME.endpoint: ...`) when there is none such
 * or a symbol makes no request. Its schedule begins with job_start. Freed with job_clear, also after a failure.
 */
bool job_bind(struct job *job, const struct config *config, const struct job_settings *settings, const struct provider *provider,
              const struct roster *roster, struct error *error) MUST_CHECK;
void job_clear(struct job *job);
/** Sets the schedule, with a jitter that jobs of the same endpoint share, so that they fall due together. */
void job_start(struct job *job, int64_t jitter_us);
/** Whether a call can serve both jobs: the same request but for the assets. */
bool job_shares_calls(const struct job *a, const struct job *b);

/**
 * Puts the positions that a slot is about into `parts` (room for place_count) and marks them under way. Returns how many;
 * `skipped` counts those left out since their call is still under way.
 */
size_t job_open_slot(struct job *job, const struct schedule_slot *slot, int64_t wall_us, struct call_part *parts,
                     size_t *skipped);
/** The calls that one slot makes when every market is open. */
size_t job_calls(const struct job *job);
/** The call for a position is over. */
void job_close(struct job *job, size_t position);
/** Nothing is under way, and no slot was begun. */
void job_forget(struct job *job);

/** Fills an entry of a state; false when no slot was begun yet. */
bool job_export(const struct job *job, struct lane_state *state, struct lane_job *entry);
/**
 * Takes an entry over: marks the open positions under way and puts them into `parts` (room for place_count); returns how many.
 * An interrupted slot of another list of assets is served anew as a whole.
 */
size_t job_import(struct job *job, const struct lane_job *entry, struct call_part *parts);

#endif
