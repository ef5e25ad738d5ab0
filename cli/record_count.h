/*
 * Counts the committed records of a topic by reading it to its end: exact also where commit markers and aborted transactions
 * take offsets.
 */
#ifndef QUOTEBUS_CLI_RECORD_COUNT_H
#define QUOTEBUS_CLI_RECORD_COUNT_H

#include <stdint.h>

#include "base/config.h"
#include "base/error.h"

struct record_count {
    int64_t records;
    int64_t letters; /**< different records they are about: a dead letter of persist may stand twice after a crash */
};

/** Counts the records of `topic` (full name). ERROR_NOT_FOUND: there is no such topic. */
bool record_count(const struct kafka_settings *settings, const char *topic, struct record_count *count,
                  struct error *error) MUST_CHECK;

#endif
