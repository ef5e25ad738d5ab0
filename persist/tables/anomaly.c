/* quotes.anomalies -> quotebus.anomaly: each finding of a rule with its evidence. */
#include "persist/evidence.h"
#include "persist/tables/tables.h"
#include "quotebus_records.h"

/** Writes the columns in the order of table_anomaly.columns. */
static void put_columns(struct copy_row *row, const struct anomaly *anomaly, const struct origin *origin, int32_t asset_id,
                        int32_t source_id)
{
    copy_timestamptz(row, anomaly->fetched_at_us);
    copy_timestamptz(row, anomaly->observed_at_us);
    copy_float8(row, anomaly->price);
    copy_opt_float8(row, anomaly->measured);
    copy_opt_float8(row, anomaly->threshold);
    copy_opt_float8(row, anomaly->reference_price);
    copy_int8(row, anomaly->raw_offset);
    copy_int8(row, origin->offset);
    copy_int4(row, asset_id);
    copy_int4(row, anomaly->raw_partition);
    copy_int4(row, origin->partition);
    copy_int2(row, source_id);
    copy_char(row, verdict_name(anomaly->verdict)[0]);
    copy_text(row, anomaly->rule);
    copy_text(row, anomaly->unit);
    copy_text(row, anomaly->symbol);
    copy_text(row, anomaly->currency);
    copy_text(row, anomaly->request_id);
    copy_text(row, anomaly->rules_version);
    copy_text(row, anomaly->message);
    copy_evidence(row, anomaly->evidence, anomaly->evidence_count);
}

/** encode_row of the table. */
static bool encode(struct str body, const struct encode_context *context, struct copy_row *row, int64_t *at_us,
                   struct error *error)
{
    struct anomaly anomaly;
    int32_t asset_id, source_id;
    if (!anomaly_decode(body, context->arena, &anomaly, error) ||
        !dimensions_id(context->dimensions, DIMENSION_ASSET, anomaly.asset, &asset_id, error) ||
        !dimensions_id(context->dimensions, DIMENSION_SOURCE, anomaly.source, &source_id, error))
        return false;
    put_columns(row, &anomaly, &context->origin, asset_id, source_id);
    *at_us = anomaly.fetched_at_us;
    return true;
}

const struct table table_anomaly = {
    .topic = "quotes.anomalies",
    .name = "anomaly",
    .columns = "fetched_at, observed_at, price, measured, threshold, reference_price, raw_offset, record_offset, asset_id, "
               "raw_partition, record_partition, source_id, verdict, rule, unit, symbol, currency, request_id, rules_version, "
               "message, evidence",
    .column_count = 21,
    .key = "asset_id, source_id, fetched_at, rule, raw_partition, raw_offset",
    .origin = "record_partition, record_offset",
    .schema_json = anomaly_schema_json,
    .encode_row = encode,
};
