#include "board/resources/rows.h"

/* The change is that of 24 hours, or since the oldest price where the history is shorter: change_since tells. Each point of the
 * small line is the newest price at its moment: one step in one index, however many prices there are. */
const struct resource resource_assets = {
    .path = "/api/assets",
    .params = {{.name = "since", .kind = PARAM_TIME, .fallback = "-24h"}},
    .param_count = 1,
    .sql =
        "SELECT json_build_object('items', coalesce(json_agg(row_to_json(r) ORDER BY r.class, r.asset), '[]')) FROM ("
        " SELECT a.id AS asset, a.class, a.sector, l.currency, l.price, l.confidence, l.source_count, l.observed_at, l.as_of,"
        "  k.sources, b.price AS price_before, b.as_of AS change_since, (l.price / nullif(b.price, 0) - 1) * 100 AS change_pct,"
        "  s.points AS spark"
        " FROM (SELECT * FROM quotebus.asset ORDER BY id LIMIT 2000) a"
        " LEFT JOIN quotebus.latest_consensus l USING (asset_id)"
        " LEFT JOIN LATERAL (SELECT c.sources FROM quotebus.consensus c WHERE c.asset_id = a.asset_id AND c.as_of = l.as_of"
        "  AND c.as_of >= $1::timestamptz LIMIT 1) k ON true"
        " LEFT JOIN LATERAL (SELECT c.price, c.as_of FROM quotebus.consensus c WHERE c.asset_id = a.asset_id"
        "  AND c.as_of >= $1::timestamptz AND c.currency = l.currency ORDER BY c.as_of LIMIT 1) b ON true"
        " LEFT JOIN LATERAL (SELECT json_agg(p.price ORDER BY g.n) AS points FROM generate_series(0, 40) AS g (n)"
        "  CROSS JOIN LATERAL (SELECT c.price FROM quotebus.consensus c WHERE c.asset_id = a.asset_id"
        "   AND c.as_of >= $1::timestamptz AND c.as_of <= b.as_of + (l.as_of - b.as_of) * (g.n / 40.0)"
        "   ORDER BY c.as_of DESC LIMIT 1) p) s ON true) r",
};
