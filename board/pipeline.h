/*
 * How the stages do: a thread asks each one's endpoints every PIPELINE_EVERY_S and keeps the answer as JSON, so that any number
 * of pages costs the stages nothing.
 *
 * Threads: any may write; start and stop from the main thread.
 */
#ifndef QUOTEBUS_BOARD_PIPELINE_H
#define QUOTEBUS_BOARD_PIPELINE_H

#include "base/bytes.h"
#include "base/config.h"

#define PIPELINE_EVERY_S 3

struct pipeline;

struct pipeline *pipeline_start(const struct config *config, struct error *error) MUST_CHECK;
/** NULL is fine. */
void pipeline_stop(struct pipeline *pipeline);
/** Appends the newest sample: [{"stage", "state", "reason", "lag", "records_per_s", "latency_p50_s", "latency_p99_s"}]. */
void pipeline_write(struct pipeline *pipeline, struct buf *out);

#endif
