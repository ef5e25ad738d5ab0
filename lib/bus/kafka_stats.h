/*
 * What librdkafka tells about a client, as metrics.
 *
 * Every KAFKA_STATS_INTERVAL a client hands its statistics over (a JSON text, see STATISTICS.md of librdkafka); the figures that
 * tell a slow broker from a slow stage become metrics with the label `client`: bytes and requests each way, requests that
 * failed or timed out, messages that wait, the slowest broker's round trip. Counters begin anew with a new client.
 */
#ifndef QUOTEBUS_BUS_KAFKA_STATS_H
#define QUOTEBUS_BUS_KAFKA_STATS_H

#include <librdkafka/rdkafka.h>

#include "base/bytes.h"

/** Milliseconds, as a setting of librdkafka. */
#define KAFKA_STATS_INTERVAL "10000"

/** The figures of one client. */
struct kafka_stats {
    double sent_bytes;
    double received_bytes;
    double requests;
    double failed_requests;    /**< not sent or not answered */
    double timed_out_requests; /**< sent and given up */
    double queued_messages;    /**< of a producer: not acknowledged yet */
    double round_trip_s;       /**< 99th percentile of the slowest broker; 0: not measured */
};

/** Reads a statistics text; what is not in it is 0. False when it is no JSON object. Pure. Threads: any. */
bool kafka_stats_read(struct str json, struct kafka_stats *stats);
/** librdkafka's statistics callback of all clients. Runs within the client's poll. */
int kafka_stats_take(rd_kafka_t *rk, char *json, size_t json_len, void *opaque);

#endif
