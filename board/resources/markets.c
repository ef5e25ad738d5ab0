#include "board/resources/rows.h"

const struct resource resource_markets = {
    .path = "/api/markets",
    .sql = "SELECT json_build_object('items', coalesce(json_agg(row_to_json(m) ORDER BY m.class, m.sector), '[]')) FROM ("
           " SELECT g.* FROM quotebus.market_aggregate g"
           " WHERE g.window_end = (SELECT max(w.window_end) FROM quotebus.market_aggregate w) LIMIT 500) m",
};
