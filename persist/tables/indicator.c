/* indicators.clean -> quotebus.indicator: one value of a technical indicator as a source computed it. */
#include "persist/columns.h"
#include "persist/tables/tables.h"

/** Writes the columns in the order of table_indicator.columns. */
static void put_columns(struct copy_row *row, const struct indicator *indicator, const struct origin *origin, int32_t asset_id,
                        int32_t source_id)
{
    copy_timestamptz(row, indicator->at_us);
    copy_timestamptz(row, indicator->fetched_at_us);
    copy_float8(row, indicator->value);
    copy_opt_float8(row, indicator->signal);
    copy_opt_float8(row, indicator->histogram);
    copy_opt_int8(row, indicator->raw_offset);
    copy_int8(row, origin->offset);
    copy_int4(row, asset_id);
    copy_opt_int4(row, indicator->time_period);
    copy_opt_int4(row, indicator->raw_partition);
    copy_int4(row, origin->partition);
    copy_int2(row, source_id);
    copy_opt_verdict(row, indicator->verdict);
    copy_text(row, indicator->indicator);
    copy_text(row, indicator->interval);
    copy_text(row, indicator->series_type);
    copy_text(row, indicator->symbol);
    copy_text(row, indicator->request_id);
    copy_opt_text(row, indicator->rules_version);
    copy_text_array(row, indicator->flags, indicator->flags_count);
}

/** encode_row of the table. */
static bool encode(struct str body, const struct encode_context *context, struct copy_row *row, int64_t *at_us,
                   struct error *error)
{
    struct indicator indicator;
    int32_t asset_id, source_id;
    if (!indicator_decode(body, context->arena, &indicator, error) ||
        !dimensions_id(context->dimensions, DIMENSION_ASSET, indicator.asset, &asset_id, error) ||
        !dimensions_id(context->dimensions, DIMENSION_SOURCE, indicator.source, &source_id, error))
        return false;
    put_columns(row, &indicator, &context->origin, asset_id, source_id);
    *at_us = indicator.fetched_at_us;
    return true;
}

const struct table table_indicator = {
    .topic = "indicators.clean",
    .name = "indicator",
    .columns = "at, fetched_at, value, signal, histogram, raw_offset, record_offset, asset_id, time_period, raw_partition, "
               "record_partition, source_id, verdict, indicator, interval, series_type, symbol, request_id, rules_version, flags",
    .column_count = 20,
    .key = "asset_id, indicator, interval, time_period, series_type, source_id, at, fetched_at",
    .origin = "record_partition, record_offset",
    .schema_json = indicator_schema_json,
    .encode_row = encode,
};
