#include "validate/usual.h"

#include <math.h>

#include "base/steady.h"

/** Most that one record moves a usual value. */
#define STEP_MAX 1.1
/** The volume that is usually reached is forgotten by half in that many days, so that it follows quieter times. */
#define VOLUME_HALF_LIFE_DAYS 10.0
/** A leap from one poll to the next counts from a volume of VOLUME_FACTOR / EARLY_PART usual ones: before, it may be the opening.
 */
#define EARLY_PART 10.0

double implied_supply(const struct quote *quote)
{
    if (!quote->market_cap.set || !(quote->market_cap.value > PRICE_MIN) || !(quote->price > PRICE_MIN))
        return 0;
    return quote->market_cap.value / quote->price;
}

/** `usual` moved towards `value`, by at most a step; the value itself while nothing is known. */
static double follow(double usual, double value)
{
    if (!(usual > 0))
        return value;
    return usual * fmin(fmax(value / usual, 1 / STEP_MAX), STEP_MAX);
}

/** The volume that is usually reached, at the time of the quote. */
static double level_at(const struct source_state *state, const struct quote *quote)
{
    if (!(state->volume_level > 0) || quote->observed_at_us <= state->observed_at_us)
        return state->volume_level;
    const double days = (double)(quote->observed_at_us - state->observed_at_us) / (double)US_PER_DAY;
    return state->volume_level * steady_exp2(-days / VOLUME_HALF_LIFE_DAYS);
}

/** Whether the quote has a volume that can be measured. */
static bool has_volume(const struct quote *quote)
{
    return quote->volume.set && quote->volume.value > 0 && quote->volume.value < PRICE_MAX;
}

/** volume_excess of a quote with a volume, knowing what is usually reached. */
static double excess_over(double level, const struct source_state *state, const struct quote *quote)
{
    if (!(state->volume_level > 0))
        return 0;
    const double over_level = quote->volume.value / fmax(level, PRICE_MIN);
    const double over_last = state->volume > 0 ? quote->volume.value / state->volume : 0;
    return fmax(over_level, fmin(over_last, over_level * EARLY_PART));
}

double volume_excess(const struct source_state *state, const struct quote *quote)
{
    return has_volume(quote) ? excess_over(level_at(state, quote), state, quote) : 0;
}

/** Moves the volume on. A session's volume starts from nothing every day, so it is what it reaches that is remembered. */
static void move_volume_on(struct source_state *state, const struct quote *quote)
{
    if (!has_volume(quote))
        return;
    const double level = level_at(state, quote);
    if (excess_over(level, state, quote) > VOLUME_FACTOR) {
        state->volume_level = follow(level, quote->volume.value);
        return;
    }
    state->volume_level = fmax(level, quote->volume.value);
    state->volume = quote->volume.value;
}

void usual_move_on(struct source_state *state, const struct rule_input *input)
{
    const double supply = implied_supply(input->quote);
    move_volume_on(state, input->quote);
    if (supply > 0 && supply < PRICE_MAX && !standing_is_bad(input->standing))
        state->supply = follow(state->supply, supply);
}
