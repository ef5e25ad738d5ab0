#include "ingest/job.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/yaml.h"

/** Most words that "did you mean" looks at. */
#define WORDS_MAX 32

/** Fills `error` with the place of a field of a job, what is wrong, and the nearest of the words that are right. */
static bool unknown_word(const struct config *config, const struct job_settings *settings, const char *field, const char *problem,
                         const char *word, const char *const *words, size_t count, struct error *error)
{
    const char *nearest = nearest_word(word, words, count);
    return error_set(error, ERROR_USAGE, "%s:%d: jobs.%s.%s: %s '%s'%s%s%s", config->path, settings->line, settings->name, field,
                     problem, word, nearest != NULL ? "; did you mean " : "", nearest != NULL ? nearest : "",
                     nearest != NULL ? "?" : "");
}

const struct provider *job_provider(const struct config *config, const struct job_settings *settings, struct error *error)
{
    const char *words[WORDS_MAX];
    size_t count = 0;
    const struct provider *provider = provider_find(settings->provider);
    if (provider != NULL) {
        return provider;
    }
    for (; count < WORDS_MAX && providers[count] != NULL; count++) {
        words[count] = providers[count]->name;
    }
    unknown_word(config, settings, "provider", "there is no provider", settings->provider, words, count, error);
    return NULL;
}

/** The endpoint of that name; `field` says which field of the job names it. NULL with ERROR_USAGE when there is none. */
static const struct endpoint *find_endpoint(const struct job *job, const struct config *config, const struct provider *provider,
                                            const char *field, const char *name, struct error *error)
{
    const char *words[WORDS_MAX];
    char problem[80];
    size_t count = 0;
    const struct endpoint *endpoint = provider_endpoint(provider, name);
    if (endpoint != NULL) {
        return endpoint;
    }
    for (; count < provider->endpoint_count && count < WORDS_MAX; count++) {
        words[count] = provider->endpoints[count].name;
    }
    snprintf(problem, sizeof problem, "%s has no endpoint", provider->name);
    unknown_word(config, job->settings, field, problem, name, words, count, error);
    return NULL;
}

/** Finds the endpoint of a job, and the one in its place: that has to take as many assets, and gets no parameters. */
static bool bind_endpoints(struct job *job, const struct config *config, const struct provider *provider, struct error *error)
{
    const struct job_settings *settings = job->settings;
    job->endpoint = find_endpoint(job, config, provider, "endpoint", settings->endpoint, error);
    if (job->endpoint == NULL || settings->fallback[0] == '\0') {
        return job->endpoint != NULL;
    }
    job->fallback = find_endpoint(job, config, provider, "fallback", settings->fallback, error);
    if (job->fallback != NULL &&
        (job->fallback == job->endpoint || job->fallback->batch_max < job->endpoint->batch_max || settings->param_count > 0)) {
        return error_set(error, ERROR_USAGE, "%s:%d: jobs.%s.fallback: '%s' cannot stand in for '%s'%s", config->path,
                         settings->line, settings->name, settings->fallback, settings->endpoint,
                         settings->param_count > 0 ? " with its params" : "");
    }
    return job->fallback != NULL;
}

bool endpoint_is_lone(const struct endpoint *endpoint)
{
    return endpoint->batch_max == BATCH_WHOLE;
}

/** Collects the assets that the job is about and the lane has a symbol for. */
static void bind_assets(struct job *job, const struct config *config, const struct roster *roster)
{
    bool lone = endpoint_is_lone(job->endpoint);
    uint64_t hash = 0;
    job->assets = xcalloc(roster->count + 1, sizeof(void *));
    for (size_t i = 0; i < config->asset_count; i++) {
        struct roster_entry *entry =
            job_covers(job->settings, &config->assets[i]) ? roster_find(roster, config->assets[i].id) : NULL;
        if (entry != NULL) {
            job->assets[job->asset_count++] = entry;
            hash = name_seed(entry->asset.asset, hash);
        }
    }
    job->assets_hash = (int64_t)hash;
    job->place_count = lone ? 1 : job->asset_count;
    job->under_way = xcalloc(job->place_count + 1, sizeof *job->under_way);
}

/** Refuses parameters that the endpoint does not take; those it takes are judged when a request is built. */
static bool check_params(const struct job *job, const struct config *config, struct error *error)
{
    static const char *const none[] = {NULL};
    const char *const *words = job->endpoint->params != NULL ? job->endpoint->params : none;
    char problem[80];
    size_t count = 0;
    while (words[count] != NULL) {
        count++;
    }
    for (size_t i = 0; i < job->settings->param_count; i++) {
        const char *name = job->settings->params[i].name;
        size_t k = 0;
        while (k < count && strcmp(words[k], name) != 0) {
            k++;
        }
        if (k == count) {
            snprintf(problem, sizeof problem, "%s takes no parameter", job->endpoint->name);
            return unknown_word(config, job->settings, "params", problem, name, words, count, error);
        }
    }
    return true;
}

/** Builds one request per asset and throws it away, so that a symbol of a wrong form is found at the start. */
static bool try_symbols(const struct job *job, const struct config *config, struct error *error)
{
    struct buf path = {0};
    struct buf headers = {0};
    bool fine = true;
    bool whole = job->endpoint->batch_max == BATCH_WHOLE;
    for (size_t i = 0; fine && i < (whole ? 1 : job->asset_count); i++) {
        const struct request_spec spec = {
            .assets = whole ? NULL : &job->assets[i]->asset,
            .asset_count = whole ? 0 : 1,
            .params = job->settings->params,
            .param_count = job->settings->param_count,
        };
        fine = job->endpoint->build(&spec, &path, &headers, error);
        buf_reset(&path);
        buf_reset(&headers);
    }
    buf_clear(&path);
    buf_clear(&headers);
    if (!fine) {
        error_prefix(error, "%s:%d: jobs.%s", config->path, job->settings->line, job->settings->name);
        error->code = ERROR_USAGE;
    }
    return fine;
}

bool job_bind(struct job *job, const struct config *config, const struct job_settings *settings, const struct provider *provider,
              const struct roster *roster, struct error *error)
{
    *job = (struct job){.settings = settings};
    if (!bind_endpoints(job, config, provider, error) || !check_params(job, config, error)) {
        return false;
    }
    job->has_market = config->ingest.market_hours && hours_from_word(settings->calendar, &job->market);
    job->priority = settings->priority > 0 ? settings->priority : endpoint_priority(job->endpoint);
    bind_assets(job, config, roster);
    return try_symbols(job, config, error);
}

void job_clear(struct job *job)
{
    free(job->assets);
    free(job->under_way);
    memset(job, 0, sizeof *job);
}

void job_start(struct job *job, int64_t jitter_us)
{
    const struct job_settings *settings = job->settings;
    const struct schedule_rule rule = {
        .every_us = settings->every_s * US_PER_S,
        .offset_us = settings->offset_s % settings->every_s * US_PER_S,
        .closed_every_us = settings->closed_every_s * US_PER_S,
        .settle_us = settings->settle_s * US_PER_S,
    };
    schedule_init(&job->schedule, &rule, jitter_us);
}

bool job_shares_calls(const struct job *a, const struct job *b)
{
    return a->lane == b->lane && a->endpoint == b->endpoint && a->fallback == b->fallback && !endpoint_is_lone(a->endpoint) &&
           !a->settings->rotate && !b->settings->rotate && a->settings->param_count == 0 && b->settings->param_count == 0;
}

/** Which assets a slot serves, by their hours. */
struct served {
    bool by_market[HOURS_COUNT];
    int64_t wall_us;
};

/** Asks the schedule once for each kind of hours. */
static struct served served_by(const struct job *job, const struct schedule_slot *slot, int64_t wall_us)
{
    struct served served = {.wall_us = wall_us};
    for (int market = 0; market < HOURS_COUNT; market++) {
        served.by_market[market] = schedule_serves(&job->schedule, slot, job->has_market ? job->market : (enum market)market);
    }
    return served;
}

/** Whether a position is called now, whatever is under way. */
static bool position_is_due(const struct job *job, const struct served *served, size_t position)
{
    if (endpoint_is_lone(job->endpoint)) {
        return served->by_market[MARKET_ALWAYS];
    }
    const struct roster_entry *entry = job->assets[position];
    return roster_callable(entry, served->wall_us) && served->by_market[entry->market];
}

/** The positions [from, until) among those that are due whose turn it is. */
static void find_turn(const struct job *job, const struct schedule_slot *slot, const struct served *served, size_t *from,
                      size_t *until)
{
    size_t due = 0;
    for (size_t i = 0; i < job->place_count; i++) {
        due += position_is_due(job, served, i) ? 1 : 0;
    }
    size_t per_call = endpoint_is_lone(job->endpoint) ? 1 : job->endpoint->batch_max;
    size_t turns = (due + per_call - 1) / per_call;
    *from = job->settings->rotate && turns > 0 ? (size_t)((uint64_t)slot->slot % turns) * per_call : 0;
    *until = job->settings->rotate ? *from + per_call : due;
}

size_t job_open_slot(struct job *job, const struct schedule_slot *slot, int64_t wall_us, struct call_part *parts, size_t *skipped)
{
    const struct served served = served_by(job, slot, wall_us);
    size_t from;
    size_t until;
    size_t due = 0;
    size_t count = 0;
    find_turn(job, slot, &served, &from, &until);
    for (size_t i = 0; i < job->place_count; i++) {
        if (!position_is_due(job, &served, i) || due++ < from || due > until) {
            continue;
        }
        if (job->under_way[i]) {
            (*skipped)++;
            continue;
        }
        job->under_way[i] = true;
        parts[count++] = (struct call_part){.job = job, .position = i};
    }
    return count;
}

size_t job_calls(const struct job *job)
{
    if (job->place_count == 0 || job->settings->rotate || endpoint_is_lone(job->endpoint)) {
        return job->place_count > 0 ? 1 : 0;
    }
    return (job->asset_count + job->endpoint->batch_max - 1) / job->endpoint->batch_max;
}

void job_close(struct job *job, size_t position)
{
    assert(position < job->place_count);
    job->under_way[position] = false;
}

void job_forget(struct job *job)
{
    memset(job->under_way, 0, job->place_count * sizeof *job->under_way);
    job->schedule.ran = false;
}

/** Writes the open positions as ranges, joining those with at most `gap` positions between them; false when they are too many. */
static bool list_ranges(const struct job *job, struct lane_job *entry, size_t gap)
{
    entry->open_count = 0;
    for (size_t i = 0; i < job->place_count; i++) {
        struct lane_range *last = entry->open_count > 0 ? &entry->open[entry->open_count - 1] : NULL;
        if (!job->under_way[i]) {
            continue;
        }
        if (last != NULL && i <= (size_t)(last->first + last->count) + gap) {
            last->count = (int64_t)i - last->first + 1;
        } else if (entry->open_count == LANE_RANGES_MAX) {
            return false;
        } else {
            entry->open[entry->open_count++] = (struct lane_range){.first = (int64_t)i, .count = 1};
        }
    }
    return true;
}

bool job_export(const struct job *job, struct lane_state *state, struct lane_job *entry)
{
    if (!job->schedule.ran) {
        return false;
    }
    *entry = (struct lane_job){
        .job = arena_str(&state->memory, str_from(job->settings->name)),
        .slot_us = schedule_slot_us(&job->schedule, job->schedule.last_slot),
        .assets_hash = job->assets_hash,
        .open = lane_state_room(state, LANE_RANGES_MAX, sizeof *entry->open),
    };
    for (size_t gap = 0; !list_ranges(job, entry, gap); gap = gap * 4 + 4) {
    }
    return true;
}

size_t job_import(struct job *job, const struct lane_job *entry, struct call_part *parts)
{
    size_t count = 0;
    job->schedule.ran = true;
    job->schedule.last_slot = schedule_slot_at(&job->schedule, entry->slot_us);
    if (entry->open_count > 0 && entry->assets_hash != job->assets_hash) {
        job->schedule.last_slot--;
        return 0;
    }
    for (size_t i = 0; i < entry->open_count; i++) {
        const struct lane_range *range = &entry->open[i];
        for (int64_t at = range->first; at >= 0 && at < range->first + range->count && at < (int64_t)job->place_count; at++) {
            bool callable = endpoint_is_lone(job->endpoint) || !job->assets[at]->inactive;
            if (callable && !job->under_way[at]) {
                job->under_way[at] = true;
                parts[count++] = (struct call_part){.job = job, .position = (size_t)at};
            }
        }
    }
    return count;
}
