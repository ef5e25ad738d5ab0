/* Calls beside all jobs: the history of an asset. */
#include <assert.h>

#include "ingest/planner_parts.h"

/** What no job asks for has what the quota leaves. */
#define PRIORITY_OFFER 10

/** The entry of an asset that a lane may be asked about, or NULL. */
static const struct roster_entry *callable(const struct planner *planner, size_t lane, const char *asset)
{
    assert(lane < planner->lane_count);
    const struct lane *at = &planner->lanes[lane];
    const struct roster_entry *entry = at->on ? roster_find(&at->roster, asset) : NULL;
    return entry && !entry->inactive ? entry : NULL;
}

const struct request_asset *planner_asset(const struct planner *planner, size_t lane, const char *asset)
{
    const struct roster_entry *entry = callable(planner, lane, asset);
    return entry ? &entry->asset : NULL;
}

bool planner_offer(struct planner *planner, size_t lane, const struct call_offer *offer, const struct moment *now)
{
    const struct roster_entry *entry = callable(planner, lane, offer->asset);
    if (!entry)
        return false;
    struct call *call = call_new(offer->endpoint, lane, 1);
    call->assets[0] = entry->asset;
    call->from_us = SOME_LONG(offer->from_us);
    call->to_us = SOME_LONG(offer->to_us);
    call->priority = PRIORITY_OFFER;
    call->not_before_ms = now->mono_ms;
    call->era = planner->lanes[lane].era;
    call_queue_push(&planner->lanes[lane].queue, call);
    return true;
}
