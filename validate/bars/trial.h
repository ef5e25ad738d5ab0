/*
 * One series on its way through the rules: its usable bars in order, their returns, and what other sources say.
 *
 * "Live" bars are those that later rules look at: usable ones, one per day. Levels are logs of the close, with the units and
 * splits that were found taken out step by step, so that the rule behind sees what is left.
 */
#ifndef QUOTEBUS_VALIDATE_BARS_TRIAL_H
#define QUOTEBUS_VALIDATE_BARS_TRIAL_H

#include "validate/bars/bar.h"

/** A live bar. */
struct live_bar {
    struct day_bar *bar;
    double basis;            /**< log close, later announced splits taken out: what sources of one asset have in common */
    double level;            /**< the same, minus the shifts that rules have found */
    double local_spread;     /**< robust standard deviation of the returns around, its own and the next left out */
    struct opt_double peers; /**< median basis of the other sources on that day */
    uint32_t proposed;       /**< bits of flags by which the history contradicts the close, until other sources are heard */
    unsigned agreeing;       /**< other sources whose close of the day is near; of those without doubts if there are any */
    unsigned differing;      /**< and those whose close is not */
    bool sole_witness;       /**< all other sources of the day are doubted, this bar is not */
};

struct bar_trial {
    const struct bar_settings *settings;
    struct str asset;
    struct bar_series *series;
    struct live_bar *live; /**< by day */
    size_t live_count;
    double spread;         /**< robust standard deviation of the daily log returns */
    double divergence;     /**< log distance from another source from which closes differ; set with more than one source */
    struct bar_trial *all; /**< trials of all sources of the asset, this one among them */
    size_t all_count;
};

/** When a rule is asked. */
enum bar_stage {
    BAR_STRUCTURAL, /**< looks at bars as they stand; a REJECT keeps one out of the live bars */
    BAR_HISTORY, /**< looks at the live bars of one series; what it proposes (not marks) falls where other sources say the same */
    BAR_FINAL    /**< looks at all there is */
};

struct bar_rule {
    const char *name; /**< the flag */
    enum bar_stage stage;
    /** Flags the bars it finds. */
    void (*judge)(struct bar_trial *trial, const struct bar_rule *rule);
};

/** Flags a bar. */
void bar_mark(struct day_bar *bar, const struct bar_rule *rule, enum verdict verdict);
/** Whether a rule has flagged a bar. */
bool bar_marked(const struct day_bar *bar, const struct bar_rule *rule);

/** Whether something speaks against a live bar without other sources having been heard. */
bool live_doubted(const struct live_bar *live);
/** Proposes a flag that says that the close is wrong. */
void live_propose(struct live_bar *live, const struct bar_rule *rule);
/** Makes suspect all bars whose proposals still stand. */
void trial_commit(struct bar_trial *trial);

/** Makes the live bars of a trial whose series is sorted and went through the structural rules. Freed by trial_clear. */
void trial_prepare(struct bar_trial *trial);
void trial_clear(struct bar_trial *trial);
/** Computes spreads from the levels, anew after a rule has changed them. */
void trial_measure(struct bar_trial *trial);
/** Log return of live bar i > 0 in levels. */
double trial_return(const struct bar_trial *trial, size_t i);
/** Log of close over open: what a bar moved in trading hours; 0 without an open. */
double move_inside(const struct day_bar *bar);
/** Number of live bars before a day. */
size_t trial_seek(const struct bar_trial *trial, int64_t day);
/** The live bar of a day, or NULL. */
const struct live_bar *trial_find(const struct bar_trial *trial, int64_t day);

/** Whether an optional price is finite and above 0. */
bool is_price(struct opt_double figure);
/** The largest power of ten (at most 10) that the prices of a bar are multiples of: what its last digit is worth. */
double bar_tick(const struct day_bar *bar);
/** New units per old one that the bar announces; 1: no split. */
double announced_split(const struct day_bar *bar);

#endif
