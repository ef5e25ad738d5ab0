/*
 * The result of `quotebus validate --verify` for people and for machines. Pure.
 */
#ifndef QUOTEBUS_CLI_VERIFY_VIEW_H
#define QUOTEBUS_CLI_VERIFY_VIEW_H

#include "cli/grid.h"
#include "cli/rerun.h"

/** What was found. */
struct verify_outcome {
    const char *const *topics; /**< full names by enum output */
    const struct rerun_result *results;
    size_t count;
};

/** The first partition that differs, or NULL. */
const struct rerun_result *verify_wrong(const struct verify_outcome *outcome);
/** Appends tables, the first difference and a line that says how it went. */
void verify_write_text(struct buf *out, const struct verify_outcome *outcome, const struct grid_layout *layout);
/**
 * Appends one object on one line: equal, judged, records, waiting, blind_partitions, topics (an array of topic, partition,
 * records, checksum, result) and difference (null or topic, partition, raw_offset, offset, asset, kind, fields).
 */
void verify_write_json(struct buf *out, const struct verify_outcome *outcome);

#endif
