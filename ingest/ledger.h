/*
 * What the topic ingest.ledger says about a lane: the planner's state of it, and the calls that were begun and have not ended.
 *
 *     ledger_begin(&lane, call, slots, n, request_id, now_us);      // before the call is made
 *     ledger_write(&lane, &state, "0", now_us, &arena, &entry);     // -> one record, committed; then the request leaves
 *     ledger_end(&lane, request_id);                                // its records are acknowledged, or it failed
 *
 * The next owner takes the last record over with ledger_read. A call in it that has not ended was interrupted: the planner makes
 * its assets' call again, which ledger_begin then marks as a repetition. One that was a repetition already is given back, to be
 * left out: what kills its owner twice is not tried a third time.
 *
 * Pure; threads: one.
 */
#ifndef QUOTEBUS_INGEST_LEDGER_H
#define QUOTEBUS_INGEST_LEDGER_H

#include "ingest/call.h"
#include "ingest/lane_state.h"
#include "ingest/planner.h"
#include "ingest/stamp.h"

/** Most slots of a call that are recorded. */
#define LEDGER_SLOTS_MAX 8
/** Most interrupted calls that are remembered; of more the oldest are forgotten, and repeated without being marked so. */
#define LEDGER_INTERRUPTED_MAX 256

/** A call that was begun. */
struct ledger_open {
    struct ledger_call call; /* arrays are its own; texts are borrowed, but for the id */
    char request_id[REQUEST_ID_SIZE];
};

/** The calls of one lane. Zero-initialised is empty and valid. */
struct ledger_lane {
    struct ledger_open **open;
    size_t count;
    size_t cap;
    struct arena memory; /* texts of calls that were taken over */
};

/** Forgets all calls and frees the memory. */
void ledger_clear(struct ledger_lane *lane);

/**
 * Notes a call that is about to be made; its texts must live until ledger_end. Returns whether it repeats one that was
 * interrupted.
 */
bool ledger_begin(struct ledger_lane *lane, const struct call *call, const struct call_slot *slots, size_t slot_count,
                  const char *request_id, int64_t now_us);
/** Notes the end of a call; an unknown id is fine. */
void ledger_end(struct ledger_lane *lane, const char *request_id);

/**
 * Makes the record of a lane. Texts and arrays are borrowed from `state`, the lane and `arena`. Interrupted calls of slots that
 * are over are forgotten.
 */
void ledger_write(struct ledger_lane *lane, const struct lane_state *state, const char *instance, int64_t now_us,
                  struct arena *arena, struct ledger_entry *entry);
/**
 * Takes a record over: fills `state` (cleared first; owns its texts) and the calls of `lane`, which loses those it had. Calls
 * that must not be made a third time are listed in *left_out (borrowed from the entry; room in `arena`); returns their number.
 */
size_t ledger_read(struct ledger_lane *lane, const struct ledger_entry *entry, struct lane_state *state, struct arena *arena,
                   const struct ledger_call ***left_out);

/** Takes a place off the open ones of a job of a state: the asset there is left out of the slot. */
void ledger_leave_out(struct lane_state *state, struct lane_job *job, int64_t place);

#endif
