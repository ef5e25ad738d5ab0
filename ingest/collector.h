/*
 * Where planner, fetcher and publisher meet: due calls go out, responses become quotes, quotes and health events are published.
 *
 * The planner and the transfers live as long as the collector; the connection to Kafka is made anew after a failure
 * (collector_connect), without forgetting quotas, queues or schema ids.
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

/** Connects to registry and broker; see publisher_connect. */
bool collector_connect(struct collector *collector, struct error *error) MUST_CHECK;
/** Drops the connection with what was not acknowledged; requests under way go on. */
void collector_disconnect(struct collector *collector);
/** One turn of the main loop, up to a quarter of a second. False when the connection has to be made anew. */
bool collector_turn(struct collector *collector, struct error *error) MUST_CHECK;
/**
 * Starts nothing new, lets what is in flight finish within `drain_ms`, and waits up to `flush_ms` for the broker. Says in the log
 * what could not be finished.
 */
void collector_finish(struct collector *collector, int64_t drain_ms, int64_t flush_ms);

#endif
