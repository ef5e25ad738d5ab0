/* validate.reports -> quotebus.report: what validate saw of one asset in a window of stream time. */
#include "base/json_text.h"
#include "persist/columns.h"
#include "persist/tables/tables.h"

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

/** One source as a JSON object. */
static void put_source(struct buf *json, const struct source_report *source)
{
    json_put_name(json, true, "source");
    json_put_string(json, source->source);
    json_put_name(json, false, "polls");
    buf_printf(json, "%d", source->polls);
    json_put_opt_double(json, "usual_interval_s", source->usual_interval_s);
    json_put_opt_double(json, "silent_s", SOME_DOUBLE(source->silent_s));
    json_put_name(json, false, "gaps");
    buf_printf(json, "%d", source->gaps);
    json_put_name(json, false, "fresh");
    buf_append_str(json, source->fresh ? STR("true") : STR("false"));
    json_put_name(json, false, "agrees");
    buf_append_str(json, source->agrees ? STR("true}") : STR("false}"));
}

/** The sources as a JSON array. */
static void put_sources(struct copy_row *row, const struct report *report)
{
    struct buf *json = copy_jsonb_begin(row);
    buf_append_str(json, STR("["));
    for (size_t i = 0; i < report->sources_count; i++) {
        if (i)
            buf_append_str(json, STR(","));
        put_source(json, &report->sources[i]);
    }
    buf_append_str(json, STR("]"));
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
    put_sources(row, report);
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
        "raw_partition, record_partition, currency, rules_version, sources, open_flags",
    .column_count = 23,
    .key = "asset_id, window_end, raw_partition, raw_offset",
    .origin = "record_partition, record_offset",
    .schema_json = report_schema_json,
    .encode_row = encode,
};
