/* fundamentals.clean -> quotebus.fundamentals: what one source says about a company or a coin. */
#include "base/json_text.h"
#include "persist/columns.h"
#include "persist/tables/tables.h"

/** The typed figures, in the order of table_fundamentals.columns. */
static void put_figures(struct copy_row *row, const struct fundamentals *company)
{
    const struct opt_double figures[] = {
        company->market_cap,
        company->shares_outstanding,
        company->shares_total,
        company->shares_max,
        company->eps,
        company->pe_ratio,
        company->forward_pe,
        company->peg_ratio,
        company->price_to_book,
        company->price_to_sales,
        company->book_value,
        company->dividend_per_share,
        company->dividend_yield,
        company->beta,
        company->revenue,
        company->ebitda,
        company->profit_margin,
        company->high_52w,
        company->low_52w,
    };
    for (size_t i = 0; i < sizeof(figures) / sizeof(figures[0]); i++)
        copy_opt_float8(row, figures[i]);
}

/** All that the provider sent, as one JSON object. */
static void put_all(struct copy_row *row, const struct fundamentals *company)
{
    struct buf *json = copy_jsonb_begin(row);
    buf_append_str(json, STR("{"));
    for (size_t i = 0; i < company->figures_count; i++) {
        if (i)
            buf_append_str(json, STR(","));
        json_put_string(json, company->figures[i].name);
        buf_append_str(json, STR(":"));
        json_put_string(json, company->figures[i].value);
    }
    buf_append_str(json, STR("}"));
    copy_jsonb_end(row);
}

/** Writes the columns in the order of table_fundamentals.columns. */
static void put_columns(struct copy_row *row, const struct fundamentals *company, const struct origin *origin, int32_t asset_id,
                        int32_t source_id)
{
    copy_timestamptz(row, company->fetched_at_us);
    put_figures(row, company);
    copy_opt_int8(row, company->raw_offset);
    copy_int8(row, origin->offset);
    copy_int4(row, asset_id);
    copy_opt_date(row, company->latest_quarter);
    copy_opt_int4(row, company->raw_partition);
    copy_int4(row, origin->partition);
    copy_int2(row, source_id);
    copy_opt_verdict(row, company->verdict);
    copy_text(row, company->symbol);
    copy_text(row, company->currency);
    copy_opt_text(row, company->name);
    copy_opt_text(row, company->exchange);
    copy_opt_text(row, company->sector);
    copy_opt_text(row, company->industry);
    copy_text(row, company->request_id);
    copy_opt_text(row, company->rules_version);
    copy_text_array(row, company->flags, company->flags_count);
    put_all(row, company);
}

/** encode_row of the table. */
static bool encode(struct str body, const struct encode_context *context, struct copy_row *row, int64_t *at_us,
                   struct error *error)
{
    struct fundamentals company;
    int32_t asset_id, source_id;
    if (!fundamentals_decode(body, context->arena, &company, error) ||
        !dimensions_id(context->dimensions, DIMENSION_ASSET, company.asset, &asset_id, error) ||
        !dimensions_id(context->dimensions, DIMENSION_SOURCE, company.source, &source_id, error))
        return false;
    put_columns(row, &company, &context->origin, asset_id, source_id);
    *at_us = company.fetched_at_us;
    return true;
}

const struct table table_fundamentals = {
    .topic = "fundamentals.clean",
    .name = "fundamentals",
    .columns = "fetched_at, market_cap, shares_outstanding, shares_total, shares_max, eps, pe_ratio, forward_pe, peg_ratio, "
               "price_to_book, price_to_sales, book_value, dividend_per_share, dividend_yield, beta, revenue, ebitda, "
               "profit_margin, high_52w, low_52w, raw_offset, record_offset, asset_id, latest_quarter, raw_partition, "
               "record_partition, source_id, verdict, symbol, currency, name, exchange, sector, industry, request_id, "
               "rules_version, flags, figures",
    .column_count = 38,
    .key = "asset_id, source_id, fetched_at",
    .origin = "record_partition, record_offset",
    .schema_json = fundamentals_schema_json,
    .encode_row = encode,
};
