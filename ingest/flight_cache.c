#include "ingest/flight_cache.h"

#include "base/clock.h"
#include "ingest/job.h"

/** The job whose slot a call serves; NULL for none. */
static const struct job_settings *job_of(const struct call *call)
{
    return call->part_count > 0 && call->parts[0].job != NULL ? call->parts[0].job->settings : NULL;
}

bool flight_ask_cache(struct flight *flight, const struct cache *cache, const char *base_url, int64_t now_us, struct buf *headers)
{
    const struct call *call = flight->call;
    const struct job_settings *job = job_of(call);
    if (flight->endpoint != call->endpoint || call->endpoint->needs_session || call->from_us.set ||
        call->endpoint->kind == ENDPOINT_HEALTH) {
        return false;
    }
    cache_key(call, base_url, flight->cache_key);
    /* What goes stale a moment after the slot is not worth waiting a whole slot for. */
    int64_t slack_us = job != NULL ? job->every_s * US_PER_S / 10 : 0;
    if (cache_is_fresh(cache, flight->cache_key, now_us, slack_us)) {
        return true;
    }
    flight->conditional = cache_add_headers(cache, flight->cache_key, headers);
    return false;
}

void flight_note_answer(struct flight *flight, const struct cache *cache, const struct reading *reading,
                        const struct fetch_result *fetched)
{
    const struct job_settings *job = job_of(flight->call);
    if (flight->cache_key[0] != '\0' && fetched->complete && reading->parsed.outcome == OUTCOME_OK) {
        bool unmodified = flight->conditional && fetched->response.status == 304;
        cache_note(fetched->head, flight->cache_key, reading->fetched_at_us, job != NULL ? job->ttl_s : 0,
                   unmodified ? cache_find(cache, flight->cache_key) : NULL, &flight->answer);
    }
}
