#include <math.h>

#include "validate/bars/sources.h"
#include "validate/bars/table.h"

/** Of two sources that differ, the one that stepped less than that share of the other's steps is believed. */
#define BELIEVED_SHARE 0.5

/** What history says of two sources that differ. */
enum belief { BELIEVE_THIS, BELIEVE_OTHER, BELIEVE_NEITHER };

/** Whether a live bar stands against one other source, and neither is contradicted by its own history. */
static bool is_dispute(const struct live_bar *live)
{
    return live->differing == 1 && live->agreeing == 0 && !live_doubted(live) && !live->sole_witness;
}

/** The step over the night into a live bar: the noise of a night is smaller than that of a day. */
static double night_step(const struct live_bar *before, const struct live_bar *live)
{
    return fabs(live->basis - move_inside(live->bar) - before->basis);
}

/** Adds the steps that this source and the other made into live bar i. */
static void add_steps(const struct bar_trial *trial, size_t i, double *own, double *others)
{
    const struct live_bar *other[BAR_SOURCES_MAX], *other_before[BAR_SOURCES_MAX];
    const struct live_bar *before = &trial->live[i - 1], *live = &trial->live[i];
    if (sources_of_day(trial, before, other_before) != 1 || sources_of_day(trial, live, other) != 1)
        return;
    *own += night_step(before, live);
    *others += night_step(other_before[0], other[0]);
}

/** Who has moved away from whom at the begin and end of the dispute first..last. */
static enum belief arbitrate(const struct bar_trial *trial, size_t first, size_t last)
{
    double own = 0, others = 0;
    if (first > 0)
        add_steps(trial, first, &own, &others);
    if (last + 1 < trial->live_count)
        add_steps(trial, last + 1, &own, &others);
    if (own < BELIEVED_SHARE * others)
        return BELIEVE_THIS;
    return others < BELIEVED_SHARE * own ? BELIEVE_OTHER : BELIEVE_NEITHER;
}

/** The last live bar of the dispute that begins at `first`. */
static size_t dispute_end(const struct bar_trial *trial, size_t first)
{
    size_t last = first;
    while (last + 1 < trial->live_count && is_dispute(&trial->live[last + 1]))
        last++;
    return last;
}

/**
 * Fires on closes that most other sources contradict. Two sources alone that differ are judged by who left the common path when
 * the difference began and ended; where that says nothing, both are suspect.
 */
static void judge(struct bar_trial *trial, const struct bar_rule *rule)
{
    for (size_t i = 0; i < trial->live_count; i++) {
        const struct live_bar *live = &trial->live[i];
        if (!is_dispute(live)) {
            if (live->differing > live->agreeing && !live->sole_witness)
                bar_mark(live->bar, rule, VERDICT_SUSPECT);
            continue;
        }
        const size_t last = dispute_end(trial, i);
        const enum belief belief = arbitrate(trial, i, last);
        for (; i <= last; i++) {
            if (belief != BELIEVE_THIS)
                bar_mark(trial->live[i].bar, rule, VERDICT_SUSPECT);
        }
        i = last;
    }
}

const struct bar_rule bars_divergent = {.name = "divergent", .stage = BAR_FINAL, .judge = judge};
