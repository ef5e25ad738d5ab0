/* Once a day: partitions of today and of the next days, so that no batch has to make one at midnight. */
#include <stdio.h>

#include "base/clock.h"
#include "persist/jobs/table.h"
#include "persist/table.h"

#define SQL_ENSURE "SELECT quotebus.ensure_day($1, $2::date)"

/** Makes the partition of one day of a table where it is missing. */
static bool ensure(const struct job_context *context, const char *table, int64_t day, struct error *error)
{
    char date[32];
    int year, month, month_day;
    time_civil(day, &year, &month, &month_day);
    snprintf(date, sizeof(date), "%04d-%02d-%02d", year, month, month_day);
    const char *const params[] = {table, date};
    PGresult *result = pg_query(context->pg, SQL_ENSURE, 2, params, error);
    PQclear(result);
    return result != NULL || error_prefix(error, "partition of table %s for %s", table, date);
}

/** run of the job. */
static bool run(const struct job_context *context, int64_t slot_us, struct error *error)
{
    const int64_t today = time_day_of_us(slot_us);
    for (size_t i = 0; tables[i]; i++) {
        for (int64_t day = today; tables[i]->by_day && day <= today + context->config->persist.partitions_ahead_d; day++) {
            if (!ensure(context, tables[i]->name, day, error))
                return false;
        }
    }
    return true;
}

const struct job job_partitions = {.name = "partitions", .every_s = job_daily_s, .catch_up_max = 1, .run = run};
