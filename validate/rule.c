#include "validate/rule.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/steady.h"
#include "validate/robust.h"

#define BPS 1e4
/** The calmest past that is believed, as part of what is usual in the class. */
#define CALMEST 0.5
/** What the class says of a minute is said of the hours of trading; from one day to the next a price moves less than by all
 * minutes. */
#define SESSION_MINUTES 390

bool finding_set(struct finding *finding, enum verdict verdict, struct opt_double measured, struct opt_double threshold,
                 const char *unit, const char *format, ...)
{
    va_list args;
    finding->verdict = verdict;
    finding->measured = measured;
    finding->threshold = threshold;
    finding->unit = unit;
    finding->message[0] = '\0';
    if (verdict == VERDICT_PASS) /* a flag has no anomaly record, which would hold the text */
        return true;
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

/** The pace from the pasts of the source and its peers. */
static struct pace measure_pace(const struct rule_input *input)
{
    FILLED_AS_READ struct weighted_value sigmas[SOURCES_MAX + 1];
    const struct peers *peers = input->peers;
    size_t count = 0;
    for (size_t i = 0; i <= peers->count; i++) {
        const struct source_state *source = i < peers->count ? peers->items[i].state : input->previous;
        const double sigma = source ? past_sigma_bps(source) : 0;
        if (sigma > 0)
            sigmas[count++] = (struct weighted_value){.value = sigma, .weight = 1};
    }
    if (count == 0)
        return (struct pace){.known = true, .least_bps = input->settings->sigma_bps};
    weighted_sort(sigmas, count);
    return (struct pace){
        .known = true, .past_bps = weighted_quantile(sigmas, count, 0.5), .least_bps = input->settings->sigma_bps * CALMEST};
}

struct pace pace_of(const struct rule_input *input)
{
    if (!input->pace->known)
        *input->pace = measure_pace(input);
    return *input->pace;
}

double peers_gap_minutes(const struct peers *peers)
{
    FILLED_AS_READ struct weighted_value gaps[SOURCES_MAX];
    size_t count = 0;
    for (size_t i = 0; i < peers->count; i++) {
        const struct peer *peer = &peers->items[i];
        if (peer->trusted || !peers->trusted)
            gaps[count++] = (struct weighted_value){.value = peer->gap_minutes, .weight = peer_vote(peer)};
    }
    weighted_sort(gaps, count);
    return weighted_quantile(gaps, count, 0.5);
}

/** Deviation of a price after so many minutes. */
static double deviation_bps(struct pace pace, double minutes)
{
    return fmax(pace.past_bps * sqrt(minutes), pace.least_bps * sqrt(fmin(minutes, SESSION_MINUTES)));
}

/** `base_bps` and, as independent errors add up, what the price may move in the minutes. */
static double widened_bps(const struct rule_input *input, double base_bps, double minutes)
{
    return steady_hypot(base_bps, input->settings->divergence_z * deviation_bps(pace_of(input), minutes));
}

double agreement_bps(const struct rule_input *input)
{
    return widened_bps(input, agreement_base_bps(input), peers_gap_minutes(input->peers) + UNSEEN_MINUTES);
}

double step_limit_bps(const struct rule_input *input, int64_t a_us, int64_t b_us)
{
    return widened_bps(input, input->settings->divergence_floor_bps, past_minutes(a_us, b_us));
}

struct votes votes_of_peers(const struct rule_input *input, double part)
{
    const double base = agreement_base_bps(input);
    struct votes votes = {0};
    for (size_t i = 0; i < input->peers->count; i++) {
        const struct peer *peer = &input->peers->items[i];
        const double limit = part * widened_bps(input, base, peer->gap_minutes + UNSEEN_MINUTES);
        if (fabs(distance_bps(input->price, peer->price)) > limit) {
            votes.against += peer_vote(peer);
            votes.sources_against += peer->weight;
            continue;
        }
        votes.with += peer_vote(peer);
        votes.sources_with += peer->weight;
    }
    return votes;
}

bool is_known_level(const struct rule_input *input)
{
    for (size_t i = 0; input->previous && i < input->previous->recent_count; i++) {
        const struct sighting *here = &input->previous->recent[i];
        const double limit = step_limit_bps(input, input->quote->observed_at_us, here->observed_at_us);
        if (fabs(log_return_bps(here->price, input->price)) <= limit)
            return true;
    }
    return false;
}

bool confirmed_by_peers(const struct rule_input *input)
{
    const struct votes votes = votes_of_peers(input, 1);
    return votes.with > 0 && votes.with >= votes.against && votes.sources_with >= votes.sources_against;
}

double jump_limit_bps(const struct rule_input *input)
{
    const double minutes = past_minutes(input->quote->observed_at_us, input->previous->accepted_at_us.value);
    return fmax(input->settings->jump_floor_bps, input->settings->jump_z * deviation_bps(pace_of(input), fmax(1, minutes)));
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
    return has_base(input, input->settings->gross_s) && !is_known_level(input) ? input->previous->accepted_price
                                                                               : (struct opt_double){0};
}
