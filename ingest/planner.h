/*
 * Which call goes out when: the jobs' slots, the providers' limits, retries, and questions about missing assets.
 *
 *     planner_tick(planner, &now);                              // calls of slots that began
 *     while ((call = planner_next(planner, &now)) != NULL) ...  // calls that may go out now
 *     planner_done(planner, call, &result, &now, &verdict);     // what became of one
 *
 * Each provider that a job uses has a lane: its quota, its queue, its roster of assets. What waits is bounded by construction: a
 * batch of a job is under way at most once, and so is a question about an asset. Time and randomness are arguments, so a test
 * can run days in milliseconds.
 *
 * Of calls whose time has come the one of the highest priority goes first; jobs of one endpoint that fall due together share
 * calls. A call of low priority leaves alone what jobs above it will need of the quota. A batch that a provider refuses for an
 * unknown symbol is halved until the symbol is found, which is then left out for a day.
 *
 * Pure; threads: one.
 */
#ifndef QUOTEBUS_INGEST_PLANNER_H
#define QUOTEBUS_INGEST_PLANNER_H

#include "base/config.h"
#include "ingest/breaker.h"
#include "ingest/call.h"
#include "ingest/lane_state.h"
#include "ingest/moment.h"

/** Longest pause that a provider can ask for with Retry-After. */
#define PLANNER_PAUSE_MAX_S INT64_C(86400)

struct planner;

/** What a call came to. */
struct call_result {
    enum outcome outcome;
    struct opt_long retry_after_s;
    const struct request_asset *const *missing; /**< assets of the call that a good answer did not hold */
    size_t missing_count;
    bool again; /**< the request only prepared for the call: it goes out again at once, and that is no attempt more */
};

/** What the planner made of it, for logs. */
struct call_verdict {
    struct opt_long retry_in_ms; /**< set: the call is queued again */
    const char *fallback;        /**< endpoint that is asked from now on, or NULL */
    bool gave_up;                /**< it failed, and no attempt is left */
    struct opt_long pause_ms;    /**< set: the provider gets no call for so long */
    const char *retired;         /**< asset that is inactive from now on, or NULL; borrowed from the configuration */
    const char *unknown;         /**< asset whose symbol is left out for a day from now on, or NULL; borrowed likewise */
    size_t questions;            /**< missing assets that are asked about by themselves now */
    bool halved;                 /**< the provider did not know one of the symbols: both halves are asked about */
    struct opt_double share;     /**< set: the share of the provider's rate was cut to this */
    bool breaker_opened;
    bool breaker_closed;
};

/** What a lane did in a minute. */
struct lane_minute {
    int64_t calls; /**< that ended */
    int64_t good;
    int64_t limited;
    int64_t failed;
    enum outcome last; /**< of the last call; OUTCOME_OK before the first */
    enum outcome
        last_failure; /**< of the last that was not good, kept while the breaker is not closed; OUTCOME_OK: there was none */
};

/** How a lane stands. */
struct lane_view {
    const char *name;                         /**< of the lane: `yahoo`, `yahoo#3` */
    const struct provider_settings *settings; /**< limits are those of the lane */
    bool on;
    size_t queued;
    int64_t in_flight;
    int64_t quota_used; /**< calls in the latest reset period */
    int64_t month_used; /**< calls in the calendar month */
    size_t inactive;    /**< assets that were delisted at this provider */
    size_t unknown;     /**< assets whose symbol the provider did not know, left out for a day */
    double share;       /**< of the configured rate that is used, (0, 1] */
    enum breaker_state breaker;
    int64_t paused_ms; /**< no call for so long, by "too many" or Retry-After; 0: not paused */
    int64_t skipped;   /**< calls of slots that were left out so far, since those of the slot before were under way */
    int64_t waited_ms; /**< how long the next call has waited beyond its time; 0: not at all */
    bool saving;       /**< the next call waits since jobs of a higher priority need the quota that is left */
};

/** What a job does in one lane, for people. */
struct job_view {
    const struct job_settings *settings;
    size_t lane;
    int64_t priority;
    size_t assets;
    size_t calls; /**< per slot, when every market is open */
};

/**
 * Binds all jobs of enabled providers. `config` must outlive the planner. `seed` drives jitter and backoff. NULL with ERROR_USAGE
 * when a job names a provider or an endpoint that does not exist.
 */
struct planner *planner_new(const struct config *config, uint64_t seed, struct error *error) MUST_CHECK;
/** Frees the queued calls, too; those that were handed out belong to the caller. */
void planner_free(struct planner *planner);

/**
 * Another configuration under a running planner: lanes, quotas, queues and calls in flight go on, jobs keep their slots, new jobs
 * and assets begin. Lanes keep their numbers; one that is gone stays and has nothing to do. False with ERROR_USAGE when the new
 * configuration cannot be planned or has a lane that is not there yet: then nothing has changed. The old configuration must
 * outlive the calls that are in flight.
 */
bool planner_reload(struct planner *planner, const struct config *config, const struct moment *now,
                    struct error *error) MUST_CHECK;

/** Queues the calls of slots that began. Returns how many calls were left out since that of the slot before is under way. */
size_t planner_tick(struct planner *planner, const struct moment *now);
/**
 * A call that may go out now, or NULL. It is counted in the provider's quota and as in flight until planner_done; the caller
 * owns it until then.
 */
struct call *planner_next(struct planner *planner, const struct moment *now);
/** Takes back a call with its result: queues it again, or frees it. */
void planner_done(struct planner *planner, struct call *call, const struct call_result *result, const struct moment *now,
                  struct call_verdict *verdict);
/** Milliseconds until planner_tick or planner_next may have something new to do; a result may come earlier. */
int64_t planner_wait_ms(const struct planner *planner, const struct moment *now);

/** A call beside all jobs: the days of one asset. */
struct call_offer {
    const char *asset;
    const struct endpoint *endpoint;
    int64_t from_us; /**< range as in request_spec */
    int64_t to_us;
};

/** An asset that a lane may be asked about, as the lane knows it; NULL: it may not, or the lane is off. */
const struct request_asset *planner_asset(const struct planner *planner, size_t lane, const char *asset);
/**
 * Queues a call that no job asks for; it counts in the quota and is retried as any. False when the lane is off or the asset is
 * not one of its: then nothing was queued.
 */
bool planner_offer(struct planner *planner, size_t lane, const struct call_offer *offer, const struct moment *now);

/** A slot of a job that a call serves. */
struct call_slot {
    const char *job; /**< borrowed from the configuration */
    int64_t slot_us; /**< begin of the slot, wall clock, without jitter */
};

/**
 * The slots that a call serves, the first `max` of them; returns how many there are. A question about a missing asset serves
 * none. For logs and records: the state of the lane (planner_export) has it all.
 */
size_t planner_call_slots(const struct planner *planner, const struct call *call, struct call_slot *slots, size_t max);
/** Takes back a call that planner_next gave and that was not made: it is not counted, and comes again. */
void planner_put_back(struct planner *planner, struct call *call, const struct moment *now);

/*
 * Ownership of lanes. A new planner has all lanes on. Whoever shares the work switches all off, and when a lane becomes his:
 *
 *     planner_import(planner, lane, &state, &now); planner_switch(planner, lane, true);
 *
 * Before a call is made, planner_export after planner_next gives the state that counts it (as in flight): once that is recorded,
 * a crash can waste the call, but the next owner never exceeds a quota.
 */

/** A lane that is off has nothing queued and gives no call; switching off forgets its state but for calls in flight. */
void planner_switch(struct planner *planner, size_t lane, bool on);
/** Fills `state` (cleared first) with all that the next owner must know. Validators are left empty. */
void planner_export(const struct planner *planner, size_t lane, const struct moment *now, struct lane_state *state);
/** Replaces the state of a lane that is off. What the configuration no longer knows is left out. */
void planner_import(struct planner *planner, size_t lane, const struct lane_state *state, const struct moment *now);
/** The place of an asset in the list of a job, which ranges of a state are about; -1: it is not in it. */
int64_t planner_place(const struct planner *planner, size_t lane, struct str job, struct str asset);
/** Name of a lane: that of its provider, with `#N` for a shard. */
const char *planner_lane_name(const struct planner *planner, size_t lane);

/**
 * True once a minute per lane that is on: fills what it did in the minute before, for its health. A lane that made no call has a
 * minute, too.
 */
bool planner_minute(struct planner *planner, size_t lane, const struct moment *now, struct lane_minute *minute);

/** The provider of a lane. */
const struct provider *planner_provider(const struct planner *planner, size_t lane);
/** Number of lanes; call.lane is below it. */
size_t planner_lanes(const struct planner *planner);
/** The settings of a lane, limits being its own. */
const struct provider_settings *planner_settings(const struct planner *planner, size_t lane);
/** Calls that count in the quota of a lane: lane_view.quota_used alone, for each call. */
int64_t planner_quota_used(const struct planner *planner, size_t lane, const struct moment *now);
/** How a lane stands. Goes over all its assets, so it is for what is shown now and then, and not for each call. */
void planner_view(const struct planner *planner, size_t lane, const struct moment *now, struct lane_view *view);
/** Number of jobs that run. */
size_t planner_jobs(const struct planner *planner);
void planner_job_view(const struct planner *planner, size_t job, struct job_view *view);

#endif
