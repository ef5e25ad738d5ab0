#include "board/resources/rows.h"

const struct resource *const resources[] = {
    &resource_assets,    &resource_candles,   &resource_lines,
    &resource_anomalies, &resource_providers, &resource_quota,
    &resource_rankings,  &resource_markets,   NULL,
};
