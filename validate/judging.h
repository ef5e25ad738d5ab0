/*
 * All that one raw quote brings about, in the order in which it is written: the reports its time makes due, its clean quote with
 * anomalies, the consensus. The stage and whoever judges the raw topic again call this and nothing else.
 *
 * Pure but for the sink. Threads: one per partition_memory.
 */
#ifndef QUOTEBUS_VALIDATE_JUDGING_H
#define QUOTEBUS_VALIDATE_JUDGING_H

#include "validate/outputs.h"

/**
 * Judges a quote and moves the memory on. `judgement` is filled as by engine_judge; the records go to `sink`. False when the sink
 * failed: then the memory is ahead of the topics and must be thrown away.
 */
bool judging_take(struct partition_memory *memory, const struct quote *quote, const struct raw_origin *origin,
                  struct arena *arena, struct outputs *outputs, const struct output_sink *sink, struct judgement *judgement,
                  struct error *error) MUST_CHECK;

#endif
