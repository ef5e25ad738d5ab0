/*
 * The health of a provider each minute, also of one that nobody called: told by what its calls came to, since a ping would eat a
 * daily quota.
 *
 * Pure; threads: one.
 */
#ifndef QUOTEBUS_INGEST_MINUTE_H
#define QUOTEBUS_INGEST_MINUTE_H

#include "ingest/planner.h"

/** Name of the endpoint in such an event. */
#define MINUTE_ENDPOINT "minute"

/**
 * The event of a minute that ended at `at_us`. Its state is that of the last call that was not good, while there was one in the
 * minute or the circuit breaker is not closed; else ok. Texts are borrowed from the view, the provider's name, and `arena`.
 */
struct health_event minute_health(const char *provider, const struct lane_minute *minute, const struct lane_view *lane,
                                  int64_t at_us, struct arena *arena);

#endif
