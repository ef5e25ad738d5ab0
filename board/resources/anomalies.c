#include "board/resources/rows.h"

static const char *const verdicts[] = {"PASS", "SUSPECT", "REJECT", NULL};

/* Pages follow by the time of the oldest one: `before` of the next page is fetched_at of the last item. */
const struct resource resource_anomalies = {
    .path = "/api/anomalies",
    .params = {{.name = "asset", .kind = PARAM_TEXT},
               {.name = "source", .kind = PARAM_TEXT},
               {.name = "rule", .kind = PARAM_TEXT},
               {.name = "verdict", .kind = PARAM_WORD, .words = verdicts},
               {.name = "since", .kind = PARAM_TIME, .fallback = "-24h"},
               {.name = "before", .kind = PARAM_TIME},
               {.name = "limit", .kind = PARAM_INT, .min = 1, .max = 500, .fallback = "100"}},
    .param_count = 7,
    .sql = "SELECT json_build_object('items', coalesce(json_agg(row_to_json(r) ORDER BY r.fetched_at DESC), '[]'),"
           " 'next_before', CASE WHEN count(*) = $7::int THEN min(r.fetched_at) END) FROM ("
           " SELECT asset, source, rule, verdict, message, measured, threshold, unit, currency, price, reference_price, evidence,"
           "  observed_at, fetched_at, request_id FROM quotebus.anomalies"
           " WHERE fetched_at >= $5::timestamptz AND ($6::timestamptz IS NULL OR fetched_at < $6::timestamptz)"
           "  AND ($1::text IS NULL OR asset = $1) AND ($2::text IS NULL OR source = $2)"
           "  AND ($3::text IS NULL OR rule = $3) AND ($4::text IS NULL OR verdict = $4)"
           " ORDER BY fetched_at DESC LIMIT $7::int) r",
};
