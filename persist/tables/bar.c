/* bars.clean -> quotebus.bar: one trading day of an asset as one source has it. */
#include "persist/tables/tables.h"
#include "quotebus_records.h"

/** Writes the columns in the order of table_bar.columns. */
static void put_columns(struct copy_row *row, const struct clean_bar *bar, const struct origin *origin, int32_t asset_id,
                        int32_t source_id)
{
    copy_timestamptz(row, bar->fetched_at_us);
    copy_opt_float8(row, bar->open);
    copy_opt_float8(row, bar->high);
    copy_opt_float8(row, bar->low);
    copy_float8(row, bar->close);
    copy_opt_float8(row, bar->adj_close);
    copy_opt_float8(row, bar->volume);
    copy_opt_float8(row, bar->dividend);
    copy_opt_float8(row, bar->split);
    copy_float8(row, bar->unit_factor);
    copy_opt_float8(row, bar->reference_close);
    copy_opt_float8(row, bar->deviation_bps);
    copy_float8(row, bar->score);
    copy_opt_timestamptz(row, bar->restates_fetched_at_us);
    copy_int8(row, bar->raw_offset);
    copy_int8(row, origin->offset);
    copy_int4(row, asset_id);
    copy_date(row, bar->date);
    copy_int4(row, bar->source_count);
    copy_int4(row, bar->raw_partition);
    copy_int4(row, origin->partition);
    copy_int2(row, source_id);
    copy_char(row, verdict_name(bar->verdict)[0]);
    copy_text(row, bar->symbol);
    copy_text(row, bar->currency);
    copy_text(row, bar->request_id);
    copy_text(row, bar->rules_version);
    copy_text_array(row, bar->flags, bar->flags_count);
}

/** encode_row of the table. */
static bool encode(struct str body, const struct encode_context *context, struct copy_row *row, int64_t *at_us,
                   struct error *error)
{
    struct clean_bar bar;
    int32_t asset_id, source_id;
    if (!clean_bar_decode(body, context->arena, &bar, error) ||
        !dimensions_id(context->dimensions, DIMENSION_ASSET, bar.asset, &asset_id, error) ||
        !dimensions_id(context->dimensions, DIMENSION_SOURCE, bar.source, &source_id, error))
        return false;
    put_columns(row, &bar, &context->origin, asset_id, source_id);
    *at_us = bar.fetched_at_us;
    return true;
}

const struct table table_bar = {
    .topic = "bars.clean",
    .name = "bar",
    .columns = "fetched_at, open, high, low, close, adj_close, volume, dividend, split, unit_factor, reference_close, "
               "deviation_bps, score, restates_fetched_at, raw_offset, record_offset, asset_id, date, source_count, "
               "raw_partition, record_partition, source_id, verdict, symbol, currency, request_id, rules_version, flags",
    .column_count = 28,
    .key = "asset_id, source_id, date, fetched_at",
    .origin = "record_partition, record_offset",
    .schema_json = clean_bar_schema_json,
    .encode_row = encode,
};
