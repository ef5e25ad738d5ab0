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

/** Longest text of a record that is carried on; longer ones are garbage that would not fit into its clean record. */
#define RAW_TEXT_MAX 1024
/** Whether all texts of a record are short enough; ERROR_INVALID with a cause. */
bool raw_check_texts(const struct str *texts, size_t count, struct error *error) MUST_CHECK;
/**
 * Where a raw record stands, and the record time stamp of what is made from it: its fetched_at. Not later than that of the raw
 * record, since a broker refuses times far ahead, and not before 1 ms, since librdkafka takes 0 for "now".
 */
struct raw_origin raw_origin_of(const rd_kafka_message_t *message, int64_t fetched_at_us);

#endif
