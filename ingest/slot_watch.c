#include "ingest/slot_watch.h"

#include <stdlib.h>
#include <string.h>

/** The job's entry, made when there is none; *made says so. */
static struct slot_seen *find(struct slot_watch *watch, struct str job, bool *made)
{
    *made = false;
    for (size_t i = 0; i < watch->count; i++) {
        if (str_is(job, watch->items[i].job)) {
            return &watch->items[i];
        }
    }
    *made = true;
    watch->items = xrealloc(watch->items, (watch->count + 1) * sizeof *watch->items);
    struct slot_seen *seen = &watch->items[watch->count++];
    *seen = (struct slot_seen){.job = xcalloc(1, job.len + 1)};
    memcpy(seen->job, job.ptr, job.len);
    return seen;
}

struct slot_gap slot_watch_note(struct slot_watch *watch, struct str job, int64_t slot_us, int64_t every_us)
{
    bool made;
    struct slot_gap gap = {0};
    struct slot_seen *seen = find(watch, job, &made);
    int64_t passed = !made && every_us > 0 && slot_us > seen->slot_us ? (slot_us - seen->slot_us) / every_us - 1 : 0;
    if (passed > 0) {
        gap = (struct slot_gap){seen->slot_us + every_us, slot_us - every_us, passed};
    }
    seen->slot_us = slot_us;
    return gap;
}

void slot_watch_clear(struct slot_watch *watch)
{
    for (size_t i = 0; i < watch->count; i++) {
        free(watch->items[i].job);
    }
    free(watch->items);
    memset(watch, 0, sizeof *watch);
}
