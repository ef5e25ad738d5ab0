/*
 * Dead letters: a record that a stage could not use, byte for byte, on `<topic>.dlq`, with headers that say why.
 *
 * Headers, all text: those of the record itself, then Kafka Connect's `__connect.errors.topic`, `.partition`, `.offset`,
 * `.connector.name` (quotebus-<stage>), `.task.id` (instance), `.stage` (VALUE_CONVERTER for undecodable bytes, TASK_PUT for
 * refused rows), `.class.name`, `.exception.class.name`, `.exception.message`, and ours: `qb.cause` (stable code), `qb.stage`,
 * `qb.schema.id` (-1: none). A value of nearly 2 MiB or more, which no producer of ours could write, is left out, and
 * `qb.value.left.out` says its length; the record can still be found by topic, partition and offset.
 *
 * Threads: that of the producer.
 */
#ifndef QUOTEBUS_BUS_DEAD_LETTER_H
#define QUOTEBUS_BUS_DEAD_LETTER_H

#include <librdkafka/rdkafka.h>

#include "base/error.h"
#include "bus/producer.h"

struct dead_letter {
    const char *stage;         /**< validate, persist */
    const char *instance;      /**< of the stage */
    const char *connect_stage; /**< VALUE_CONVERTER or TASK_PUT */
    const char *cause;         /**< stable code; NULL: `unknown` */
    const char *message;       /**< for people */
};

/**
 * Sends `message` to `dlq_topic` (full name) with the same key, value (null stays null), time stamp and headers plus those
 * above, within the transaction of a transactional producer. Fails as producer_send does, after 5 s at the latest.
 */
bool dead_letter_send(struct producer *producer, const char *dlq_topic, const rd_kafka_message_t *message,
                      const struct dead_letter *why, struct error *error) MUST_CHECK;

#endif
