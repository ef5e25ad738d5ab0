/*
 * Where a read of a topic begins and ends, as people write it for `quotebus tail`. Pure.
 */
#ifndef QUOTEBUS_CLI_TAIL_RANGE_H
#define QUOTEBUS_CLI_TAIL_RANGE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "bus/reader.h"

struct tail_range {
    enum reader_start start;
    int64_t start_value; /**< as in struct reader_options; with READER_LAST how many are wanted in all */
    int64_t end_offset;  /**< records from that offset on are left out; INT64_MAX: none */
    int64_t end_ms;      /**< records with that time stamp or a later one are left out; INT64_MAX: none */
};

/**
 * Reads --from (start, end, -N, @OFFSET or a time) and --to (end, @OFFSET or a time); NULL: the newest 10, and the end. Times are
 * those of time_parse_us, also behind an @. A --from like @-2h:-1h or @10:20 says both; then `to` must be NULL. ERROR_USAGE.
 */
bool tail_range_parse(const char *from, const char *to, int64_t now_us, struct tail_range *range, struct error *error) MUST_CHECK;
/** Whether a record lies before the range's end. */
bool tail_range_has(const struct tail_range *range, int64_t offset, int64_t timestamp_ms);

#endif
