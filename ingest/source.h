/*
 * What the collector knows about a provider beside its lane: key, session, cache of responses, metrics.
 *
 * Threads: one.
 */
#ifndef QUOTEBUS_INGEST_SOURCE_H
#define QUOTEBUS_INGEST_SOURCE_H

#include "ingest/cache.h"
#include "ingest/meters.h"
#include "ingest/planner.h"
#include "ingest/web_session.h"

struct source {
    const char *api_key; /**< NULL: none */
    const struct provider *provider;
    struct web_session session;
    struct cache cache;
    struct meters meters;
};

/** One per lane of the planner, with the keys of the environment; freed with free(), the sessions with web_session_clear. */
struct source *sources_new(const struct planner *planner);
/** Says in the log what each job will do. */
void sources_say_jobs(const struct planner *planner);

#endif
