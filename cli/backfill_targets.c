#include "cli/backfill_targets.h"

#include <fnmatch.h>
#include <string.h>

#include "base/clock.h"
#include "base/yaml.h"
#include "ingest/history.h"

/** Reads one day of an option. */
static bool read_day(const char *option, const char *text, int64_t now_us, int32_t *day, struct error *error)
{
    int64_t at_us;
    if (!time_parse_us(text, now_us, &at_us, error)) {
        error->code = ERROR_USAGE;
        return error_prefix(error, "%s", option);
    }
    *day = (int32_t)time_day_of_us(at_us);
    return true;
}

bool backfill_days(const struct backfill_words *words, int64_t now_us, struct days *days, struct error *error)
{
    const int32_t today = (int32_t)time_day_of_us(now_us);
    days->to = today;
    if (words->interval && strcmp(words->interval, BACKFILL_INTERVAL) != 0)
        return error_set(error, ERROR_USAGE, "--interval '%.20s': sources give histories of days, write %s", words->interval,
                         BACKFILL_INTERVAL);
    if (!words->from)
        return error_set(error, ERROR_USAGE, "backfill needs --from DAY, e.g. --from 2020-01-01 or --from -365d");
    if (!read_day("--from", words->from, now_us, &days->from, error) ||
        (words->to && !read_day("--to", words->to, now_us, &days->to, error)))
        return false;
    if (days->from >= today)
        return error_set(error, ERROR_USAGE, "--from %.40s: that day is not over yet", words->from);
    if (days->to > today)
        return error_set(error, ERROR_USAGE, "--to %.40s is in the future: histories go up to yesterday, as without --to",
                         words->to);
    if (days->from >= days->to)
        return error_set(error, ERROR_USAGE, "--from %.40s is not before --to %.40s, which is the day behind the last",
                         words->from, words->to);
    if (days->from < BACKFILL_FIRST_DAY)
        return error_set(error, ERROR_USAGE, "--from %.40s: no source goes back beyond 1900", words->from);
    return true;
}

/** The next word of a list; false at its end. */
static bool next_word(const char **list, struct arena *arena, const char **word)
{
    const char *begin = *list + strspn(*list, ", ");
    const size_t len = strcspn(begin, ", ");
    *list = begin + len;
    *word = arena_strdup(arena, (struct str){.ptr = begin, .len = len});
    return len > 0;
}

/** Whether a word has signs of a pattern. */
static bool is_pattern(const char *word)
{
    return strpbrk(word, "*?[") != NULL;
}

/** Says that no asset has that id, and which is near. */
static bool unknown_asset(const struct config *config, const char *word, struct arena *arena, struct error *error)
{
    const char **ids = arena_alloc(arena, (config->asset_count + 1) * sizeof(*ids));
    for (size_t i = 0; i < config->asset_count; i++)
        ids[i] = config->assets[i].id;
    const char *near = nearest_word(word, ids, config->asset_count);
    if (is_pattern(word))
        return error_set(error, ERROR_USAGE, "--assets: no configured asset is meant by '%.60s'", word);
    return error_set(error, ERROR_USAGE, "--assets: there is no asset '%.60s'%s%s%s", word, near ? ", did you mean " : "",
                     near ? near : "", near ? "?" : ": `quotebus assets` lists them");
}

/** Checks the name of a source. */
static bool check_source(const struct config *config, const char *name, struct error *error)
{
    const char *names[64];
    size_t count = 0;
    if (!name)
        return true;
    const struct provider *provider = provider_find(name);
    const struct provider_settings *settings = config_provider(config, name);
    for (size_t i = 0; providers[i] && count < sizeof(names) / sizeof(names[0]); i++) {
        if (history_endpoint(providers[i]))
            names[count++] = providers[i]->name;
    }
    const char *near = nearest_word(name, names, count);
    if (!provider)
        return error_set(error, ERROR_USAGE, "--source: there is no provider '%.40s'%s%s%s", name, near ? ", did you mean " : "",
                         near ? near : "", near ? "?" : "");
    if (!history_endpoint(provider))
        return error_set(error, ERROR_USAGE, "--source: %.40s gives no histories", name);
    if (!settings || !settings->enabled)
        return error_set(error, ERROR_USAGE, "--source: %.40s is not enabled in %.200s", name, config->path);
    return true;
}

/** Whether an asset is among the targets. */
static bool has_target(const struct backfill_targets *targets, const char *asset)
{
    for (size_t i = 0; i < targets->count; i++) {
        if (strcmp(targets->items[i].asset, asset) == 0)
            return true;
    }
    return false;
}

/** Adds an asset that was named. False: by its id, and no source has its history. */
static bool add_asset(const struct config *config, const struct asset_settings *asset, const char *word, const char *source,
                      struct days days, struct backfill_targets *targets, struct error *error)
{
    const struct provider *provider = history_provider(config, asset, source);
    if (has_target(targets, asset->id))
        return true;
    if (!provider) {
        targets->without_source++;
        return is_pattern(word) || error_set(error, ERROR_USAGE, "%s has no symbol at %s: give it one in %.200s", asset->id,
                                             source ? source : "a source that gives histories", config->path);
    }
    targets->items[targets->count++] = (struct backfill_target){
        .asset = asset->id, .source = provider->name, .symbol = asset_symbol_at(asset, provider->name), .days = days};
    return true;
}

/** Adds the assets that a word means. */
static bool add_word(const struct config *config, const char *word, const char *source, struct days days, struct arena *arena,
                     struct backfill_targets *targets, struct error *error)
{
    size_t found = 0;
    for (size_t i = 0; i < config->asset_count; i++) {
        if (fnmatch(word, config->assets[i].id, 0) != 0)
            continue;
        found++;
        if (!add_asset(config, &config->assets[i], word, source, days, targets, error))
            return false;
    }
    return found > 0 || unknown_asset(config, word, arena, error);
}

bool backfill_find_targets(const struct config *config, const struct backfill_words *words, struct days days, struct arena *arena,
                           struct backfill_targets *targets, struct error *error)
{
    const char *list = words->assets, *word;
    *targets = (struct backfill_targets){.items = arena_alloc(arena, config->asset_count * sizeof(*targets->items))};
    if (!list)
        return error_set(error, ERROR_USAGE, "backfill needs --assets, e.g. --assets 'equity:AAPL,crypto:*'");
    if (!check_source(config, words->source, error))
        return false;
    while (next_word(&list, arena, &word)) {
        if (!add_word(config, word, words->source, days, arena, targets, error))
            return false;
    }
    return targets->count > 0 ||
           error_set(error, ERROR_USAGE, "--assets '%.60s' means no asset that a source has a history of", words->assets);
}

/** Whether a list of words means an asset; no list means all. */
static bool means(const char *list, const char *asset, struct arena *arena)
{
    const char *word;
    if (!list)
        return true;
    while (next_word(&list, arena, &word)) {
        if (fnmatch(word, asset, 0) == 0)
            return true;
    }
    return false;
}

/** The symbol of an asset at a source; "" when the configuration has none. */
static const char *symbol_of(const struct config *config, const char *asset, const char *source)
{
    for (size_t i = 0; i < config->asset_count; i++) {
        if (strcmp(config->assets[i].id, asset) == 0) {
            const char *symbol = asset_symbol_at(&config->assets[i], source);
            return symbol ? symbol : "";
        }
    }
    return "";
}

void backfill_find_requests(const struct config *config, const struct board *board, const struct backfill_words *words,
                            struct arena *arena, struct backfill_targets *targets)
{
    *targets = (struct backfill_targets){.items = arena_alloc(arena, board->request_count * sizeof(*targets->items))};
    for (size_t i = 0; i < board->request_count; i++) {
        const struct wanted *wanted = &board->requests[i];
        if (!means(words->assets, wanted->asset, arena) || (words->source && strcmp(words->source, wanted->source) != 0))
            continue;
        targets->items[targets->count++] = (struct backfill_target){.asset = wanted->asset,
                                                                    .source = wanted->source,
                                                                    .symbol = symbol_of(config, wanted->asset, wanted->source),
                                                                    .days = wanted->days};
    }
}
