/*
 * What every Kafka client of the project has in common: brokers, extra properties, log and error callbacks, client.id.
 *
 * librdkafka's own log lines go to base/log.h under the component `kafka`. Trouble with the connection is said at most once per
 * KAFKA_QUIET_MS, since a client reports it on every attempt while a broker is away. Queues are kept small: a stage takes some
 * 20 MB, and some 50 MB while it catches up. Threads: any.
 */
#ifndef QUOTEBUS_BUS_KAFKA_CONF_H
#define QUOTEBUS_BUS_KAFKA_CONF_H

#include <librdkafka/rdkafka.h>

#include "base/config.h"
#include "base/error.h"

/** Least pause between two log lines about the same lasting trouble. */
#define KAFKA_QUIET_MS 10000
/** Largest record that clients send; wider than the broker's 1 MiB, so that a record of that size still fits as a dead letter. */
#define KAFKA_RECORD_MAX_BYTES 2097152

/** One librdkafka setting. */
struct kafka_property {
    const char *name;
    const char *value;
};

/**
 * A configuration with the common settings, then `properties` (ending with a NULL name), then the user's extra ones, so that the
 * user has the last word. Owned by the caller until rd_kafka_new takes it. NULL on failure (ERROR_USAGE: a setting is refused).
 */
rd_kafka_conf_t *kafka_conf_new(const struct kafka_settings *settings, const char *client_id,
                                const struct kafka_property *properties, struct error *error) MUST_CHECK;

/** Makes the client; `conf` is taken over in any case. NULL on failure. */
rd_kafka_t *kafka_client_new(rd_kafka_type_t type, rd_kafka_conf_t *conf, struct error *error) MUST_CHECK;

/**
 * Maps a librdkafka error to our codes: ERROR_FENCED, ERROR_UNREACHABLE, ERROR_NOT_FOUND, ERROR_INVALID, ERROR_LIMIT,
 * ERROR_FATAL (only what no waiting mends), ERROR_RETRY for all else: a fatal error of a producer is one too, since a new
 * producer mends it.
 */
enum error_code kafka_error_code(rd_kafka_resp_err_t err);

/** Fills `error` with the mapped code and "WHAT: librdkafka's words". Returns false. */
bool kafka_error_set(struct error *error, rd_kafka_resp_err_t err, const char *what_fmt, ...) PRINTF_LIKE(3, 4);

/** librdkafka's error callback of all clients that have none of their own: logs. `opaque` is not looked at. */
void kafka_log_client_error(rd_kafka_t *rk, int err, const char *reason, void *opaque);

/** True at most once per KAFKA_QUIET_MS for each `next_ms` (starts as 0): whether to write a line about a lasting trouble. */
bool kafka_log_due(_Atomic int64_t *next_ms);

#endif
