/*
 * Which lanes are ours, and the records that say what was called: the group and the transactions over ingest.ledger.
 *
 * The instances of a group share the partitions of the ledger, and the owner of a partition owns the lanes whose key lies in it.
 * A partition that comes is read to its end before anything is called for it. What is recorded is committed together with the
 * group's offsets: an instance that the group goes on without, however late it wakes, cannot commit a record, and makes no call
 * then. Between commit and call it asks ownership_is_fresh, since it may be stopped there, too.
 *
 * While the group is shared out anew, for some milliseconds the broker takes offsets of no member: then a commit comes later.
 * A session ends with any other failure; ownership_connect begins a new one from what is committed. While no broker answers,
 * ownership_turn succeeds and ownership_ready is false: nothing should be called, since it could not be recorded.
 *
 * Failpoints: ingest.after_begin, ingest.after_record (each), ingest.after_offsets, ingest.before_commit, ingest.after_commit.
 * Threads: one.
 */
#ifndef QUOTEBUS_INGEST_OWNERSHIP_H
#define QUOTEBUS_INGEST_OWNERSHIP_H

#include "base/config.h"
#include "quotebus_records.h"

struct ownership;

/** What the owner does at a rebalance. Called from ownership_turn and ownership_leave. */
struct ownership_events {
    void *ctx;
    /** The last record of a lane in a partition that comes; borrowed for the call. */
    void (*restored)(void *ctx, const struct ledger_entry *entry);
    /** The partition is ours now; its records were told before. */
    void (*gained)(void *ctx, int32_t partition);
    /**
     * Partitions go. Unless they are `lost`, records can still be committed: let calls end and write the last state. False ends
     * the session.
     */
    bool (*leaving)(void *ctx, const int32_t *partitions, size_t count, bool lost, struct error *error);
};

/** Does no input or output yet. `config` and `events` are borrowed. NULL on failure. */
struct ownership *ownership_new(const struct config *config, const struct ownership_events *events,
                                struct error *error) MUST_CHECK;
/** NULL is fine. */
void ownership_free(struct ownership *ownership);

/**
 * Begins a session: schema, number of partitions, producer (fences an older one of the same instance), consumer. Takes up to 30 s
 * when a broker is away. ERROR_NOT_FOUND: topic or schema was not deployed.
 */
bool ownership_connect(struct ownership *ownership, struct error *error) MUST_CHECK;
/** Leaves the group: `leaving` is called for what is still owned, while records can be committed. For a graceful stop. */
void ownership_leave(struct ownership *ownership);
/** Ends the session at once, without a callback; what it left open is aborted. */
void ownership_disconnect(struct ownership *ownership);

/** Serves the group without waiting for records; a rebalance may take some seconds. False when the session is over. */
bool ownership_turn(struct ownership *ownership, struct error *error) MUST_CHECK;
/** Whether calls can be recorded: a broker answers and partitions are ours. Otherwise `reason` says why not. */
bool ownership_ready(const struct ownership *ownership, char *reason, size_t reason_size);
/** The partition of a lane; needs a session. */
int32_t ownership_partition(const struct ownership *ownership, const char *lane);

/** Begins a group of records. */
bool ownership_begin(struct ownership *ownership, struct error *error) MUST_CHECK;
/** Adds the record of a lane. */
bool ownership_put(struct ownership *ownership, const struct ledger_entry *entry, struct error *error) MUST_CHECK;
enum commit_result {
    COMMIT_DONE,
    COMMIT_LATER,  /**< the group is sharing out anew: nothing was recorded; put the records again after a while */
    COMMIT_FAILED, /**< the session is over */
};
/** Commits them, unless the group goes on without us (ERROR_FENCED). */
enum commit_result ownership_commit(struct ownership *ownership, struct error *error) MUST_CHECK;
/**
 * Whether so little time has passed since the last commit began that nobody else can own our partitions yet: half of the session
 * timeout. `now_ms` is monotonic.
 */
bool ownership_is_fresh(const struct ownership *ownership, int64_t now_ms);

#endif
