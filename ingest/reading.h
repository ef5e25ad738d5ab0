/*
 * What one finished call gave: its records, its health event, and its line in the log.
 *
 * A reading keeps what it needs of the call, since the planner takes the call over before the log line is written. Texts are
 * borrowed from the configuration, the fetch result and the arena.
 *
 * Pure, but for the log line. Threads: one.
 */
#ifndef QUOTEBUS_INGEST_READING_H
#define QUOTEBUS_INGEST_READING_H

#include "ingest/call.h"
#include "ingest/fetcher.h"
#include "ingest/planner.h"
#include "ingest/web_session.h"

struct reading {
    const char *provider;
    const char *endpoint;
    const char *asset; /**< the one asset of the call; NULL when it was about several */
    int64_t attempt;
    const char *request_id;
    int64_t fetched_at_us;
    double latency_ms;
    struct opt_int status; /**< unset when no whole response came */
    struct opt_long retry_after_s;
    struct parse_result parsed;
};

/** Who called, and when the answer was complete. */
struct reading_origin {
    const char *provider;
    const char *api_key; /**< NULL: none */
    const struct web_session *session;
    const struct endpoint *endpoint; /**< that was asked: the call's, or a step of the session */
    const char *request_id;
    int64_t fetched_at_us;
    bool conditional; /**< the request had validators, so that 304 says: nothing new */
};

/** Parses a response, or takes over why there is none. Records get fetch time and request id. */
void reading_take(struct reading *reading, const struct reading_origin *origin, const struct call *call,
                  const struct fetch_result *fetched, struct arena *arena);
/** The health event of the call; `settings` are those of its lane, of whose quota `quota_used` calls are used. */
struct health_event reading_health(const struct reading *reading, const struct provider_settings *settings, int64_t quota_used);
/** Writes the log line: a warning when a human should know, debug when all went well. */
void reading_log(const struct reading *reading, const struct call_verdict *verdict);

#endif
