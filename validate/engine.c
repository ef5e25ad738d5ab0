#include "validate/engine.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "validate/hindsight.h"
#include "validate/peers.h"
#include "validate/publication.h"
#include "validate/robust.h"
#include "validate/rules/table.h"
#include "validate/usual.h"

/** Scores: what one suspect finding leaves at most, and what a quote without a second source has. */
#define SCORE_SUSPECT 0.5
#define SCORE_UNCORROBORATED 0.8

/** One quote on its way through the rules. */
struct trial {
    struct rule_input input;
    struct source_slot *slot; /* of the source; NULL: it is new */
    struct peers peers;
    struct pace pace;
    struct peer items[SOURCES_MAX];
    struct finding findings[RULES_MAX];
    const struct rule *fired[RULES_MAX];
    size_t fired_count;
    enum verdict verdict;
};

/** Mixes one word into a fingerprint (FNV-1a over words). */
static uint64_t mix(uint64_t hash, uint64_t word)
{
    hash = (hash ^ word) * UINT64_C(1099511628211);
    return hash ^ (hash >> 32);
}

/** Mixes a figure by its bits. */
static uint64_t mix_double(uint64_t hash, struct opt_double figure)
{
    uint64_t bits = 0;
    if (figure.set)
        memcpy(&bits, &figure.value, sizeof(bits));
    return mix(mix(hash, figure.set), bits);
}

/** Fingerprint of what the provider said: a repeated poll has the same, whatever the conversion rate is by now. */
static int64_t observation_of(const struct quote *quote)
{
    const struct opt_double figures[] = {
        SOME_DOUBLE(quote->price), quote->bid,    quote->ask,       quote->open, quote->high, quote->low,
        quote->previous_close,     quote->volume, quote->market_cap};
    const int64_t resolution_us = quote->observed_resolution_s > 1 && quote->observed_resolution_s <= INT64_MAX / US_PER_S
                                      ? quote->observed_resolution_s * US_PER_S
                                      : 1;
    uint64_t hash = mix(UINT64_C(14695981039346656037), (uint64_t)(quote->observed_at_us / resolution_us));
    for (size_t i = 0; i < sizeof(figures) / sizeof(figures[0]); i++)
        hash = mix_double(hash, figures[i]);
    for (size_t i = 0; i < quote->currency.len; i++)
        hash = mix(hash, (unsigned char)quote->currency.ptr[i]);
    return (int64_t)(hash >> 1);
}

/** Asks the rules from `next` on that are structural, or not; returns the place behind them. */
static const struct rule *const *run_rules(struct trial *trial, const struct rule *const *next, bool structural)
{
    for (; *next && (*next)->structural == structural; next++) {
        struct finding *finding = &trial->findings[trial->fired_count];
        if (!(*next)->check(&trial->input, finding))
            continue;
        trial->fired[trial->fired_count++] = *next;
        if (finding->verdict > trial->verdict)
            trial->verdict = finding->verdict;
    }
    return next;
}

/** Brings quote, memory and peers together and runs all rules; the others only when the structural ones leave something to
 * compare. */
static void try_quote(struct trial *trial, const struct partition_memory *memory, const struct asset_memory *asset,
                      const struct quote *quote)
{
    struct source_slot *slot = source_find(asset, quote->source);
    const double rate = quote->usd_rate.set ? quote->usd_rate.value : 1;
    trial->slot = slot;
    trial->fired_count = 0;
    trial->verdict = VERDICT_PASS;
    trial->pace.known = false;
    trial->peers = (struct peers){.items = trial->items};
    trial->input = (struct rule_input){.quote = quote,
                                       .rate = rate,
                                       .price = quote->price * rate,
                                       .currency = quote->usd_rate.set ? STR("USD") : quote->currency,
                                       .observation = observation_of(quote),
                                       .previous = slot ? &slot->state : NULL,
                                       .peers = &trial->peers,
                                       .pace = &trial->pace,
                                       .settings = asset ? asset->settings : rule_settings_for(memory->settings, quote->asset)};
    const struct rule *const *others = run_rules(trial, rules, true);
    if (trial->verdict == VERDICT_REJECT)
        return;
    peers_find(asset, &trial->input, slot ? slot->group : rule_settings_group(memory->settings, quote->source), trial->items,
               &trial->peers);
    trial->input.standing = standing_of(&trial->input);
    (void)run_rules(trial, others, false);
}

/** Whether a rule fired. */
static bool has_fired(const struct trial *trial, const struct rule *rule)
{
    for (size_t i = 0; i < trial->fired_count; i++) {
        if (trial->fired[i] == rule)
            return true;
    }
    return false;
}

/** Copies the fields of the quote. */
static void copy_quote(const struct quote *quote, struct clean_quote *clean)
{
    *clean = (struct clean_quote){.asset = quote->asset,
                                  .source = quote->source,
                                  .symbol = quote->symbol,
                                  .currency = quote->currency,
                                  .price = quote->price,
                                  .bid = quote->bid,
                                  .ask = quote->ask,
                                  .open = quote->open,
                                  .high = quote->high,
                                  .low = quote->low,
                                  .previous_close = quote->previous_close,
                                  .volume = quote->volume,
                                  .market_cap = quote->market_cap,
                                  .observed_at_us = quote->observed_at_us,
                                  .observed_resolution_s = quote->observed_resolution_s,
                                  .fetched_at_us = quote->fetched_at_us,
                                  .request_id = quote->request_id,
                                  .unit_factor = quote->unit_factor,
                                  .usd_rate = quote->usd_rate,
                                  .usd_rate_source = quote->usd_rate_source,
                                  .usd_rate_at_us = quote->usd_rate_at_us};
}

/** 1 for an unremarkable quote; each suspect finding leaves half of it and less the further its threshold was crossed. */
static double score_of(const struct trial *trial, bool uncorroborated)
{
    double score = uncorroborated ? SCORE_UNCORROBORATED : 1;
    if (trial->verdict == VERDICT_REJECT)
        return 0;
    for (size_t i = 0; i < trial->fired_count; i++) {
        const struct finding *finding = &trial->findings[i];
        if (finding->verdict != VERDICT_SUSPECT)
            continue;
        score *= SCORE_SUSPECT;
        if (finding->measured.set && finding->threshold.set && finding->measured.value > finding->threshold.value)
            score *= finding->threshold.value / finding->measured.value;
    }
    return score;
}

/** Names of what fired, in the order of the table, and the flag of a lone source. */
static void set_flags(const struct trial *trial, bool uncorroborated, struct arena *arena, struct clean_quote *clean)
{
    if (trial->fired_count + uncorroborated == 0)
        return;
    clean->flags = arena_alloc(arena, (trial->fired_count + 1) * sizeof(*clean->flags));
    for (size_t i = 0; i < trial->fired_count; i++)
        clean->flags[clean->flags_count++] = str_from(trial->fired[i]->name);
    if (uncorroborated)
        clean->flags[clean->flags_count++] = STR(FLAG_UNCORROBORATED);
}

/** Makes the clean quote. */
static void make_clean(const struct trial *trial, struct str rules_version, const struct raw_origin *origin, struct arena *arena,
                       struct clean_quote *clean)
{
    const struct peers *peers = &trial->peers;
    const bool uncorroborated = trial->verdict != VERDICT_REJECT && peers->count == 0;
    copy_quote(trial->input.quote, clean);
    clean->verdict = trial->verdict;
    set_flags(trial, uncorroborated, arena, clean);
    if (peers->median.set) {
        clean->reference_price = SOME_DOUBLE(peers->median.value / trial->input.rate);
        clean->deviation_bps = SOME_DOUBLE(distance_bps(trial->input.price, peers->median.value));
    }
    clean->score = score_of(trial, uncorroborated);
    clean->source_count = 1 + (int32_t)lround(peers->weight);
    clean->rules_version = rules_version;
    clean->raw_partition = origin->partition;
    clean->raw_offset = origin->offset;
}

/** Names the record that a correction replaces. */
static void name_restated(const struct trial *trial, struct clean_quote *clean)
{
    const struct source_slot *corrected = trial->slot;
    if (!has_fired(trial, &restated_rule) || !corrected || corrected->raw_offset < 0)
        return;
    clean->restates_partition = SOME_INT(clean->raw_partition);
    clean->restates_offset = SOME_LONG(corrected->raw_offset);
}

/** What the peers said, in the currency of the quote; the anomalies of a quote share it. */
static struct source_price *make_evidence(const struct trial *trial, struct arena *arena)
{
    const struct peers *peers = &trial->peers;
    struct source_price *evidence = arena_alloc(arena, peers->count * sizeof(*evidence));
    for (size_t i = 0; i < peers->count; i++) {
        const struct peer *peer = &peers->items[i];
        evidence[i] = (struct source_price){.source = arena_str(arena, peer->state->source),
                                            .price = peer->price / trial->input.rate,
                                            .observed_at_us = peer->observed_at_us,
                                            .weight = peer->trusted || !peers->trusted ? peer->weight : 0};
    }
    return evidence;
}

/** Makes an anomaly of each finding that is more than a flag. */
static void make_anomalies(const struct trial *trial, struct arena *arena, struct judgement *out)
{
    const struct clean_quote *clean = &out->clean;
    if (trial->verdict == VERDICT_PASS)
        return;
    struct source_price *evidence = make_evidence(trial, arena);
    out->anomalies = arena_alloc(arena, trial->fired_count * sizeof(*out->anomalies));
    for (size_t i = 0; i < trial->fired_count; i++) {
        const struct finding *finding = &trial->findings[i];
        if (finding->verdict == VERDICT_PASS)
            continue;
        out->anomalies[out->anomaly_count++] = (struct anomaly){.asset = clean->asset,
                                                                .source = clean->source,
                                                                .symbol = clean->symbol,
                                                                .currency = clean->currency,
                                                                .price = clean->price,
                                                                .observed_at_us = clean->observed_at_us,
                                                                .fetched_at_us = clean->fetched_at_us,
                                                                .request_id = clean->request_id,
                                                                .rule = str_from(trial->fired[i]->name),
                                                                .verdict = finding->verdict,
                                                                .measured = finding->measured,
                                                                .threshold = finding->threshold,
                                                                .unit = str_from(finding->unit),
                                                                .reference_price = clean->reference_price,
                                                                .message = arena_str(arena, str_from(finding->message)),
                                                                .evidence = evidence,
                                                                .evidence_count = trial->peers.count,
                                                                .rules_version = clean->rules_version,
                                                                .raw_partition = clean->raw_partition,
                                                                .raw_offset = clean->raw_offset};
    }
}

/** Forgets what prices in another currency left: they are no base. */
static void change_currency(struct source_slot *slot, struct str currency)
{
    struct source_state *state = &slot->state;
    state->accepted_price = (struct opt_double){0};
    state->accepted_at_us = (struct opt_long){0};
    state->recent_count = 0;
    state->supply = 0;
    source_set_currency(slot, currency);
}

/** Notes whether the price changed, and since when it has been changing without a pause of lag_s. */
static void note_change(struct source_state *state, const struct rule_input *input)
{
    const int64_t at_us = input->quote->observed_at_us;
    if (state->price == 0) /* its first */
        return;
    if (state->price == input->price) {
        state->unchanged++;
        return;
    }
    if (at_us - state->changed_at_us > input->settings->lag_s * US_PER_S)
        state->moving_since_us = at_us;
    state->changed_at_us = at_us;
    state->unchanged = 0;
}

/** Counts the polls for which the price goes its way from where it leapt to. A price that stands still adds nothing. */
static void note_stray(struct source_state *state, const struct rule_input *input, bool leapt)
{
    if (!leapt || !steps_on(input))
        state->strayed = leapt;
    else if (state->price != input->price)
        state->strayed++;
}

/** Moves the memory of the source on. */
static void remember(struct source_slot *slot, const struct trial *trial)
{
    const struct rule_input *input = &trial->input;
    const struct quote *quote = input->quote;
    struct source_state *state = &slot->state;
    if (!str_equal(state->currency, input->currency))
        change_currency(slot, input->currency);
    note_stray(state, input, has_fired(trial, &jump_rule));
    note_change(state, input);
    usual_move_on(state, input);
    if (trial->verdict == VERDICT_PASS)
        source_accept(slot, (struct sighting){.observed_at_us = quote->observed_at_us, .price = input->price});
    state->price = input->price;
    state->observed_at_us = quote->observed_at_us;
    state->observed_resolution_s = quote->observed_resolution_s;
    state->fetched_at_us = quote->fetched_at_us;
    state->observation = input->observation;
    state->verdict = trial->verdict;
    state->excluded = standing_is_bad(input->standing);
    state->doubted = state->excluded || has_fired(trial, &jump_rule);
}

/** Publishes the consensus of the asset when it is due. */
static void make_consensus(struct asset_memory *asset, const struct trial *trial, struct arena *arena, struct judgement *out)
{
    out->has_consensus = publication_of(asset, trial->input.quote, trial->input.currency, arena, &out->consensus);
    out->consensus.rules_version = out->clean.rules_version;
    out->consensus.raw_partition = out->clean.raw_partition;
    out->consensus.raw_offset = out->clean.raw_offset;
}

void engine_judge(struct partition_memory *memory, const struct quote *quote, const struct raw_origin *origin,
                  struct arena *arena, struct judgement *out)
{
    FILLED_AS_READ struct trial trial;
    struct asset_memory *asset = asset_find(memory, quote->asset);
    out->asset = asset;
    out->anomalies = NULL;
    out->anomaly_count = 0;
    out->has_consensus = false;
    try_quote(&trial, memory, asset, quote);
    make_clean(&trial, rule_settings_version(memory->settings), origin, arena, &out->clean);
    name_restated(&trial, &out->clean);
    make_anomalies(&trial, arena, out);
    if (trial.verdict == VERDICT_REJECT || has_fired(&trial, &late_rule) ||
        (!asset && !(asset = asset_obtain(memory, quote->asset))))
        return;
    out->asset = asset;
    if (trial.verdict == VERDICT_PASS)
        hindsight_apply(asset, &trial.input);
    struct source_slot *slot = trial.slot ? trial.slot : source_obtain(asset, quote->source, memory->settings);
    remember(slot, &trial);
    slot->raw_offset = origin->offset;
    make_consensus(asset, &trial, arena, out);
    asset->raw_offset = origin->offset;
    asset->timestamp_ms = origin->timestamp_ms;
    asset_changed(memory, asset);
}
