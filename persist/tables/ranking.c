/* rankings.clean -> quotebus.ranking: one list of a source at one time, e.g. what is trending. */
#include "base/json_text.h"
#include "persist/columns.h"
#include "persist/tables/tables.h"

/** One place of the list as a JSON object. */
static void put_entry(struct buf *json, const struct ranked_asset *entry)
{
    json_put_name(json, true, "rank");
    buf_printf(json, "%d", entry->rank);
    json_put_name(json, false, "symbol");
    json_put_string(json, entry->symbol);
    json_put_name(json, false, "name");
    json_put_string(json, entry->name);
    if (entry->asset.set) {
        json_put_name(json, false, "asset");
        json_put_string(json, entry->asset.value);
    }
    json_put_opt_double(json, "price", entry->price);
    json_put_opt_double(json, "market_cap", entry->market_cap);
    json_put_opt_double(json, "volume", entry->volume);
    json_put_opt_double(json, "change_24h_pct", entry->change_24h_pct);
    json_put_opt_double(json, "score", entry->score);
    buf_append_str(json, STR("}"));
}

/** The list as a JSON array. */
static void put_entries(struct copy_row *row, const struct ranking *ranking)
{
    struct buf *json = copy_jsonb_begin(row);
    buf_append_str(json, STR("["));
    for (size_t i = 0; i < ranking->entries_count; i++) {
        if (i)
            buf_append_str(json, STR(","));
        put_entry(json, &ranking->entries[i]);
    }
    buf_append_str(json, STR("]"));
    copy_jsonb_end(row);
}

/** encode_row of the table. */
static bool encode(struct str body, const struct encode_context *context, struct copy_row *row, int64_t *at_us,
                   struct error *error)
{
    struct ranking ranking;
    int32_t source_id;
    if (!ranking_decode(body, context->arena, &ranking, error) ||
        !dimensions_id(context->dimensions, DIMENSION_SOURCE, ranking.source, &source_id, error))
        return false;
    copy_timestamptz(row, ranking.fetched_at_us);
    copy_opt_int8(row, ranking.raw_offset);
    copy_int8(row, context->origin.offset);
    copy_opt_int4(row, ranking.raw_partition);
    copy_int4(row, context->origin.partition);
    copy_int2(row, source_id);
    copy_opt_verdict(row, ranking.verdict);
    copy_text(row, ranking.list);
    copy_text(row, ranking.currency);
    copy_text(row, ranking.request_id);
    copy_opt_text(row, ranking.rules_version);
    copy_text_array(row, ranking.flags, ranking.flags_count);
    put_entries(row, &ranking);
    *at_us = ranking.fetched_at_us;
    return true;
}

const struct table table_ranking = {
    .topic = "rankings.clean",
    .name = "ranking",
    .columns = "fetched_at, raw_offset, record_offset, raw_partition, record_partition, source_id, verdict, list, currency, "
               "request_id, rules_version, flags, entries",
    .column_count = 13,
    .key = "list, source_id, fetched_at",
    .origin = "record_partition, record_offset",
    .schema_json = ranking_schema_json,
    .encode_row = encode,
};
