#include "ingest/hours.h"

#include <string.h>

#include "market/listing.h"

bool hours_from_word(const char *word, enum market *market)
{
    static const char *const words[HOURS_COUNT] = {
        [MARKET_ALWAYS] = "always", [MARKET_WEEKDAYS] = "weekdays", [MARKET_FX] = "fx",
        [MARKET_XNYS] = "XNYS",     [MARKET_XLON] = "XLON",         [MARKET_XETR] = "XETR",
    };
    for (int i = 0; i < HOURS_COUNT; i++) {
        if (strcmp(word, words[i]) == 0) {
            *market = (enum market)i;
            return true;
        }
    }
    return false;
}

enum market hours_of(const struct config *config, const struct asset_settings *asset)
{
    enum market market = MARKET_ALWAYS;
    if (config->ingest.market_hours && !hours_from_word(asset->calendar, &market)) {
        market = listing_market(str_from(asset->id));
    }
    return market;
}
