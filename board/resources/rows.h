/*
 * The resources that PostgreSQL answers, one file each. Private to board/resources.
 */
#ifndef QUOTEBUS_BOARD_RESOURCES_ROWS_H
#define QUOTEBUS_BOARD_RESOURCES_ROWS_H

#include "board/resource.h"

extern const struct resource resource_assets, resource_candles, resource_lines, resource_anomalies, resource_providers,
    resource_quota, resource_rankings, resource_markets;

#endif
