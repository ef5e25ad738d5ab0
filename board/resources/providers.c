#include "board/resources/rows.h"

const struct resource resource_providers = {
    .path = "/api/providers",
    .params = {{.name = "since", .kind = PARAM_TIME, .fallback = "-24h"}},
    .param_count = 1,
    .sql = "SELECT json_build_object('items', coalesce(json_agg(row_to_json(r) ORDER BY r.provider), '[]')) FROM ("
           " SELECT h.provider, h.at, h.state, h.endpoint, h.http_status, h.latency_ms, h.quota_used, h.quota_limit, h.message,"
           "  d.calls, d.good_calls, d.quotes, d.latency_p50_ms, d.latency_p95_ms, d.last_good_at"
           " FROM quotebus.provider_health h JOIN quotebus.source s ON s.name = h.provider"
           " CROSS JOIN LATERAL (SELECT count(*) AS calls, count(*) FILTER (WHERE e.state = 'ok') AS good_calls,"
           "   sum(e.quotes) AS quotes, max(e.at) FILTER (WHERE e.state = 'ok') AS last_good_at,"
           "   percentile_cont(0.5) WITHIN GROUP (ORDER BY e.latency_ms) AS latency_p50_ms,"
           "   percentile_cont(0.95) WITHIN GROUP (ORDER BY e.latency_ms) AS latency_p95_ms"
           "  FROM (SELECT * FROM quotebus.health_event WHERE source_id = s.source_id AND asset_id IS NULL"
           "   AND at >= $1::timestamptz ORDER BY at DESC LIMIT 20000) e) d) r",
};
