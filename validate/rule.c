#include "validate/rule.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "validate/robust.h"

#define BPS 1e4
#define US_PER_MINUTE (60.0 * (double)US_PER_S)

bool finding_set(struct finding *finding, enum verdict verdict, struct opt_double measured, struct opt_double threshold,
                 const char *unit, const char *format, ...)
{
    va_list args;
    finding->verdict = verdict;
    finding->measured = measured;
    finding->threshold = threshold;
    finding->unit = unit;
    va_start(args, format);
    vsnprintf(finding->message, sizeof(finding->message), format, args);
    va_end(args);
    return true;
}

double distance_bps(double price, double reference)
{
    return (price / reference - 1) * BPS;
}

/** The quoted spread in basis points of its middle; 0 without a sensible one. */
static double quoted_spread_bps(const struct quote *quote)
{
    if (!quote->bid.set || !quote->ask.set)
        return 0;
    const double bid = quote->bid.value, ask = quote->ask.value;
    if (!(bid > PRICE_MIN) || !(ask >= bid) || !(ask < PRICE_MAX))
        return 0;
    return (ask - bid) / (ask / 2 + bid / 2) * BPS;
}

double agreement_bps(const struct rule_input *input)
{
    const struct class_settings *settings = input->settings;
    const double widest_quoted = settings->divergence_floor_bps * fmax(settings->divergence_k, 1);
    double limit = settings->divergence_floor_bps;
    if (input->peers->median.set)
        limit = fmax(limit, settings->divergence_k * input->peers->spread / input->peers->median.value * BPS);
    return fmax(limit, fmin(quoted_spread_bps(input->quote), widest_quoted));
}

double agreeing_weight(const struct rule_input *input, double limit_bps)
{
    double weight = 0;
    for (size_t i = 0; i < input->peers->count; i++) {
        const struct peer *peer = &input->peers->items[i];
        if (fabs(distance_bps(input->price, peer->state->price)) <= limit_bps)
            weight += peer->weight;
    }
    return weight;
}

/** Robust standard deviation of the source's returns, per square root of a minute; 0 while there are too few of them. */
static double sigma_of_returns(const struct source_state *source)
{
    struct weighted_value values[RETURNS_MAX];
    const size_t count = source->returns_count < RETURNS_MAX ? source->returns_count : RETURNS_MAX;
    if (count < RETURNS_MIN)
        return 0;
    for (size_t i = 0; i < count; i++)
        values[i] = (struct weighted_value){.value = source->returns[i], .weight = 1};
    weighted_sort(values, count);
    return MAD_TO_SIGMA * weighted_mad(values, count, weighted_quantile(values, count, 0.5));
}

double jump_limit_bps(const struct rule_input *input)
{
    const int64_t elapsed_us = llabs(input->quote->observed_at_us - input->previous->accepted_at_us.value);
    const double minutes = fmax(1, (double)elapsed_us / US_PER_MINUTE);
    const double per_minute =
        fmax(input->settings->jump_floor_bps, input->settings->jump_z * sigma_of_returns(input->previous) * BPS);
    return per_minute * sqrt(minutes);
}

struct opt_double move_bps(const struct rule_input *input)
{
    const struct source_state *previous = input->previous;
    if (!previous || !previous->accepted_price.set || !previous->accepted_at_us.set ||
        !str_equal(previous->currency, input->currency))
        return (struct opt_double){0};
    if (llabs(input->quote->observed_at_us - previous->accepted_at_us.value) > input->settings->reseed_s * US_PER_S)
        return (struct opt_double){0};
    return SOME_DOUBLE(log(input->price / previous->accepted_price.value) * BPS);
}
