/*
 * Judges one partition of bars.raw again and compares what comes of it with bars.clean and bars.anomalies, record by record.
 *
 * A bar may bring earlier ones out once more, so there the raw offsets of records do not ascend; what is compared is the sequence
 * of records from the beginning. Records from before `from_ms` are compared, but not counted. Where retention has removed the
 * beginning of either topic nothing is compared: the result is blind. Threads: one.
 */
#ifndef QUOTEBUS_CLI_RERUN_BARS_H
#define QUOTEBUS_CLI_RERUN_BARS_H

#include "cli/rerun.h"

/** Judges a partition again. Texts of the result go into `memory`. False: something could not be read. */
bool rerun_bars_partition(const struct rerun_options *options, const struct rerun_span *span, struct arena *memory,
                          struct rerun_result *result, struct error *error) MUST_CHECK;

#endif
