/*
 * Brings the memory of a partition back from its changelog, validate.state.
 */
#ifndef QUOTEBUS_VALIDATE_RESTORE_H
#define QUOTEBUS_VALIDATE_RESTORE_H

#include "base/config.h"
#include "bus/decoder.h"
#include "validate/state.h"

/**
 * Reads the partition of `topic` that has the memory's number to its end as it stands now, so call it after the committed offset
 * was fetched. `committed_offset`: the next raw offset of the group, negative when there is none. State of a record that is not
 * behind that offset, and a record that cannot be read, are errors: judging on would give other verdicts than before.
 * Beats the service's heart; gives up when a stop is asked for. Threads: one.
 */
bool restore_partition(struct partition_memory *memory, const struct kafka_settings *kafka, const char *topic,
                       struct decoder *decoder, int64_t committed_offset, struct error *error) MUST_CHECK;

#endif
