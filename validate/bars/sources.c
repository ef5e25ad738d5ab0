#include "validate/bars/sources.h"

#include <math.h>
#include <stdlib.h>

#include "validate/bars/statistics.h"

/** The limit grows with the spread of the history, but not beyond that multiple of its floor. */
#define LIMIT_GROWTH_MAX 5.0

size_t sources_of_day(const struct bar_trial *trial, const struct live_bar *live, const struct live_bar **out)
{
    size_t count = 0;
    for (size_t i = 0; i < trial->all_count && count < BAR_SOURCES_MAX; i++) {
        const struct live_bar *other = &trial->all[i] == trial ? NULL : trial_find(&trial->all[i], live->bar->day);
        if (other)
            out[count++] = other;
    }
    return count;
}

/** Sets the medians of the other sources, and from the distances to them the limit of this one. */
static void set_peers(struct bar_trial *trial)
{
    const struct live_bar *others[BAR_SOURCES_MAX];
    double values[BAR_SOURCES_MAX];
    double *distances = xcalloc(trial->live_count ? trial->live_count : 1, sizeof(*distances));
    size_t days = 0;
    for (size_t i = 0; i < trial->live_count; i++) {
        struct live_bar *live = &trial->live[i];
        const size_t count = sources_of_day(trial, live, others);
        for (size_t k = 0; k < count; k++)
            values[k] = others[k]->basis;
        if (count) {
            live->peers = SOME_DOUBLE(median_of(values, count));
            distances[days++] = live->basis - live->peers.value;
        }
    }
    const double floor = trial->settings->divergence_floor_bps / 1e4;
    /* Around their median: a constant distance is no noise, it is what is looked for. */
    const double center = median_of(distances, days);
    const double spread = trial->settings->divergence_k * spread_of(distances, days, center);
    trial->divergence = fmax(floor, fmin(spread, LIMIT_GROWTH_MAX * floor));
    free(distances);
}

/** Counts the sources that agree with a live bar and those that do not. */
static void count_votes(const struct bar_trial *trial, struct live_bar *live)
{
    const struct live_bar *others[BAR_SOURCES_MAX];
    const size_t count = sources_of_day(trial, live, others);
    size_t sound = 0;
    for (size_t k = 0; k < count; k++)
        sound += !live_doubted(others[k]);
    live->sole_witness = count > 0 && sound == 0 && !live_doubted(live);
    for (size_t k = 0; k < count; k++) {
        if (sound && live_doubted(others[k]))
            continue;
        const bool near = fabs(others[k]->basis - live->basis) <= trial->divergence;
        live->agreeing += near;
        live->differing += !near;
    }
}

void sources_compare(struct bar_trial *trials, size_t count)
{
    for (size_t i = 0; count > 1 && i < count; i++)
        set_peers(&trials[i]);
    for (size_t i = 0; count > 1 && i < count; i++) {
        for (size_t k = 0; k < trials[i].live_count; k++)
            count_votes(&trials[i], &trials[i].live[k]);
    }
}

void sources_confirm(struct bar_trial *trials, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        for (size_t k = 0; k < trials[i].live_count; k++) {
            struct live_bar *live = &trials[i].live[k];
            if (live->agreeing > live->differing)
                live->proposed = 0;
        }
    }
}
