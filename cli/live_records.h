/*
 * The records of one partition of a topic that validate wrote, in order, with the raw record that each was made from.
 *
 * Threads: one.
 */
#ifndef QUOTEBUS_CLI_LIVE_RECORDS_H
#define QUOTEBUS_CLI_LIVE_RECORDS_H

#include "base/config.h"
#include "bus/registry.h"
#include "validate/outputs.h"

/** A record as it is on the topic; all is borrowed until live_records_take. */
struct live_record {
    struct str key;
    struct str body; /**< in the schema of this program */
    int64_t timestamp_ms;
    int64_t offset;
    int64_t raw_offset;
    struct str rules_version;
};

struct live_records;

/** Begins at the oldest record, ends at what is the newest one now. `output`: one of those made from single quotes or bars. */
struct live_records *live_records_new(const struct config *config, struct registry *registry, enum output output,
                                      int32_t partition, struct error *error) MUST_CHECK;
/** NULL is fine. */
void live_records_free(struct live_records *records);
/** The next record, which stays the next until it is taken; *record is NULL at the end. False: it cannot be read. */
bool live_records_next(struct live_records *records, const struct live_record **record, struct error *error) MUST_CHECK;
/** Goes on behind the next record. */
void live_records_take(struct live_records *records);

#endif
