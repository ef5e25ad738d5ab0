/*
 * Which slots of a lane's jobs were passed over: they began while the lane had no owner, or its calls waited for the quota.
 *
 * A job catches up at most once, so of several slots that begin together only the newest is served. Pure; threads: one.
 */
#ifndef QUOTEBUS_INGEST_SLOT_WATCH_H
#define QUOTEBUS_INGEST_SLOT_WATCH_H

#include "base/bytes.h"

/** Zero-initialised is empty and valid. */
struct slot_watch {
    struct slot_seen {
        char *job;
        int64_t slot_us;
    } * items;
    size_t count;
};

/** Slots that were passed over. */
struct slot_gap {
    int64_t from_us; /**< begin of the first */
    int64_t to_us;   /**< begin of the last */
    int64_t slots;   /**< 0: none */
};

/** Notes the newest slot of a job; returns those between it and the one before. The first slot of a job has no gap. */
struct slot_gap slot_watch_note(struct slot_watch *watch, struct str job, int64_t slot_us, int64_t every_us);
/** Forgets all jobs. */
void slot_watch_clear(struct slot_watch *watch);

#endif
