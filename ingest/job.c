#include "ingest/job.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

/** Collects the assets that the job is about and the provider has a symbol for. */
static void bind_assets(struct job *job, const struct config *config, const struct roster *roster)
{
    job->assets = xcalloc(roster->count + 1, sizeof(void *));
    for (size_t i = 0; i < config->asset_count; i++) {
        struct roster_entry *entry =
            job_covers(job->settings, &config->assets[i]) ? roster_find(roster, config->assets[i].id) : NULL;
        if (entry != NULL) {
            job->assets[job->asset_count++] = entry;
        }
    }
    size_t most = job->endpoint->batch_max;
    job->batch_count = most == BATCH_WHOLE ? 1 : (job->asset_count + most - 1) / most;
    job->under_way = xcalloc(job->batch_count + 1, sizeof *job->under_way);
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
              const struct roster *roster, uint64_t seed, struct error *error)
{
    *job = (struct job){.settings = settings};
    if (!bind_endpoints(job, config, provider, error) || !check_params(job, config, error)) {
        return false;
    }
    bind_assets(job, config, roster);
    schedule_init(&job->schedule, settings->name, settings->every_s, seed);
    return try_symbols(job, config, error);
}

void job_clear(struct job *job)
{
    free(job->assets);
    free(job->under_way);
    memset(job, 0, sizeof *job);
}

/** A call for `count` entries. */
static struct call *slot_call(struct job *job, size_t batch, struct roster_entry *const *entries, size_t count, int64_t now_ms)
{
    struct call *call = call_new(job->endpoint, job->lane, count);
    call->job = job;
    call->fallback = job->fallback;
    call->batch = batch;
    call->not_before_ms = now_ms;
    call->params = job->settings->params;
    call->param_count = job->settings->param_count;
    for (size_t i = 0; i < count; i++) {
        call->assets[i] = entries[i]->asset;
    }
    return call;
}

size_t job_queue_slot(struct job *job, struct call_queue *queue, int64_t now_ms)
{
    size_t skipped = 0;
    size_t active = 0;
    struct roster_entry **chosen = xcalloc(job->asset_count + 1, sizeof(void *));
    for (size_t i = 0; i < job->asset_count; i++) {
        if (!job->assets[i]->inactive) {
            chosen[active++] = job->assets[i];
        }
    }
    size_t most = job->endpoint->batch_max;
    for (size_t batch = 0, first = 0; first < active || (most == BATCH_WHOLE && batch == 0); batch++, first += most) {
        size_t count = active - first < most ? active - first : most;
        if (job->under_way[batch]) {
            skipped++;
            continue;
        }
        job->under_way[batch] = true;
        call_queue_push(queue, slot_call(job, batch, chosen + first, count, now_ms));
    }
    free(chosen);
    return skipped;
}

void job_batch_over(struct job *job, size_t batch)
{
    assert(job->under_way[batch]);
    job->under_way[batch] = false;
}
