/*
 * Holding what comes again against what stands on the topics: what both ways of judging again (rerun.h, rerun_bars.h) share.
 *
 * Threads: one.
 */
#ifndef QUOTEBUS_CLI_RERUN_COMPARE_H
#define QUOTEBUS_CLI_RERUN_COMPARE_H

#include "cli/live_records.h"
#include "cli/rerun.h"

/** What differs: either side may be NULL. */
struct rerun_sides {
    enum rerun_kind kind;
    enum output output;
    const struct live_record *live;
    const struct output_record *again;
    int64_t raw_offset; /**< of the raw record under way; that of `live` counts where there is one */
};

/** Begins the result of a partition whose outputs are compared. */
void rerun_begin(struct rerun_result *result, const struct rerun_span *span, const enum output *compared, size_t count);
/** Notes the first difference; its texts go into `memory`. */
void rerun_note(struct rerun_result *result, struct arena *memory, struct rerun_sides sides);
/** Compares a record with the one that came again: counts it for the topic at that place, or notes the difference. */
void rerun_compare(struct rerun_result *result, struct arena *memory, size_t place, const struct live_record *live,
                   const struct output_record *again, int64_t raw_offset);

#endif
