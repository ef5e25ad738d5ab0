/*
 * Where planner, bookkeeper, fetcher and publisher meet: due calls are recorded and go out, responses become quotes, quotes and
 * health events are published, and when they are acknowledged the call is over.
 *
 * A session (collector_connect) that fails is thrown away with its calls; the next one goes on from what the ledger says.
 *
 * Threads: one, the main loop.
 */
#ifndef QUOTEBUS_INGEST_COLLECTOR_H
#define QUOTEBUS_INGEST_COLLECTOR_H

#include "base/config.h"

struct collector;

/** Binds jobs and providers; reads API keys from the environment. `config` must outlive it. NULL on failure (ERROR_USAGE: in the
 * file). */
struct collector *collector_new(const struct config *config, struct error *error) MUST_CHECK;
void collector_free(struct collector *collector);

/**
 * Goes on with the assets, jobs and limits of another configuration without missing a slot of what stays. False, and nothing has
 * changed, when it cannot be used (ERROR_USAGE). Both configurations must outlive the collector.
 */
bool collector_reload(struct collector *collector, const struct config *config, struct error *error) MUST_CHECK;

/** Connects to registry and broker; see publisher_connect. */
bool collector_connect(struct collector *collector, struct error *error) MUST_CHECK;
/** Drops the connection with what was not acknowledged, and the calls under way: the ledger knows that they did not end. */
void collector_disconnect(struct collector *collector);
/** One turn of the main loop, up to a quarter of a second. False when the connection has to be made anew. */
bool collector_turn(struct collector *collector, struct error *error) MUST_CHECK;
/**
 * Starts nothing new, lets what is in flight end within `drain_ms`, records it, and gives the providers back. What could not end
 * is given up, recorded as such and made again by the next owner. Says so in the log.
 */
void collector_finish(struct collector *collector, int64_t drain_ms);

#endif
