/* Once a day: partitions of today and of the next days, so that no batch has to make one at midnight. */
#include <stdio.h>

#include "base/clock.h"
#include "persist/jobs/table.h"
#include "persist/table.h"

#define SQL_ENSURE                                                                                                               \
    "SELECT count(quotebus.ensure_day($1, day::date)) FROM generate_series($2::date, $2::date + $3::integer, interval '1 day') " \
    "day"

/** run of the job. */
static bool run(const struct job_context *context, int64_t slot_us, struct error *error)
{
    char today[TIME_TEXT_MAX], days_ahead[32];
    time_format_us(slot_us, today);
    snprintf(days_ahead, sizeof(days_ahead), "%lld", (long long)context->config->persist.partitions_ahead_d);
    for (size_t i = 0; tables[i]; i++) {
        if (!tables[i]->by_day)
            continue;
        const char *const params[] = {tables[i]->name, today, days_ahead};
        PGresult *result = pg_query(context->pg, SQL_ENSURE, 3, params, error);
        PQclear(result);
        if (!result)
            return error_prefix(error, "partitions of table %s", tables[i]->name);
    }
    return true;
}

const struct job job_partitions = {.name = "partitions", .every_s = job_daily_s, .catch_up_max = 1, .run = run};
