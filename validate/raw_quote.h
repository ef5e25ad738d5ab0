/*
 * A record of quotes.raw as a quote: what the stage judges, and what judging it again must take for one as well.
 *
 * Threads: that of the decoder.
 */
#ifndef QUOTEBUS_VALIDATE_RAW_QUOTE_H
#define QUOTEBUS_VALIDATE_RAW_QUOTE_H

#include <librdkafka/rdkafka.h>

#include "bus/decoder.h"
#include "validate/engine.h"

/** The raw topic, without prefix. */
#define RAW_TOPIC "quotes.raw"

/**
 * Reads a quote and where it stands. DECODE_INVALID: it is none, or one with a text too long to be carried on; `error` says why.
 * DECODE_WAIT: the registry is needed and does not answer. Texts of `quote` are borrowed from the message or the arena.
 */
enum decode_status raw_quote_read(struct decoder *decoder, const rd_kafka_message_t *message, struct arena *arena,
                                  struct quote *quote, struct raw_origin *origin, struct error *error) MUST_CHECK;

#endif
