#include "board/resources/rows.h"

/* 96 steps over the range: what was used up to then, and how long calls took. */
const struct resource resource_quota = {
    .path = "/api/providers/{provider}/history",
    .params = {{.name = "provider", .kind = PARAM_PATH},
               {.name = "from", .kind = PARAM_TIME, .fallback = "-24h"},
               {.name = "to", .kind = PARAM_TIME, .fallback = "now"}},
    .param_count = 3,
    .sql = "SELECT json_build_object('provider', s.name, 'items',"
           " (SELECT coalesce(json_agg(row_to_json(r) ORDER BY r.at), '[]') FROM ("
           "  SELECT max(e.at) AS at, max(e.quota_used) AS quota_used, max(e.quota_limit) AS quota_limit,"
           "   percentile_cont(0.5) WITHIN GROUP (ORDER BY e.latency_ms) AS latency_ms,"
           "   count(*) FILTER (WHERE e.state <> 'ok') AS failures, count(*) AS calls"
           "  FROM (SELECT * FROM quotebus.health_event WHERE source_id = s.source_id AND asset_id IS NULL"
           "   AND at >= $2::timestamptz AND at < $3::timestamptz ORDER BY at DESC LIMIT 20000) e"
           "  GROUP BY width_bucket(extract(epoch FROM e.at)::double precision, extract(epoch FROM $2::timestamptz)::double "
           "precision,"
           "   extract(epoch FROM greatest($3::timestamptz, $2::timestamptz + interval '1 second'))::double precision, 96)) r))"
           " FROM quotebus.source s WHERE s.name = $1::text",
    .missing = "there is no such provider: /api/providers lists them",
};
