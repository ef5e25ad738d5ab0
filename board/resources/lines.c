#include "board/resources/rows.h"

/* At each moment the newest consensus price, with what each source said then: points are picked, not averaged, so that all are
 * prices that were. */
const struct resource resource_lines = {
    .path = "/api/assets/{asset}/lines",
    .params = {{.name = "asset", .kind = PARAM_PATH},
               {.name = "from", .kind = PARAM_TIME, .fallback = "-1h"},
               {.name = "to", .kind = PARAM_TIME, .fallback = "now"},
               {.name = "points", .kind = PARAM_INT, .min = 2, .max = 500, .fallback = "240"}},
    .param_count = 4,
    .sql = "SELECT json_build_object('asset', a.id, 'class', a.class, 'sector', a.sector, 'items',"
           " (SELECT coalesce(json_agg(row_to_json(r) ORDER BY r.as_of), '[]') FROM ("
           "  SELECT DISTINCT c.as_of, c.price, c.confidence, c.currency, c.source_count, c.sources::text::jsonb AS sources"
           "  FROM generate_series(1, $4::int) AS g (n) CROSS JOIN LATERAL ("
           "   SELECT k.as_of, k.price, k.confidence, k.currency, k.source_count, k.sources FROM quotebus.consensus k"
           "   WHERE k.asset_id = a.asset_id AND k.as_of >= $2::timestamptz"
           "    AND k.as_of <= $2::timestamptz + ($3::timestamptz - $2::timestamptz) * (g.n / $4::double precision)"
           "    AND k.as_of <= $3::timestamptz"
           "   ORDER BY k.as_of DESC, k.raw_partition DESC, k.raw_offset DESC LIMIT 1) c) r))"
           " FROM quotebus.asset a WHERE a.id = $1::text",
    .missing = "there is no such asset: /api/assets lists them",
};
