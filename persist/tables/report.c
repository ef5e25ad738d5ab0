/* validate.reports -> quotebus.report: what validate saw of one asset in a window of stream time. */
#include "base/json_text.h"
#include "persist/tables/tables.h"
#include "quotebus_records.h"

/** Rules and how often they fired, as one JSON object. */
static void put_flags(struct copy_row *row, const struct report *report)
{
    struct buf *json = copy_jsonb_begin(row);
    buf_append_str(json, STR("{"));
    for (size_t i = 0; i < report->open_flags_count; i++) {
        if (i)
            buf_append_str(json, STR(","));
        json_put_string(json, report->open_flags[i].rule);
        buf_printf(json, ":%d", report->open_flags[i].count);
    }
    buf_append_str(json, STR("}"));
    copy_jsonb_end(row);
}

/** Writes the columns in the order of table_report.columns. */
static void put_columns(struct copy_row *row, const struct report *report, const struct origin *origin, int32_t asset_id)
{
    copy_timestamptz(row, report->window_end_us);
    copy_timestamptz(row, report->window_start_us);
    copy_opt_float8(row, report->coverage);
    copy_opt_float8(row, report->freshness_s);
    copy_opt_float8(row, report->consensus_price);
    copy_opt_float8(row, report->consensus_confidence);
    copy_int8(row, report->raw_offset);
    copy_int8(row, origin->offset);
    copy_int4(row, asset_id);
    copy_int4(row, report->quotes);
    copy_int4(row, report->passed);
    copy_int4(row, report->suspect);
    copy_int4(row, report->rejected);
    copy_int4(row, report->sources_expected);
    copy_int4(row, report->sources_fresh);
    copy_int4(row, report->sources_agreeing);
    copy_int4(row, report->gaps);
    copy_int4(row, report->raw_partition);
    copy_int4(row, origin->partition);
    copy_opt_text(row, report->currency);
    copy_text(row, report->rules_version);
    put_flags(row, report);
}

/** encode_row of the table. */
static bool encode(struct str body, const struct encode_context *context, struct copy_row *row, int64_t *at_us,
                   struct error *error)
{
    struct report report;
    int32_t asset_id;
    if (!report_decode(body, context->arena, &report, error) ||
        !dimensions_id(context->dimensions, DIMENSION_ASSET, report.asset, &asset_id, error))
        return false;
    put_columns(row, &report, &context->origin, asset_id);
    *at_us = report.window_end_us;
    return true;
}

const struct table table_report = {
    .topic = "validate.reports",
    .name = "report",
    .columns =
        "window_end, window_start, coverage, freshness_s, consensus_price, consensus_confidence, raw_offset, record_offset, "
        "asset_id, quotes, passed, suspect, rejected, sources_expected, sources_fresh, sources_agreeing, gaps, "
        "raw_partition, record_partition, currency, rules_version, open_flags",
    .column_count = 22,
    .schema_json = report_schema_json,
    .encode_row = encode,
};
