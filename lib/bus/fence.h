/*
 * What keeps an instance that was thrown out of its group from committing anything: offsets of the group within the transaction.
 *
 * The broker refuses them from a member of an older generation (KIP-447). It takes offsets that name no member from anybody, and
 * an instance that learned of its expulsion has no member id any more: so it is checked here that there is one.
 *
 * Threads: the consumer's.
 */
#ifndef QUOTEBUS_BUS_FENCE_H
#define QUOTEBUS_BUS_FENCE_H

#include "bus/consumer.h"
#include "bus/producer.h"

/**
 * Adds `offsets` (borrowed) of the consumer's group to the producer's open transaction; of an empty list the broker is not told,
 * so that it cannot refuse either. On failure free the producer: ERROR_FENCED when the group goes on without this instance, else
 * as producer_send_offsets.
 */
bool fence_send_offsets(struct consumer *consumer, struct producer *producer, const rd_kafka_topic_partition_list_t *offsets,
                        struct error *error) MUST_CHECK;

#endif
