#include <math.h>
#include <stdlib.h>

#include "base/steady.h"
#include "validate/bars/sources.h"
#include "validate/bars/statistics.h"
#include "validate/bars/table.h"

/** Live bars on each side whose median is the reference of one without other sources. */
#define REFERENCE_SIDE 3
/** What one suspect flag leaves of the score. */
#define SCORE_SUSPECT 0.5

/** Orders bars by day, those of one day by row. */
static int compare_bars(const void *a, const void *b)
{
    const struct day_bar *one = a, *other = b;
    if (one->day != other->day)
        return one->day < other->day ? -1 : 1;
    return one->row < other->row ? -1 : one->row > other->row;
}

/** Asks the rules of a stage. */
static void run_rules(struct bar_trial *trial, enum bar_stage stage)
{
    for (size_t i = 0; bar_rules_table[i]; i++) {
        if (bar_rules_table[i]->stage == stage)
            bar_rules_table[i]->judge(trial, bar_rules_table[i]);
    }
}

/** Brings a series to where it can be compared with others. */
static void begin_trial(struct bar_trial *trial)
{
    struct bar_series *series = trial->series;
    if (series->count)
        qsort(series->bars, series->count, sizeof(*series->bars), compare_bars);
    run_rules(trial, BAR_STRUCTURAL);
    trial_prepare(trial);
    run_rules(trial, BAR_HISTORY);
}

/** The median level of the live bars around i. */
static double level_around(const struct bar_trial *trial, size_t i)
{
    double values[2 * REFERENCE_SIDE];
    size_t count = 0;
    for (size_t k = i > REFERENCE_SIDE ? i - REFERENCE_SIDE : 0; k < trial->live_count && k <= i + REFERENCE_SIDE; k++) {
        if (k != i && !trial->live[k].proposed)
            values[count++] = trial->live[k].level;
    }
    return count ? median_of(values, count) : trial->live[i].level;
}

/** Says of each live bar what its close should be near. */
static void set_references(struct bar_trial *trial)
{
    for (size_t i = 0; trial->live_count > 1 && i < trial->live_count; i++) {
        const struct live_bar *live = &trial->live[i];
        /* Both are on the basis of the newest bar; the close may be from before a split. */
        const double to_close = steady_log(live->bar->close.value) - live->basis;
        const double near = live->peers.set ? live->peers.value : level_around(trial, i);
        live->bar->reference = SOME_DOUBLE(steady_exp(near + to_close));
    }
}

void bars_judge(struct bar_series *series, size_t count, struct str asset, const struct bar_settings *settings)
{
    const size_t compared = count < BAR_SOURCES_MAX ? count : BAR_SOURCES_MAX;
    struct bar_trial *trials = xcalloc(count ? count : 1, sizeof(*trials));
    for (size_t i = 0; i < count; i++) {
        trials[i] =
            (struct bar_trial){.settings = settings, .asset = asset, .series = &series[i], .all = trials, .all_count = compared};
        begin_trial(&trials[i]);
    }
    sources_compare(trials, compared);
    sources_confirm(trials, compared);
    for (size_t i = 0; i < count; i++) {
        trial_commit(&trials[i]);
        run_rules(&trials[i], BAR_FINAL);
        set_references(&trials[i]);
    }
    for (size_t i = 0; i < count; i++)
        trial_clear(&trials[i]);
    free(trials);
}

enum verdict bar_verdict(const struct day_bar *bar)
{
    return bar->reject ? VERDICT_REJECT : bar->suspect ? VERDICT_SUSPECT : VERDICT_PASS;
}

double bar_score(const struct day_bar *bar)
{
    double score = bar->reject ? 0 : 1;
    for (uint32_t rest = bar->suspect; rest; rest &= rest - 1)
        score *= SCORE_SUSPECT;
    return score;
}
