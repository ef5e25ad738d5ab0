/* quotes.clean -> quotebus.quote: every poll is a row. */
#include "persist/tables/tables.h"
#include "quotebus_records.h"

/** Writes the columns in the order of table_quote.columns. */
static void put_columns(struct copy_row *row, const struct clean_quote *quote, const struct origin *origin, int32_t asset_id,
                        int32_t source_id)
{
    copy_timestamptz(row, quote->fetched_at_us);
    copy_timestamptz(row, quote->observed_at_us);
    copy_float8(row, quote->price);
    copy_opt_float8(row, quote->bid);
    copy_opt_float8(row, quote->ask);
    copy_opt_float8(row, quote->open);
    copy_opt_float8(row, quote->high);
    copy_opt_float8(row, quote->low);
    copy_opt_float8(row, quote->previous_close);
    copy_opt_float8(row, quote->volume);
    copy_opt_float8(row, quote->market_cap);
    copy_float8(row, quote->unit_factor);
    copy_opt_float8(row, quote->usd_rate);
    copy_opt_timestamptz(row, quote->usd_rate_at_us);
    copy_opt_float8(row, quote->reference_price);
    copy_opt_float8(row, quote->deviation_bps);
    copy_float8(row, quote->score);
    copy_int8(row, quote->raw_offset);
    copy_int8(row, origin->offset);
    copy_int4(row, asset_id);
    copy_int4(row, quote->observed_resolution_s);
    copy_int4(row, quote->source_count);
    copy_int4(row, quote->raw_partition);
    copy_int4(row, origin->partition);
    copy_int2(row, source_id);
    copy_char(row, verdict_name(quote->verdict)[0]);
    copy_text(row, quote->symbol);
    copy_text(row, quote->currency);
    copy_text(row, quote->request_id);
    copy_text(row, quote->rules_version);
    copy_opt_text(row, quote->usd_rate_source);
    copy_text_array(row, quote->flags, quote->flags_count);
}

/** encode_row of the table. */
static bool encode(struct str body, const struct encode_context *context, struct copy_row *row, int64_t *at_us,
                   struct error *error)
{
    struct clean_quote quote;
    int32_t asset_id, source_id;
    if (!clean_quote_decode(body, context->arena, &quote, error) ||
        !dimensions_id(context->dimensions, DIMENSION_ASSET, quote.asset, &asset_id, error) ||
        !dimensions_id(context->dimensions, DIMENSION_SOURCE, quote.source, &source_id, error))
        return false;
    put_columns(row, &quote, &context->origin, asset_id, source_id);
    *at_us = quote.fetched_at_us;
    return true;
}

const struct table table_quote = {
    .topic = "quotes.clean",
    .name = "quote",
    .columns = "fetched_at, observed_at, price, bid, ask, open, high, low, previous_close, volume, market_cap, unit_factor, "
               "usd_rate, usd_rate_at, reference_price, deviation_bps, score, raw_offset, clean_offset, asset_id, "
               "observed_resolution_s, source_count, raw_partition, clean_partition, source_id, verdict, symbol, currency, "
               "request_id, rules_version, usd_rate_source, flags",
    .column_count = 32,
    .key = "asset_id, source_id, fetched_at",
    .origin = "clean_partition, clean_offset",
    .schema_json = clean_quote_schema_json,
    .by_day = true,
    .latency = true,
    .encode_row = encode,
};
