/*
 * A Kafka cluster within the test: librdkafka's mock broker. It stores batches as they come, keeps at most 5 MiB per partition,
 * knows groups and transactions, but writes no markers and aborts nothing.
 */
#ifndef QUOTEBUS_TESTS_MOCK_KAFKA_H
#define QUOTEBUS_TESTS_MOCK_KAFKA_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

#include "base/clock.h"
#include "base/config.h"
#include "base/log.h"
#include "bus/producer.h"

#define MOCK_TOPIC "quotes.raw"

struct mock_kafka {
    rd_kafka_t *owner; /* the mock lives within a client of its own */
    rd_kafka_mock_cluster_t *cluster;
    struct kafka_settings settings; /* to connect to it */
};

/** Begins a cluster of one broker with MOCK_TOPIC of `partitions`. */
static inline struct mock_kafka mock_kafka_new(int partitions)
{
    struct mock_kafka mock = {0};
    struct error error = {0};
    assert_true(log_configure(LOG_FORMAT_LOGFMT, "off", NULL, 0, &error));
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    assert_int_equal(rd_kafka_conf_set(conf, "log_level", "0", NULL, 0), RD_KAFKA_CONF_OK);
    mock.owner = rd_kafka_new(RD_KAFKA_PRODUCER, conf, NULL, 0);
    assert_non_null(mock.owner);
    mock.cluster = rd_kafka_mock_cluster_new(mock.owner, 1);
    assert_non_null(mock.cluster);
    assert_int_equal(rd_kafka_mock_topic_create(mock.cluster, MOCK_TOPIC, partitions, 1), 0);
    mock.settings =
        (struct kafka_settings){.brokers = strdup(rd_kafka_mock_cluster_bootstraps(mock.cluster)), .topic_prefix = ""};
    return mock;
}

static inline void mock_kafka_free(struct mock_kafka *mock)
{
    rd_kafka_mock_cluster_destroy(mock->cluster);
    rd_kafka_destroy(mock->owner);
    free(mock->settings.brokers);
}

/** A producer, transactional with an id. */
static inline struct producer *mock_producer(const struct mock_kafka *mock, const char *transactional_id)
{
    struct error error = {0};
    const struct producer_options options = {.client_id = "test",
                                             .transactional_id = transactional_id,
                                             .transaction_timeout_ms = 5000,
                                             .linger_ms = 0,
                                             .max_queued_bytes = 8 << 20};
    struct producer *producer = producer_new(&mock->settings, &options, &error);
    if (!producer)
        fail_msg("%s", error.message);
    return producer;
}

/** Sends `count` records of `size` bytes to one partition of a topic and waits for them. */
static inline void mock_fill_topic(const struct mock_kafka *mock, const char *topic, int32_t partition, int count, size_t size)
{
    struct error error = {0};
    struct producer *producer = mock_producer(mock, NULL);
    char *value = calloc(1, size + 1);
    for (size_t i = 0; i < size; i++)
        value[i] = (char)rand(); /* does not compress */
    for (int i = 0; i < count; i++) {
        const struct outgoing record = {.topic = topic,
                                        .partition = partition,
                                        .key = STR("key"),
                                        .value = {.ptr = value, .len = size},
                                        .timestamp_ms = 1000 + i};
        if (!producer_send(producer, &record, 5000, &error))
            fail_msg("%s", error.message);
    }
    if (!producer_flush(producer, 10000, &error))
        fail_msg("%s", error.message);
    producer_free(producer);
    free(value);
}

/** The same with MOCK_TOPIC. */
static inline void mock_fill(const struct mock_kafka *mock, int32_t partition, int count, size_t size)
{
    mock_fill_topic(mock, MOCK_TOPIC, partition, count, size);
}

#endif
