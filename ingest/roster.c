#include "ingest/roster.h"

#include <stdlib.h>
#include <string.h>

/** Orders entries by asset id. */
static int compare_entries(const void *a, const void *b)
{
    const struct roster_entry *left = a;
    const struct roster_entry *right = b;
    return strcmp(left->asset.asset, right->asset.asset);
}

void roster_init(struct roster *roster, const struct config *config, const char *provider)
{
    *roster = (struct roster){.entries = xcalloc(config->asset_count + 1, sizeof *roster->entries)};
    for (size_t i = 0; i < config->asset_count; i++) {
        const char *symbol = asset_symbol_at(&config->assets[i], provider);
        if (symbol != NULL) {
            roster->entries[roster->count++].asset = (struct request_asset){.asset = config->assets[i].id, .symbol = symbol};
        }
    }
    qsort(roster->entries, roster->count, sizeof *roster->entries, compare_entries);
}

void roster_clear(struct roster *roster)
{
    free(roster->entries);
    memset(roster, 0, sizeof *roster);
}

/** Orders an asset id and an entry. */
static int compare_id(const void *id, const void *entry)
{
    return strcmp(id, ((const struct roster_entry *)entry)->asset.asset);
}

struct roster_entry *roster_find(const struct roster *roster, const char *asset)
{
    return bsearch(asset, roster->entries, roster->count, sizeof *roster->entries, compare_id);
}

bool roster_should_ask(const struct roster_entry *entry, int64_t now_ms)
{
    bool fresh = entry->answered && now_ms - entry->answered_ms < ROSTER_ASK_AGAIN_MS;
    return !entry->inactive && !entry->asking && !fresh;
}

bool roster_retire(struct roster *roster, struct roster_entry *entry)
{
    if (entry->inactive) {
        return false;
    }
    entry->inactive = true;
    roster->inactive_count++;
    return true;
}
