#include "persist/table.h"

#include "base/clock.h"
#include "persist/tables/tables.h"

const struct table *const tables[] = {
    &table_quote,        &table_anomaly,   &table_consensus, &table_health_event, &table_bar,
    &table_fundamentals, &table_indicator, &table_ranking,   &table_report,       NULL,
};

/** Whether a partition for that time can exist. */
static bool check_day(const struct table *table, int64_t at_us, struct error *error)
{
    const int64_t day = time_day_of_us(at_us);
    if (!table->by_day || (day >= TABLE_DAY_FIRST && day <= TABLE_DAY_LAST))
        return true;
    char text[TIME_TEXT_MAX];
    return error_cause(error, ERROR_INVALID, "refused_value",
                       "%s is outside of 1990 to 2099, the days table %s has partitions for", time_format_us(at_us, text),
                       table->name);
}

bool table_encode(const struct table *table, struct str body, const struct encode_context *context, struct buf *out,
                  int64_t *at_us, struct error *error)
{
    struct copy_row row;
    copy_begin(&row, out, table->column_count);
    if (table->encode_row(body, context, &row, at_us, error) && copy_end(&row, table->columns, error) &&
        check_day(table, *at_us, error))
        return true;
    out->len = row.start;
    return false;
}
