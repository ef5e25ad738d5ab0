/*
 * A job of the configuration, bound to the code and the assets it names.
 *
 * Binding checks everything that can be wrong about a job before the first call: provider, endpoint, and that each symbol makes a
 * request. A slot of a job is worked off in batches; a batch that is still under way when the next slot begins is left out of
 * that slot, so that a slow provider cannot pile up calls.
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
    size_t lane;                     /**< number of its provider in the planner */
    struct roster_entry **assets;    /**< in the order of the configuration */
    size_t asset_count;
    bool *under_way; /**< per batch: its call is queued, in flight or waits for a retry */
    size_t batch_count;
    struct schedule schedule;
};

/** The provider that a job names. NULL with ERROR_USAGE when there is no code for it. */
const struct provider *job_provider(const struct config *config, const struct job_settings *settings,
                                    struct error *error) MUST_CHECK;

/**
 * Fills `job` for the endpoint it names of `provider`; ERROR_USAGE (`file:line: jobs.NAME.endpoint: ...`) when there is none such
 * or a symbol makes no request. `seed` sets the jitter of its slots. Freed with job_clear, also after a failure.
 */
bool job_bind(struct job *job, const struct config *config, const struct job_settings *settings, const struct provider *provider,
              const struct roster *roster, uint64_t seed, struct error *error) MUST_CHECK;
void job_clear(struct job *job);

/**
 * Makes the calls of a slot: the active assets, as many to a call as the endpoint takes. Puts them into `queue`, due at `now_ms`.
 * Returns how many calls were left out since the one before is still under way.
 */
size_t job_queue_slot(struct job *job, struct call_queue *queue, int64_t now_ms);
/** Says that the call of a batch is over. */
void job_batch_over(struct job *job, size_t batch);

#endif
