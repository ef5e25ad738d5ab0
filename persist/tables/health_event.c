/* ingest.health -> quotebus.health_event: what each call to a provider told about it, or about an asset. */
#include "persist/tables/tables.h"
#include "quotebus_records.h"

/** encode_row of the table. */
static bool encode(struct str body, const struct encode_context *context, struct copy_row *row, int64_t *at_us,
                   struct error *error)
{
    struct health_event event;
    int32_t source_id;
    struct opt_int asset_id = {0};
    if (!health_event_decode(body, context->arena, &event, error) ||
        !dimensions_id(context->dimensions, DIMENSION_SOURCE, event.provider, &source_id, error))
        return false;
    asset_id.set = event.asset.set;
    if (asset_id.set && !dimensions_id(context->dimensions, DIMENSION_ASSET, event.asset.value, &asset_id.value, error))
        return false;
    copy_timestamptz(row, event.at_us);
    copy_float8(row, event.latency_ms);
    copy_int8(row, event.quota_used);
    copy_opt_int8(row, event.quota_limit);
    copy_int8(row, context->origin.offset);
    copy_opt_int4(row, asset_id);
    copy_int4(row, event.quotes);
    copy_opt_int4(row, event.http_status);
    copy_int4(row, context->origin.partition);
    copy_int2(row, source_id);
    copy_text(row, event.state);
    copy_text(row, event.endpoint);
    copy_text(row, event.message);
    copy_text(row, event.request_id);
    *at_us = event.at_us;
    return true;
}

const struct table table_health_event = {
    .topic = "ingest.health",
    .name = "health_event",
    .columns =
        "at, latency_ms, quota_used, quota_limit, record_offset, asset_id, quotes, http_status, record_partition, source_id, "
        "state, endpoint, message, request_id",
    .column_count = 14,
    .key = "source_id, at, request_id, asset_id, state",
    .origin = "record_partition, record_offset",
    .schema_json = health_event_schema_json,
    .encode_row = encode,
};
