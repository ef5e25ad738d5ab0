#include <math.h>

#include "base/steady.h"
#include "validate/bars/statistics.h"
#include "validate/bars/table.h"

/** Bars on each side that a volume is compared with, and the fewest that say something. */
#define SIDE 10
#define FEWEST 6
/** Least log distance that counts (25 times), and in robust standard deviations. */
#define LEAST 3.2
#define SPREADS 8.0

/** Log volumes around live bar i. */
static size_t volumes_around(const struct bar_trial *trial, size_t i, double *out)
{
    size_t count = 0;
    for (size_t k = i > SIDE ? i - SIDE : 0; k < trial->live_count && k <= i + SIDE; k++) {
        if (k != i && is_price(trial->live[k].bar->volume))
            out[count++] = steady_log(trial->live[k].bar->volume.value);
    }
    return count;
}

/** Whether the volume is far from those around. */
static bool is_far(const struct bar_trial *trial, size_t i)
{
    double around[2 * SIDE];
    const size_t count = volumes_around(trial, i, around);
    if (count < FEWEST)
        return false;
    const double center = median_of(around, count);
    const double distance = fabs(steady_log(trial->live[i].bar->volume.value) - center);
    return distance > LEAST && distance > SPREADS * spread_of(around, count, center);
}

/** Whether the price has moved on a day without volume, though the source gives volumes. */
static bool moved_without(const struct bar_trial *trial, size_t i)
{
    double around[2 * SIDE];
    return i > 0 && fabs(trial_return(trial, i)) > trial->settings->volume_move_bps / 1e4 &&
           volumes_around(trial, i, around) >= FEWEST;
}

/** Fires, as a flag only, on volumes far from those around, and on none at all with a price that moved. */
static void judge(struct bar_trial *trial, const struct bar_rule *rule)
{
    for (size_t i = 0; i < trial->live_count; i++) {
        const struct opt_double volume = trial->live[i].bar->volume;
        if ((is_price(volume) && is_far(trial, i)) || (volume.set && volume.value == 0 && moved_without(trial, i)))
            bar_mark(trial->live[i].bar, rule, VERDICT_PASS);
    }
}

const struct bar_rule bars_volume_outlier = {.name = "volume_outlier", .stage = BAR_FINAL, .judge = judge};
