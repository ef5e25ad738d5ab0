/*
 * Values of a topic in one schema, whatever they were written with: what files with columns need.
 *
 * The schema is that of the topic's row in the table of topics; a topic that has no row gets that of its first record. Threads:
 * one.
 */
#ifndef QUOTEBUS_CLI_UNIFORM_H
#define QUOTEBUS_CLI_UNIFORM_H

#include <librdkafka/rdkafka.h>

#include "base/bytes.h"
#include "base/config.h"
#include "base/error.h"
#include "bus/decoder.h"

struct uniform;

/**
 * `topic` is the name without prefix; `config` and `registry` are kept by reference. NULL: the table of topics cannot be read.
 * Freed with uniform_free.
 */
struct uniform *uniform_new(const struct config *config, struct registry *registry, const char *topic,
                            struct error *error) MUST_CHECK;
/** NULL is fine. */
void uniform_free(struct uniform *uniform);
/** The schema; NULL until the first record of a topic without a row. */
const char *uniform_schema(const struct uniform *uniform);
/** The value of a record in that schema; *body is borrowed from the message or from the arena. */
enum decode_status uniform_body(struct uniform *uniform, const rd_kafka_message_t *message, struct arena *arena, struct str *body,
                                struct error *error) MUST_CHECK;

#endif
