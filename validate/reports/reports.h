/*
 * The scheduled validation: every ten minutes of stream time a report on each asset of a partition.
 *
 * Stream time is the record time stamp of what is made from the partition's quotes (their fetched_at, at most that of the raw
 * record). The first quote beyond a window's end ends it: the reports stand before that quote's own judgement and name its raw
 * offset. A window in which no quote of the partition came has no report; nor has an asset that was silent for REPORT_SILENCE_S.
 * Reports come by name of the asset. All of it depends on the memory only, so judging again gives the same reports.
 *
 * The window that is open in a partition is the newest of its assets' windows, so it survives a restart with them.
 *
 * Pure. Threads: one per partition_memory.
 */
#ifndef QUOTEBUS_VALIDATE_REPORTS_REPORTS_H
#define QUOTEBUS_VALIDATE_REPORTS_REPORTS_H

#include "validate/engine.h"

/** An asset that nothing came of for that long is not reported any more: a week, longer than any holidays of an exchange. */
#define REPORT_SILENCE_S (INT64_C(7) * 86400)

/** Takes one report; all in it is borrowed for the call. */
typedef bool (*report_fn)(void *ctx, const struct report *report, struct error *error);

/**
 * Ends the window that is open when the quote at `origin` lies beyond it: gives the report of each asset to `emit`, and opens
 * the quote's window. Call it before the quote is judged. False when `emit` failed.
 */
bool reports_close(struct partition_memory *memory, const struct raw_origin *origin, report_fn emit, void *ctx,
                   struct error *error) MUST_CHECK;
/** Counts a judged quote in the open window. Call it after the quote was judged. */
void reports_count(struct partition_memory *memory, const struct judgement *judgement, const struct raw_origin *origin);

#endif
