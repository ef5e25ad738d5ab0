#include "validate/past.h"

#include <math.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/steady.h"
#include "validate/robust.h"

#define BPS 1e4
/** A past with a return beyond that many deviations is wilder than its median return tells: large moves come together. */
#define FAT_TAIL 4.0
#define UNSEEN_US ((int64_t)(UNSEEN_MINUTES * 60) * US_PER_S)
#define US_PER_MINUTE (60.0 * (double)US_PER_S)

double past_minutes(int64_t a_us, int64_t b_us)
{
    return fmax((double)US_PER_S, (double)llabs(a_us - b_us)) / US_PER_MINUTE;
}

double log_return_bps(double from, double to)
{
    return steady_log(to / from) * BPS;
}

double past_sigma_bps(const struct source_state *source)
{
    FILLED_AS_READ double values[RECENT_MAX];
    size_t count = 0;
    for (size_t i = 1; i < source->recent_count && i < RECENT_MAX; i++) {
        const struct sighting *from = &source->recent[i - 1], *to = &source->recent[i];
        const double minutes = past_minutes(from->observed_at_us, to->observed_at_us);
        if (from->price != to->price) /* at night a price that stands still says nothing about how it moves by day */
            values[count++] = log_return_bps(from->price, to->price) / sqrt(minutes);
    }
    if (count < RETURNS_MIN)
        return 0;
    plain_sort(values, count);
    const double furthest = fmax(fabs(values[0]), fabs(values[count - 1]));
    return fmax(MAD_TO_SIGMA * plain_mad(values, count, plain_median(values, count)), furthest / FAT_TAIL);
}

double past_price_at(const struct source_state *source, const struct sighting *nearest, int64_t at_us, double price)
{
    const struct sighting *end = source->recent + source->recent_count;
    const bool unsure = llabs(nearest->observed_at_us - at_us) < UNSEEN_US;
    double low = nearest->price, high = low;
    if (nearest + 1 == end) /* nothing later is known: no quote may use the move that is under way */
        return nearest->price;
    if ((nearest->observed_at_us <= at_us || unsure) && nearest + 1 < end) {
        low = fmin(low, nearest[1].price);
        high = fmax(high, nearest[1].price);
    }
    if ((nearest->observed_at_us > at_us || unsure) && nearest > source->recent) {
        low = fmin(low, nearest[-1].price);
        high = fmax(high, nearest[-1].price);
    }
    return fmin(fmax(price, low), high);
}

const struct sighting *past_nearest(const struct source_state *source, int64_t at_us)
{
    const struct sighting *nearest = NULL;
    for (size_t i = source->recent_count; i-- > 0;) {
        const struct sighting *here = &source->recent[i];
        if (nearest && llabs(here->observed_at_us - at_us) > llabs(nearest->observed_at_us - at_us))
            break; /* they are in the order of time: it only gets further away */
        nearest = here;
    }
    return nearest;
}

double past_moved_bps(const struct source_state *source, int64_t since_us, int64_t until_us)
{
    double moved = 0;
    const struct sighting *then = past_nearest(source, since_us);
    if (!then)
        return 0;
    const struct sighting *end = source->recent + source->recent_count;
    for (const struct sighting *here = then; here < end && here->observed_at_us <= until_us; here++)
        moved = fmax(moved, fabs(log_return_bps(then->price, here->price)));
    return moved;
}
