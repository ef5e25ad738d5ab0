/* prices.consensus -> quotebus.consensus: the price that the sources of an asset agree on. */
#include "persist/evidence.h"
#include "persist/tables/tables.h"
#include "quotebus_records.h"

/** encode_row of the table. */
static bool encode(struct str body, const struct encode_context *context, struct copy_row *row, int64_t *at_us,
                   struct error *error)
{
    struct consensus_price price;
    int32_t asset_id;
    if (!consensus_price_decode(body, context->arena, &price, error) ||
        !dimensions_id(context->dimensions, DIMENSION_ASSET, price.asset, &asset_id, error))
        return false;
    copy_timestamptz(row, price.as_of_us);
    copy_timestamptz(row, price.observed_at_us);
    copy_timestamptz(row, price.oldest_observed_at_us);
    copy_float8(row, price.price);
    copy_float8(row, price.confidence);
    copy_int8(row, price.raw_offset);
    copy_int8(row, context->origin.offset);
    copy_int4(row, asset_id);
    copy_int4(row, price.source_count);
    copy_int4(row, price.raw_partition);
    copy_int4(row, context->origin.partition);
    copy_text(row, price.currency);
    copy_text(row, price.rules_version);
    copy_evidence(row, price.sources, price.sources_count);
    *at_us = price.as_of_us;
    return true;
}

const struct table table_consensus = {
    .topic = "prices.consensus",
    .name = "consensus",
    .columns = "as_of, observed_at, oldest_observed_at, price, confidence, raw_offset, record_offset, asset_id, source_count, "
               "raw_partition, record_partition, currency, rules_version, sources",
    .column_count = 14,
    .key = "asset_id, as_of, raw_partition, raw_offset",
    .origin = "record_partition, record_offset",
    .schema_json = consensus_price_schema_json,
    .by_day = true,
    .encode_row = encode,
};
