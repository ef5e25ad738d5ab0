/*
 * Once a day, at 00:00 UTC: what is older than persist.retention_d goes.
 *
 * Tables with partitions lose those of the days before: dropping one takes the same time whatever is in it. From the others the
 * oldest rows are deleted in pieces, each a transaction of its own, so that no lock is held for long.
 */
#include <stdio.h>

#include "base/clock.h"
#include "base/log.h"
#include "persist/jobs/table.h"
#include "persist/table.h"

/** Rows deleted by one statement. */
#define DELETE_MAX "10000"

#define SQL_DROP "SELECT quotebus.drop_day_before($1, $2::date)"
#define SQL_DELETE "SELECT quotebus.delete_before($1, $2, " DELETE_MAX ")"

/** Tables without partitions whose rows expire after persist.retention_d. */
static const char *const unpartitioned[] = {
    "anomaly", "health_event", "fundamentals", "indicator", "ranking", "report", "market_aggregate",
};

/** Drops the partitions of a table that are older than a day. */
static bool drop_days(const struct job_context *context, const char *table, const char *cutoff, struct error *error)
{
    const char *const params[] = {table, cutoff};
    for (bool more = true; more;) {
        PGresult *result = pg_query(context->pg, SQL_DROP, 2, params, error);
        if (!result)
            return error_prefix(error, "expired days of table %s", table);
        more = !PQgetisnull(result, 0, 0);
        if (more)
            log_info("persist.jobs", "an expired day was dropped", F_STR("partition", PQgetvalue(result, 0, 0)));
        PQclear(result);
    }
    return true;
}

/** Deletes the rows of a table that are older than a moment. */
static bool delete_rows(const struct job_context *context, const char *table, const char *cutoff, struct error *error)
{
    const char *const params[] = {table, cutoff};
    int64_t deleted = 0;
    for (int64_t last = 1; last > 0; deleted += last) {
        PGresult *result = pg_query(context->pg, SQL_DELETE, 2, params, error);
        if (!result)
            return error_prefix(error, "expired rows of table %s", table);
        last = pg_int(result, 0, 0);
        PQclear(result);
    }
    if (deleted)
        log_info("persist.jobs", "expired rows were deleted", F_STR("table", table), F_INT("rows", deleted));
    return true;
}

/** The moment before which things expire, as text. */
static const char *cutoff_of(int64_t slot_us, int64_t days, char out[TIME_TEXT_MAX])
{
    return time_format_us((time_day_of_us(slot_us) - days) * US_PER_DAY, out);
}

/** run of the job. */
static bool run(const struct job_context *context, int64_t slot_us, struct error *error)
{
    const struct persist_settings *settings = &context->config->persist;
    char cutoff[TIME_TEXT_MAX];
    cutoff_of(slot_us, settings->retention_d, cutoff);
    for (size_t i = 0; tables[i]; i++) {
        if (tables[i]->by_day && !drop_days(context, tables[i]->name, cutoff, error))
            return false;
    }
    for (size_t i = 0; i < sizeof(unpartitioned) / sizeof(unpartitioned[0]); i++) {
        if (!delete_rows(context, unpartitioned[i], cutoff, error))
            return false;
    }
    if (settings->bar_retention_d == 0)
        return true;
    return delete_rows(context, "bar", cutoff_of(slot_us, settings->bar_retention_d, cutoff), error);
}

const struct job job_cleanup = {.name = "cleanup", .every_s = job_daily_s, .catch_up_max = 1, .run = run};
