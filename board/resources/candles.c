#include "board/resources/rows.h"

static const char *const widths[] = {"1m", "5m", "15m", "1h", "1d", NULL};

/* Candles of quotes have no volume; that of days comes with the daily bars of the sources, the largest of them. */
const struct resource resource_candles = {
    .path = "/api/assets/{asset}/candles",
    .params = {{.name = "asset", .kind = PARAM_PATH},
               {.name = "width", .kind = PARAM_WORD, .fallback = "5m", .words = widths},
               {.name = "from", .kind = PARAM_TIME, .fallback = "-24h"},
               {.name = "to", .kind = PARAM_TIME, .fallback = "now"},
               {.name = "limit", .kind = PARAM_INT, .min = 1, .max = 1500, .fallback = "1500"}},
    .param_count = 5,
    .sql = "SELECT json_build_object('asset', a.id, 'items', (SELECT coalesce(json_agg(row_to_json(r) ORDER BY r.bucket), '[]')"
           " FROM (SELECT c.bucket, c.currency, c.open, c.high, c.low, c.close, c.quotes, c.sources,"
           "   CASE WHEN $2::text = '1d' THEN (SELECT max(b.volume) FROM quotebus.bar b WHERE b.asset_id = a.asset_id"
           "    AND b.date = (c.bucket AT TIME ZONE 'UTC')::date) END AS volume"
           "  FROM quotebus.candles(a.id, CASE $2::text WHEN '1m' THEN interval '1 minute' WHEN '5m' THEN interval '5 minutes'"
           "   WHEN '15m' THEN interval '15 minutes' WHEN '1h' THEN interval '1 hour' ELSE interval '1 day' END,"
           "   greatest($3::timestamptz, $4::timestamptz - interval '400 days'), $4::timestamptz) c"
           "  WHERE c.currency = coalesce((SELECT l.currency FROM quotebus.latest_consensus l WHERE l.asset_id = a.asset_id),"
           "   c.currency)"
           "  ORDER BY c.bucket DESC LIMIT $5::int) r))"
           " FROM quotebus.asset a WHERE a.id = $1::text",
    .missing = "there is no such asset: /api/assets lists them",
};
