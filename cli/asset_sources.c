#include "cli/asset_sources.h"

#include <stdio.h>
#include <string.h>

const struct column asset_sources_columns[] = {
    {"asset", "ASSET", COLUMN_TEXT},  {"class", "CLASS", COLUMN_TEXT},   {"sector", "SECTOR", COLUMN_TEXT},
    {"state", "STATE", COLUMN_STATE}, {"source", "SOURCE", COLUMN_TEXT}, {"symbol", "SYMBOL", COLUMN_TEXT},
    {"every_s", "EVERY", COLUMN_AGE}, {"job", "JOB", COLUMN_TEXT},       {"endpoint", NULL, COLUMN_TEXT},
};
const size_t asset_sources_column_count = sizeof(asset_sources_columns) / sizeof(asset_sources_columns[0]);

/** Whether a job polls an asset at a provider. */
static bool polls(const struct job_settings *job, const struct asset_settings *asset, const char *provider)
{
    return strcmp(job->provider, provider) == 0 && job_covers(job, asset);
}

/** Whether a provider is called at all. */
static bool is_called(const struct config *config, const char *provider)
{
    const struct provider_settings *settings = config_provider(config, provider);
    return settings && settings->enabled;
}

size_t asset_sources_count(const struct config *config, const struct asset_settings *asset)
{
    size_t count = 0;
    for (size_t i = 0; i < asset->symbol_count; i++) {
        const char *provider = asset->symbols[i].provider;
        bool polled = false;
        for (size_t k = 0; k < config->job_count; k++)
            polled = polled || polls(&config->jobs[k], asset, provider);
        count += polled && is_called(config, provider);
    }
    return count;
}

/** Adds a row. `job` NULL: nobody polls the symbol; `symbol` NULL: there is none. */
static void add_row(struct grid *grid, const struct asset_settings *asset, const char *state, const struct asset_symbol *symbol,
                    const struct job_settings *job)
{
    grid_text(grid, asset->id);
    grid_text(grid, asset->asset_class);
    grid_text(grid, *asset->sector ? asset->sector : NULL);
    grid_text(grid, state);
    grid_text(grid, symbol ? symbol->provider : NULL);
    grid_text(grid, symbol ? symbol->symbol : NULL);
    grid_optional(grid, job != NULL, job ? (double)job->every_s : 0);
    grid_text(grid, job ? job->name : NULL);
    grid_text(grid, job ? job->endpoint : NULL);
}

/** Adds the rows of one symbol: one per job that polls it. */
static void add_symbol(struct grid *grid, const struct config *config, const struct asset_settings *asset, const char *state,
                       const struct asset_symbol *symbol)
{
    bool polled = false;
    for (size_t i = 0; i < config->job_count; i++) {
        const struct job_settings *job = &config->jobs[i];
        if (is_called(config, symbol->provider) && polls(job, asset, symbol->provider)) {
            add_row(grid, asset, state, symbol, job);
            polled = true;
        }
    }
    if (!polled)
        add_row(grid, asset, state, symbol, NULL);
}

size_t asset_sources_gather(const struct config *config, struct grid *grid)
{
    size_t lacking = 0;
    for (size_t i = 0; i < config->asset_count; i++) {
        const struct asset_settings *asset = &config->assets[i];
        const size_t count = asset_sources_count(config, asset);
        const char *state = count >= ASSET_SOURCES_MIN ? "ok" : count == 1 ? "one source" : "no source";
        lacking += count < ASSET_SOURCES_MIN;
        for (size_t k = 0; k < asset->symbol_count; k++)
            add_symbol(grid, config, asset, state, &asset->symbols[k]);
        if (asset->symbol_count == 0)
            add_row(grid, asset, state, NULL, NULL);
    }
    return lacking;
}
