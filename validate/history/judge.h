/*
 * The judge of bars in a stream: a bar and what is known of its asset in, a clean bar with its anomalies out, and clean bars
 * again for those whose verdict it changes.
 *
 * A bar is judged by the rules of validate/bars over the bars near its day, its own source's and the others'. The newest bar of a
 * series has one side only; what needs both (a lone spike, a run that comes back) shows when the next days come. Then the bar is
 * judged again with them, and where the verdict is another it is written once more: with its own raw record and fetched_at, and
 * with restates_fetched_at equal to that. A source's later word on a day (another response) takes the place of the first one and
 * names it in restates_fetched_at.
 *
 * Pure: no clock, no randomness, no I/O. What it says depends on earlier records of the same partition, on the record and on the
 * rule file. A bar that is refused as it stands, or that is an older word than the one that is known, leaves no trace.
 *
 * Threads: one per history.
 */
#ifndef QUOTEBUS_VALIDATE_HISTORY_JUDGE_H
#define QUOTEBUS_VALIDATE_HISTORY_JUDGE_H

#include "validate/engine.h"
#include "validate/history/history.h"

/** A bar speaks about those of at most that many days before or after it. */
#define HINDSIGHT_DAYS 14

struct bar_judgement {
    struct asset_history *asset; /**< what is remembered of the asset; NULL: nothing */
    struct clean_bar *clean;     /**< the bar, and behind it those that are judged otherwise now */
    size_t clean_count;
    struct anomaly *anomalies; /**< of findings that make a bar suspect or worse */
    size_t anomaly_count;
};

/**
 * Judges a bar and moves the memory on. What `out` points to is borrowed from `bar`, `history` (until the next call) and `arena`.
 * Texts of the bar must be shorter than AVRO_STRING_MAX; everything else may be hostile.
 */
void history_judge(struct history *history, const struct bar *bar, const struct raw_origin *origin, struct arena *arena,
                   struct bar_judgement *out);

#endif
