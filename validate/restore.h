/*
 * Brings the memory of a partition back from its changelog: validate.state for quotes, validate.bars for bars.
 */
#ifndef QUOTEBUS_VALIDATE_RESTORE_H
#define QUOTEBUS_VALIDATE_RESTORE_H

#include "base/config.h"
#include "bus/decoder.h"
#include "validate/history/history.h"
#include "validate/state.h"

/** Which changelog, and up to where the group has judged. */
struct changelog {
    const struct kafka_settings *kafka;
    const char *topic; /**< full name */
    struct decoder *decoder;
    int64_t committed_offset; /**< the next raw offset of the group, negative when there is none */
};

/**
 * Reads the partition of the changelog that has the memory's number to its end as it stands now, so call it after the committed
 * offset was fetched. State of a record that is not behind that offset, and a record that cannot be read, are errors: judging on
 * would give other verdicts than before. Beats the service's heart; gives up when a stop is asked for. Threads: one.
 */
bool restore_partition(struct partition_memory *memory, const struct changelog *changelog, struct error *error) MUST_CHECK;
/** The same for bars. */
bool restore_history(struct history *history, const struct changelog *changelog, struct error *error) MUST_CHECK;

#endif
