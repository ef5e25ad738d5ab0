/*
 * From the records of answers and health events to records in Kafka.
 *
 *     publisher_new -> publisher_connect -> { publisher_records, publisher_health, publisher_poll }* -> publisher_flush
 *
 * Records go out with an idempotent producer and are not waited for one by one. publisher_may_fetch says when too many wait
 * for their acknowledgement, or none came for a while: no new call should be made then, so that what waits stays small and
 * nothing is fetched that might be lost. After a failure disconnect and connect again; what was not acknowledged by then is
 * fetched anew in a later slot.
 *
 * Threads: one.
 */
#ifndef QUOTEBUS_INGEST_PUBLISHER_H
#define QUOTEBUS_INGEST_PUBLISHER_H

#include "base/config.h"
#include "bus/producer.h"
#include "ingest/provider.h"

/** Records that may wait for their acknowledgement before fetching pauses. */
#define PUBLISHER_PENDING_MAX 10000
/** Fetching pauses when records wait and none was acknowledged for so long. */
#define PUBLISHER_STALL_MS 3000

struct publisher;

/** Does no input or output yet; `config` must outlive it. NULL on failure. */
struct publisher *publisher_new(const struct config *config, struct error *error) MUST_CHECK;
/** Frees without waiting for what is queued. NULL is fine. */
void publisher_free(struct publisher *publisher);

/**
 * Looks up the schema ids (kept for life), makes a producer and checks that the topics are there; takes some seconds when the
 * registry or a broker is away. ERROR_NOT_FOUND: a topic or a schema was not deployed.
 */
bool publisher_connect(struct publisher *publisher, struct error *error) MUST_CHECK;
/** Drops the producer with what is queued. */
void publisher_disconnect(struct publisher *publisher);

/**
 * Queues all records of a response, each kind to its topic; `delivery` counts them (see bus/producer.h). On failure disconnect.
 */
bool publisher_records(struct publisher *publisher, const struct parse_result *parsed, struct delivery *delivery,
                       struct error *error) MUST_CHECK;
/** Queues a health event. On failure disconnect. */
bool publisher_health(struct publisher *publisher, const struct health_event *event, struct error *error) MUST_CHECK;
/** Queues what is there of a history. On failure disconnect. */
bool publisher_coverage(struct publisher *publisher, const struct backfill_coverage *coverage, struct str key,
                        struct error *error) MUST_CHECK;
/** Serves the producer; `now_ms` is monotonic. False when it has failed for good: disconnect. */
bool publisher_poll(struct publisher *publisher, int64_t now_ms, struct error *error) MUST_CHECK;
/** Whether new calls may be made; otherwise `reason` says why not. */
bool publisher_may_fetch(const struct publisher *publisher, int64_t now_ms, char *reason, size_t reason_size);
/** Records that were not acknowledged yet. */
size_t publisher_pending(const struct publisher *publisher);
/** Waits until all records are acknowledged. */
bool publisher_flush(struct publisher *publisher, int64_t timeout_ms, struct error *error) MUST_CHECK;

#endif
