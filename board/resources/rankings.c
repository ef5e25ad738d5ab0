#include "board/resources/rows.h"

const struct resource resource_rankings = {
    .path = "/api/rankings",
    .params = {{.name = "limit", .kind = PARAM_INT, .min = 1, .max = 500, .fallback = "100"}},
    .param_count = 1,
    .sql = "SELECT json_build_object('items', coalesce(json_agg(json_build_object('list', n.list, 'source', n.name, 'fetched_at',"
           " n.fetched_at, 'currency', n.currency, 'entries', (SELECT jsonb_agg(e.entry ORDER BY e.place) FROM"
           "  jsonb_array_elements(n.entries) WITH ORDINALITY AS e (entry, place) WHERE e.place <= $1::int)) ORDER BY n.list, "
           "n.name),"
           " '[]')) FROM (SELECT DISTINCT ON (r.list, r.source_id) r.list, s.name, r.fetched_at, r.currency, r.entries"
           "  FROM quotebus.ranking r JOIN quotebus.source s USING (source_id) WHERE r.fetched_at > now() - interval '7 days'"
           "  ORDER BY r.list, r.source_id, r.fetched_at DESC) n",
};
