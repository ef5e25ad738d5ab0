/*
 * All that one raw bar brings about, in the order in which it is written: its clean bar and those that are judged otherwise now,
 * then the anomalies. The stage and whoever judges bars.raw again call this and nothing else.
 *
 * Pure but for the sink. Threads: one per history.
 */
#ifndef QUOTEBUS_VALIDATE_HISTORY_JUDGING_H
#define QUOTEBUS_VALIDATE_HISTORY_JUDGING_H

#include <librdkafka/rdkafka.h>

#include "bus/decoder.h"
#include "validate/history/judge.h"
#include "validate/outputs.h"

/** The raw topic, without prefix. */
#define RAW_BARS_TOPIC "bars.raw"

/**
 * Reads a record of bars.raw. DECODE_INVALID: it is no bar, or one with a text too long to be carried on; `error` says why.
 * DECODE_WAIT: the registry is needed and does not answer. Texts are borrowed from the message or the arena.
 */
enum decode_status raw_bar_read(struct decoder *decoder, const rd_kafka_message_t *message, struct arena *arena, struct bar *bar,
                                struct raw_origin *origin, struct error *error) MUST_CHECK;
/**
 * Judges a bar and moves the memory on. `judgement` is filled as by history_judge; the records go to `sink`. False when the sink
 * failed: then the memory is ahead of the topics and must be thrown away.
 */
bool history_take(struct history *history, const struct bar *bar, const struct raw_origin *origin, struct arena *arena,
                  struct outputs *outputs, const struct output_sink *sink, struct bar_judgement *judgement,
                  struct error *error) MUST_CHECK;

#endif
