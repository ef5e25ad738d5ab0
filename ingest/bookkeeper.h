/*
 * The books of the lanes that are ours: what planner and ledger know of each, and when it has to be recorded.
 *
 *     bookkeeper_begin(keeper, call, request_id, &now);   // for each call that is due
 *     bookkeeper_commit(keeper, &now, &error);            // one transaction for all of them; then the requests leave
 *     bookkeeper_end(keeper, call, request_id, now_ms);   // before planner_done takes the call over
 *
 * Lanes come and go with the partitions of the ledger (ownership.h): a lane that comes goes on with what its last owner recorded,
 * one that goes is recorded a last time. A lane that is not ours is off in the planner.
 *
 * Threads: one.
 */
#ifndef QUOTEBUS_INGEST_BOOKKEEPER_H
#define QUOTEBUS_INGEST_BOOKKEEPER_H

#include "ingest/cache.h"
#include "ingest/ownership.h"
#include "ingest/planner.h"

struct bookkeeper;
/** Gives the cache of a lane, whose entries are recorded with it and taken over from the last owner. */
typedef struct cache *(*lane_cache_fn)(void *ctx, size_t lane);

/** Ends the calls of a lane that goes, within a bound of its own: after it none is under way. `lost`: nothing can be recorded. */
typedef void (*lane_closer_fn)(void *ctx, size_t lane, bool lost);

/** Switches all lanes off. `config` and `planner` are borrowed. NULL on failure. */
struct bookkeeper *bookkeeper_new(const struct config *config, struct planner *planner, lane_closer_fn close_lane, void *ctx,
                                  struct error *error) MUST_CHECK;
/** Where the caches of the lanes are; without it none are recorded. */
void bookkeeper_use_caches(struct bookkeeper *keeper, lane_cache_fn cache_of, void *ctx);
/** NULL is fine. */
void bookkeeper_free(struct bookkeeper *keeper);

/** Begins a session; see ownership_connect. */
bool bookkeeper_connect(struct bookkeeper *keeper, struct error *error) MUST_CHECK;
/** Gives all lanes back with their last state, and leaves the group. For a graceful stop, with no call under way. */
void bookkeeper_leave(struct bookkeeper *keeper);
/** Ends the session at once and forgets all lanes. */
void bookkeeper_disconnect(struct bookkeeper *keeper);

/** Serves the group; lanes may come and go. False when the session is over. */
bool bookkeeper_turn(struct bookkeeper *keeper, struct error *error) MUST_CHECK;
/** Whether calls can be recorded; see ownership_ready. */
bool bookkeeper_ready(const struct bookkeeper *keeper, char *reason, size_t reason_size);

/** Notes a call that is about to be made. */
void bookkeeper_begin(struct bookkeeper *keeper, const struct call *call, const char *request_id, const struct moment *now);
/** Notes that a call has ended. To be recorded within BOOKKEEPER_SETTLE_MS. */
void bookkeeper_end(struct bookkeeper *keeper, const struct call *call, const char *request_id, int64_t now_ms);
/** Milliseconds until what has changed must be recorded; -1: nothing has. */
int64_t bookkeeper_wait_ms(const struct bookkeeper *keeper, int64_t now_ms);
/**
 * Records all lanes that changed, in one transaction. COMMIT_LATER: what was begun may not be called yet; bookkeeper_wait_ms says
 * when to try again. COMMIT_FAILED: the session is over, and nothing that was begun may be called.
 */
enum commit_result bookkeeper_commit(struct bookkeeper *keeper, const struct moment *now, struct error *error) MUST_CHECK;
/** Whether a call of the last commit may still leave. */
bool bookkeeper_is_fresh(const struct bookkeeper *keeper, int64_t now_ms);

/** Longest that the end of a call waits for others to be recorded with it. */
#define BOOKKEEPER_SETTLE_MS 100

#endif
