#include "cli/symbols.h"

#include <string.h>

/** Longest code of an asset. */
#define CODE_MAX 48

/** Whether a symbol means an asset: its code, or its symbol at one of the providers. */
static bool means(const struct asset_settings *asset, struct str symbol)
{
    const char *code = strchr(asset->id, ':');
    bool found = code && str_is(symbol, code + 1);
    for (size_t i = 0; !found && i < asset->symbol_count; i++)
        found = str_is(symbol, asset->symbols[i].symbol);
    return found;
}

/** The one configured asset that a symbol means: NULL when there is none or another one too, which *other gets. */
static const struct asset_settings *find(const struct config *config, struct str symbol, const char *asset_class,
                                         const struct asset_settings **other)
{
    const struct asset_settings *found = NULL;
    *other = NULL;
    for (size_t i = 0; i < config->asset_count; i++) {
        const struct asset_settings *asset = &config->assets[i];
        if (str_is(symbol, asset->id))
            return asset;
        if ((asset_class && strcmp(asset->asset_class, asset_class) != 0) || !means(asset, symbol))
            continue;
        if (found) {
            *other = asset;
            return found;
        }
        found = asset;
    }
    return found;
}

/** Whether a symbol can be the code of an asset. */
static bool can_be_code(struct str symbol)
{
    bool good = symbol.len > 0 && symbol.len <= CODE_MAX;
    for (size_t i = 0; good && i < symbol.len; i++) {
        const char c = symbol.ptr[i];
        good = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c != '\0' && strchr("._-^=", c));
    }
    return good;
}

bool symbol_asset(const struct config *config, struct str symbol, const char *asset_class, struct arena *arena, struct str *asset,
                  struct error *error)
{
    const struct asset_settings *other;
    const struct asset_settings *found = find(config, symbol, asset_class, &other);
    const int len = (int)(symbol.len < 60 ? symbol.len : 60);
    if (found && other)
        return error_set(error, ERROR_INVALID, "symbol %.*s may mean %s or %s: say --class", len, symbol.ptr, found->id,
                         other->id);
    if (found) {
        *asset = str_from(found->id);
        return true;
    }
    if (!asset_class)
        return error_set(error, ERROR_INVALID, "symbol '%.*s' is that of no configured asset: add it, or say --class", len,
                         symbol.ptr);
    if (!can_be_code(symbol))
        return error_set(error, ERROR_INVALID, "symbol '%.*s' cannot be the code of an asset", len, symbol.ptr);
    *asset = str_from(arena_printf(arena, "%s:%.*s", asset_class, STR_ARG(symbol)));
    return true;
}
