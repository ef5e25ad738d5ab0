#include "ingest/source.h"

#include <stdlib.h>

#include "base/log.h"
#include "ingest/now.h"

/** Reads a provider's key from the environment. */
static const char *find_key(const struct provider_settings *settings)
{
    const char *key = settings->api_key_env[0] != '\0' ? getenv(settings->api_key_env) : NULL;
    if (settings->api_key_env[0] != '\0' && (key == NULL || key[0] == '\0')) {
        log_info("ingest", "a provider is called without a key of its own", F_STR("provider", settings->name),
                 F_STR("variable", settings->api_key_env));
        return NULL;
    }
    return key;
}

void sources_say_jobs(const struct planner *planner)
{
    for (size_t i = 0; i < planner_jobs(planner); i++) {
        struct job_view job;
        planner_job_view(planner, i, &job);
        LOG_AT(job.calls > 0 ? LOG_LEVEL_INFO : LOG_LEVEL_WARN, "ingest",
               job.calls > 0 ? "job" : "job without an asset that has a symbol at its provider", F_STR("job", job.settings->name),
               F_STR("provider", job.settings->provider), F_STR("endpoint", job.settings->endpoint),
               F_INT("every_s", job.settings->every_s), F_INT("assets", job.assets), F_INT("calls", job.calls));
    }
}

struct source *sources_new(const struct planner *planner)
{
    const struct moment now = moment_now();
    size_t count = planner_lanes(planner);
    struct source *sources = xcalloc(count + 1, sizeof *sources);
    for (size_t i = 0; i < count; i++) {
        struct lane_view view;
        planner_view(planner, i, &now, &view);
        sources[i].api_key = find_key(view.settings);
        sources[i].provider = planner_provider(planner, i);
        meters_init(&sources[i].meters, planner_provider(planner, i)->name);
        meters_show(&sources[i].meters, &view);
    }
    return sources;
}
