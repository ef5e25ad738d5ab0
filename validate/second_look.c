#include "validate/second_look.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

#include "validate/peers.h"

/** Longest run of polls that is taken for one fault. */
#define RUN_MAX 12
/** The levels on both sides of a run may differ by that part of how far it is off, and another source may have moved by it. */
#define BACK_PART 0.5
/** With both sides in view sources may be asked that are further apart than in a stream: times the class's fresh_s. */
#define FRESH_TIMES 8
/** What was suspect comes back within that part of the limit, as in the stream. */
#define COME_BACK 0.5
/** Deviations by which a lone source must have left and come back: fewer than in a stream, which sees one of the two steps. */
#define LONE_Z 6

/** The prices of one source that pass, in the order of their times. */
struct track {
    struct str source;
    struct str currency;
    int group;
    int64_t resolution_s;
    struct sighting *sightings;
    size_t count;
    struct sighting shown[RECENT_MAX]; /* what its slot shows of it now */
};

/** What is looked for, in this order. */
enum stage {
    STAGE_REFUTE,         /* what passed and is contradicted by what passes */
    STAGE_REFUTE_DOUBTED, /* what passed and is contradicted by several that agree, suspect or not: word against word no more */
    STAGE_CONFIRM         /* what was suspect and is confirmed by what passes */
};

/** A history on its way through the second look. */
struct history {
    struct look_quote *quotes;
    size_t count;
    enum market market;
    struct class_settings paired; /* for what is compared with other sources */
    struct class_settings lone;   /* for what is compared with nothing but itself */
    struct track tracks[SOURCES_MAX];
    size_t track_count;
    struct source_slot *slots[SOURCES_MAX]; /* of the track of the same number */
    struct asset_memory asset;              /* the tracks as the engine's memory would show them around one quote */
};

/** A quote with what stands around it. */
struct scene {
    const struct look_quote *quote;
    const struct track *own; /* NULL: none of its prices pass */
    size_t left, right;      /* of the own track: the last price before the run of the quote, the first behind it */
    struct quote record;
    struct peer items[SOURCES_MAX];
    struct peers peers;
    struct pace pace;
    struct rule_input input;
};

/** The track of a source, made when it is new; NULL when there are too many. */
static struct track *obtain_track(struct history *history, const struct look_quote *quote)
{
    for (size_t i = 0; i < history->track_count; i++) {
        struct track *track = &history->tracks[i];
        if (str_equal(track->source, quote->source) && str_equal(track->currency, quote->currency))
            return track;
    }
    if (history->track_count == SOURCES_MAX)
        return NULL;
    struct track *track = &history->tracks[history->track_count];
    *track = (struct track){.source = quote->source,
                            .currency = quote->currency,
                            .group = quote->group,
                            .resolution_s = quote->observed_resolution_s};
    track->sightings = xcalloc(history->count, sizeof(*track->sightings));
    history->slots[history->track_count++] = xcalloc(1, sizeof(struct source_slot));
    return track;
}

/** Orders sightings by time. */
static int compare_sightings(const void *a, const void *b)
{
    const int64_t one = ((const struct sighting *)a)->observed_at_us, other = ((const struct sighting *)b)->observed_at_us;
    return (one > other) - (one < other);
}

/** Whether a quote is a witness as far as is known by now. */
static bool is_witness(const struct look_quote *quote, enum stage stage)
{
    return (quote->verdict == VERDICT_PASS && quote->look != LOOK_REFUTED) ||
           (stage == STAGE_REFUTE_DOUBTED && quote->by_distance);
}

/** Fills the tracks with the witnesses of a stage: one price for each time. */
static void fill_tracks(struct history *history, enum stage stage)
{
    for (size_t i = 0; i < history->track_count; i++)
        history->tracks[i].count = 0;
    for (size_t i = 0; i < history->count; i++) {
        const struct look_quote *quote = &history->quotes[i];
        struct track *track = is_witness(quote, stage) ? obtain_track(history, quote) : NULL;
        if (track)
            track->sightings[track->count++] = (struct sighting){.observed_at_us = quote->observed_at_us, .price = quote->price};
    }
    for (size_t i = 0; i < history->track_count; i++) {
        struct track *track = &history->tracks[i];
        size_t kept = 0;
        qsort(track->sightings, track->count, sizeof(*track->sightings), compare_sightings);
        for (size_t k = 0; k < track->count; k++) {
            if (kept && track->sightings[kept - 1].observed_at_us == track->sightings[k].observed_at_us)
                kept--;
            track->sightings[kept++] = track->sightings[k];
        }
        track->count = kept;
    }
}

/** Number of sightings before a time. */
static size_t seek(const struct track *track, int64_t at_us)
{
    size_t low = 0, high = track->count;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (track->sightings[middle].observed_at_us < at_us)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/** Puts the sightings around a gap, which begins behind `left` of them and ends before `right`, into the slot of a track. */
static void show(struct source_slot *slot, struct track *track, size_t left, size_t right, const struct look_quote *quote)
{
    const size_t side = RECENT_MAX / 2, first = left > side ? left - side : 0;
    size_t count = 0;
    for (size_t i = first; i < left; i++)
        track->shown[count++] = track->sightings[i];
    for (size_t i = right; i < track->count && i < right + side; i++)
        track->shown[count++] = track->sightings[i];
    slot->group = track->group;
    slot->state = (struct source_state){.source = track->source,
                                        .currency = track->currency,
                                        .verdict = VERDICT_PASS,
                                        .observed_resolution_s = track->resolution_s,
                                        .fetched_at_us = quote->fetched_at_us,
                                        .recent = track->shown,
                                        .recent_count = count};
    if (count == 0) { /* its price is not asked for: it is too far in time */
        slot->state.price = quote->price;
        slot->state.observed_at_us = INT64_MIN / 4;
        return;
    }
    slot->state.price = track->shown[count - 1].price;
    slot->state.observed_at_us = track->shown[count - 1].observed_at_us;
}

/** Finds the run of polls at the quote's level in its own track. */
static void find_run(struct scene *scene, double same_bps)
{
    const struct look_quote *quote = scene->quote;
    const struct sighting *all = scene->own->sightings;
    scene->left = scene->right = seek(scene->own, quote->observed_at_us);
    while (scene->left > 0 && fabs(log_return_bps(quote->price, all[scene->left - 1].price)) <= same_bps &&
           scene->right - scene->left <= RUN_MAX)
        scene->left--;
    while (scene->right < scene->own->count && fabs(log_return_bps(quote->price, all[scene->right].price)) <= same_bps &&
           scene->right - scene->left <= RUN_MAX)
        scene->right++;
}

/** Sets up what the rules would see of the quote with both sides in view. */
static void set_scene(struct history *history, const struct look_quote *quote, struct scene *scene)
{
    scene->quote = quote;
    scene->own = NULL;
    scene->pace.known = false;
    scene->peers = (struct peers){0};
    scene->record = (struct quote){.source = quote->source,
                                   .currency = quote->currency,
                                   .price = quote->price,
                                   .observed_at_us = quote->observed_at_us,
                                   .observed_resolution_s = quote->observed_resolution_s,
                                   .fetched_at_us = quote->fetched_at_us};
    scene->input = (struct rule_input){.quote = &scene->record,
                                       .rate = 1,
                                       .price = quote->price,
                                       .currency = quote->currency,
                                       .peers = &scene->peers,
                                       .pace = &scene->pace,
                                       .settings = &history->paired};
    for (size_t i = 0; i < history->track_count; i++) {
        struct track *track = &history->tracks[i];
        const bool own = str_equal(track->source, quote->source);
        size_t left = seek(track, quote->observed_at_us), right = left;
        if (own && str_equal(track->currency, quote->currency)) {
            scene->own = track;
            find_run(scene, history->paired.divergence_floor_bps);
            left = scene->left;
            right = scene->right;
            scene->input.previous = &history->slots[i]->state;
        }
        show(history->slots[i], track, left, right, quote);
    }
    peers_find(&history->asset, &scene->input, quote->group, scene->items, &scene->peers);
}

/** How far the quote's run left both sides of its track and came back, in basis points; 0: it did not. */
static double left_and_back_bps(const struct scene *scene)
{
    const struct track *own = scene->own;
    if (!own || scene->left == 0 || scene->right >= own->count || scene->right - scene->left > RUN_MAX)
        return 0;
    const double there = log_return_bps(own->sightings[scene->left - 1].price, scene->quote->price);
    const double back = log_return_bps(own->sightings[scene->right].price, scene->quote->price);
    const double deviation = fmin(fabs(there), fabs(back));
    return there * back > 0 && fabs(there - back) < BACK_PART * deviation ? deviation : 0;
}

/** Time of the own price before the run, and of that behind it. */
static int64_t left_us(const struct scene *scene)
{
    assert(scene->own);
    return scene->own->sightings[scene->left - 1].observed_at_us;
}
static int64_t right_us(const struct scene *scene)
{
    assert(scene->own);
    return scene->own->sightings[scene->right].observed_at_us;
}

/** Whether all peers went on while the quote's run was away: none moved by half as far. */
static bool peers_went_on(const struct scene *scene, double deviation_bps)
{
    for (size_t i = 0; i < scene->peers.count; i++) {
        const struct peer *peer = &scene->peers.items[i];
        const struct sighting *before = past_nearest(peer->state, left_us(scene)),
                              *after = past_nearest(peer->state, right_us(scene));
        if (!before || !after || fabs(log_return_bps(before->price, peer->price)) > BACK_PART * deviation_bps ||
            fabs(log_return_bps(after->price, peer->price)) > BACK_PART * deviation_bps)
            return false;
    }
    return true;
}

/** Whether some peer has spoken after the quote: what was under way then is known. */
static bool is_known_after(const struct scene *scene)
{
    for (size_t i = 0; i < scene->peers.count; i++) {
        const struct source_state *state = scene->peers.items[i].state;
        if (state->recent_count && state->recent[state->recent_count - 1].observed_at_us > scene->quote->observed_at_us)
            return true;
    }
    return false;
}

/** Whether the run of a lone source left and came back by more than a jump. */
static bool jumped_and_back(struct history *history, struct scene *scene)
{
    const double deviation = left_and_back_bps(scene);
    if (deviation <= history->lone.jump_floor_bps)
        return false;
    const int64_t own_us = scene->quote->observed_at_us;
    scene->input.settings = &history->lone;
    return deviation > step_limit_bps(&scene->input, left_us(scene), own_us) &&
           deviation > step_limit_bps(&scene->input, own_us, right_us(scene));
}

/** Whether a peer says about what the quote says. */
static bool is_backed(const struct history *history, const struct scene *scene)
{
    for (size_t i = 0; i < scene->peers.count; i++) {
        if (fabs(distance_bps(scene->quote->price, scene->peers.items[i].price)) <= history->paired.divergence_floor_bps)
            return true;
    }
    return false;
}

/** How many prices of the own track beside the run are the very figure that it left. */
static size_t count_still(const struct scene *scene)
{
    const struct track *own = scene->own;
    const double figure = own->sightings[scene->left - 1].price;
    size_t first = scene->left, end = scene->right;
    while (first > 0 && own->sightings[first - 1].price == figure)
        first--;
    while (end < own->count && own->sightings[end].price == figure)
        end++;
    return scene->left - first + end - scene->right;
}

/**
 * Whether the price left the very figure to which it came back while nothing was traded, and stood there for longer than the run:
 * a price that moves does not do that.
 */
static bool stood_still_but_for_the_run(const struct history *history, const struct scene *scene)
{
    const double deviation = left_and_back_bps(scene);
    const struct track *own = scene->own;
    if (!own || deviation <= history->paired.divergence_floor_bps ||
        calendar_is_open(history->market, scene->quote->observed_at_us))
        return false;
    return own->sightings[scene->left - 1].price == own->sightings[scene->right].price &&
           count_still(scene) > scene->right - scene->left && !is_backed(history, scene);
}

/** Whether several that agree with each other contradict the quote, and those at its level with it are fewer. */
static bool is_outvoted(const struct history *history, const struct scene *scene, struct votes votes)
{
    const double spread_bps = scene->peers.spread / scene->peers.median.value * 1e4;
    return votes.sources_against >= 2 && votes.sources_with + 1 < votes.sources_against &&
           (votes.sources_with > 0 || spread_bps <= history->paired.divergence_floor_bps);
}

/** Whether what came later contradicts a quote that passed. */
static bool is_refuted(struct history *history, struct scene *scene, enum stage stage)
{
    if (stage == STAGE_REFUTE && stood_still_but_for_the_run(history, scene))
        return true;
    if (!scene->peers.median.set)
        return stage == STAGE_REFUTE && jumped_and_back(history, scene);
    const struct votes votes = votes_of_peers(&scene->input, 1);
    if (votes.sources_against <= votes.sources_with || !is_known_after(scene))
        return false;
    if (stage == STAGE_REFUTE_DOUBTED || is_outvoted(history, scene, votes))
        return is_outvoted(history, scene, votes);
    const double deviation = left_and_back_bps(scene);
    return votes.sources_with == 0 && deviation > history->paired.divergence_floor_bps && peers_went_on(scene, deviation);
}

/** Whether a lone source went on from where it leapt to, and was still nearer to it than to where it came from some polls later.
 */
static bool went_on(const struct scene *scene)
{
    const struct track *own = scene->own;
    if (!own || !scene->quote->by_jump || scene->left == 0)
        return false;
    const size_t next = seek(own, scene->quote->observed_at_us);
    if (next + RUN_MAX >= own->count)
        return false;
    const struct sighting *after = &own->sightings[next], *later = after + RUN_MAX;
    const double limit = step_limit_bps(&scene->input, scene->quote->observed_at_us, after->observed_at_us);
    return fabs(log_return_bps(scene->quote->price, after->price)) <= limit &&
           fabs(log_return_bps(scene->quote->price, later->price)) <
               fabs(log_return_bps(own->sightings[scene->left - 1].price, later->price));
}

/** Whether what came later speaks for a quote that was suspect. */
static bool is_confirmed(const struct scene *scene)
{
    if (!scene->peers.median.set)
        return went_on(scene);
    const struct votes votes = votes_of_peers(&scene->input, COME_BACK);
    return votes.sources_with > 0 && votes.sources_with + 1 > votes.sources_against &&
           votes.with * (1 + 1 / votes.sources_with) > votes.against;
}

/** Looks at the quotes that a stage is about. */
static void look_at(struct history *history, enum stage stage)
{
    struct scene scene;
    fill_tracks(history, stage);
    history->asset.slots = history->slots;
    history->asset.slot_count = history->track_count;
    for (size_t i = 0; i < history->count; i++) {
        struct look_quote *quote = &history->quotes[i];
        if (quote->look != LOOK_STANDS || (stage == STAGE_CONFIRM ? !quote->by_distance : quote->verdict != VERDICT_PASS))
            continue;
        set_scene(history, quote, &scene);
        if (stage != STAGE_CONFIRM && is_refuted(history, &scene, stage))
            quote->look = LOOK_REFUTED;
        else if (stage == STAGE_CONFIRM && is_confirmed(&scene))
            quote->look = LOOK_CONFIRMED;
    }
}

void second_look(struct look_quote *quotes, size_t count, enum market market, const struct class_settings *settings)
{
    struct history *history = xcalloc(1, sizeof(*history));
    history->quotes = quotes;
    history->count = count;
    history->market = market;
    history->paired = history->lone = *settings;
    history->paired.fresh_s *= FRESH_TIMES;
    history->lone.divergence_floor_bps = settings->jump_floor_bps;
    history->lone.divergence_z = fmin(settings->divergence_z, LONE_Z);
    look_at(history, STAGE_REFUTE);
    look_at(history, STAGE_REFUTE_DOUBTED);
    look_at(history, STAGE_CONFIRM);
    for (size_t i = 0; i < history->track_count; i++) {
        free(history->tracks[i].sightings);
        free(history->slots[i]);
    }
    free(history);
}
