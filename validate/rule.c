#include "validate/rule.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define BPS 1e4

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

double agreement_base_bps(const struct rule_input *input)
{
    const struct class_settings *settings = input->settings;
    const double widest_quoted = settings->divergence_floor_bps * fmax(settings->divergence_k, 1);
    double limit = settings->divergence_floor_bps;
    if (input->peers->median.set)
        limit = fmax(limit, settings->divergence_k * input->peers->spread / input->peers->median.value * BPS);
    return fmax(limit, fmin(quoted_spread_bps(input->quote), widest_quoted));
}

double agreement_bps(const struct rule_input *input)
{
    const double moved = input->settings->divergence_z * usual_sigma_bps(input) * sqrt(input->peers->gap_minutes);
    return hypot(agreement_base_bps(input), moved);
}

double step_limit_bps(const struct rule_input *input, double base_bps, int64_t a_us, int64_t b_us)
{
    return hypot(base_bps, input->settings->divergence_z * usual_sigma_bps(input) * sqrt(past_minutes(a_us, b_us)));
}

double usual_sigma_bps(const struct rule_input *input)
{
    double sigma = input->previous ? past_sigma_bps(input->previous) : 0;
    for (size_t i = 0; sigma == 0 && i < input->peers->count; i++)
        sigma = fmax(sigma, past_sigma_bps(input->peers->items[i].state));
    return fmax(sigma, input->settings->sigma_bps);
}

double agreeing_weight(const struct rule_input *input, double limit_bps)
{
    double weight = 0;
    for (size_t i = 0; i < input->peers->count; i++) {
        const struct peer *peer = &input->peers->items[i];
        if (fabs(distance_bps(input->price, peer->price)) <= limit_bps)
            weight += peer->weight;
    }
    return weight;
}

bool confirmed_by_peers(const struct rule_input *input)
{
    const double agree = agreeing_weight(input, agreement_bps(input));
    return agree > 0 && agree >= input->peers->weight / 2;
}

double jump_limit_bps(const struct rule_input *input)
{
    const double minutes = past_minutes(input->quote->observed_at_us, input->previous->accepted_at_us.value);
    return fmax(input->settings->jump_floor_bps, input->settings->jump_z * usual_sigma_bps(input) * sqrt(fmax(1, minutes)));
}

/** Whether there is an accepted price in the quote's currency that is not older than `age_s`. */
static bool has_base(const struct rule_input *input, int64_t age_s)
{
    const struct source_state *previous = input->previous;
    return previous && previous->accepted_price.set && previous->accepted_at_us.set &&
           str_equal(previous->currency, input->currency) &&
           llabs(input->quote->observed_at_us - previous->accepted_at_us.value) <= age_s * US_PER_S;
}

struct opt_double move_bps(const struct rule_input *input)
{
    if (!has_base(input, input->settings->reseed_s))
        return (struct opt_double){0};
    return SOME_DOUBLE(log_return_bps(input->previous->accepted_price.value, input->price));
}

struct opt_double gross_reference(const struct rule_input *input)
{
    const enum stand stand = input->standing.stand;
    if (stand == STAND_AGREES || stand == STAND_VOUCHED || confirmed_by_peers(input))
        return (struct opt_double){0};
    if (input->peers->trusted)
        return input->peers->median;
    return has_base(input, input->settings->gross_s) ? input->previous->accepted_price : (struct opt_double){0};
}
