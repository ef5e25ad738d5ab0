#include "ingest/history.h"

#include <string.h>

const struct endpoint *history_endpoint(const struct provider *provider)
{
    return provider->history ? provider_endpoint(provider, provider->history) : NULL;
}

const struct provider *history_provider(const struct config *config, const struct asset_settings *asset, const char *name)
{
    for (size_t i = 0; providers[i]; i++) {
        const struct provider *provider = providers[i];
        const struct provider_settings *settings = config_provider(config, provider->name);
        if ((!name || strcmp(name, provider->name) == 0) && settings && settings->enabled && history_endpoint(provider) &&
            asset_symbol_at(asset, provider->name))
            return provider;
    }
    return NULL;
}
