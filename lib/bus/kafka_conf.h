/*
 * What every Kafka client of the project has in common: brokers, extra properties, log and error callbacks, client.id.
 */
#ifndef QUOTEBUS_BUS_KAFKA_CONF_H
#define QUOTEBUS_BUS_KAFKA_CONF_H

#include <librdkafka/rdkafka.h>

#include "base/config.h"
#include "base/error.h"

/** One librdkafka setting. */
struct kafka_property {
    const char *name;
    const char *value;
};

/**
 * A configuration with the common settings, then `properties` (ending with a NULL name), then the user's extra ones. Owned by
 * the caller until rd_kafka_new takes it. NULL on failure.
 */
rd_kafka_conf_t *kafka_conf_new(const struct kafka_settings *settings, const char *client_id,
                                const struct kafka_property *properties, struct error *error) MUST_CHECK;

/** Maps a librdkafka error to our codes: fenced, unreachable, retry, fatal, invalid. */
enum error_code kafka_error_code(rd_kafka_resp_err_t err);

#endif
