/*
 * Every persist.aggregate_every_s: how each class and sector moved, to quotebus.market_aggregate and market.aggregates.
 *
 * The numbers are computed once, in one statement, from rows that are committed, and what is sent is the stored row. So a crash
 * anywhere changes no number. A slot begins when the consensus prices up to it are stored; where none come any more, after a
 * while all the same.
 */
#include <stdio.h>

#include "base/clock.h"
#include "persist/jobs/table.h"

#define SQL_STORED "SELECT coalesce(quotebus.consensus_stored_until() >= $1, false)::integer"
#define SQL_AGGREGATE "SELECT quotebus.aggregate_market($1, $2)"
/** Most missed slots: a week of the usual ones. */
#define CATCH_UP_MAX 336

static int64_t every_s(const struct persist_settings *settings)
{
    return settings->aggregate_every_s;
}

/** readiness of the job. */
static enum job_readiness readiness(const struct job_context *context, int64_t slot_us, struct error *error)
{
    char slot[TIME_TEXT_MAX];
    const char *const params[] = {time_format_us(slot_us, slot)};
    PGresult *result = pg_query(context->pg, SQL_STORED, 1, params, error);
    if (!result)
        return JOB_UNKNOWN;
    const bool stored = pg_int(result, 0, 0) == 1;
    PQclear(result);
    return stored ? JOB_READY : JOB_NOT_YET;
}

/** run of the job. */
static bool run(const struct job_context *context, int64_t slot_us, struct error *error)
{
    char slot[TIME_TEXT_MAX], window_s[32];
    snprintf(window_s, sizeof(window_s), "%lld", (long long)context->config->persist.aggregate_every_s);
    const char *const params[] = {time_format_us(slot_us, slot), window_s};
    PGresult *result = pg_query(context->pg, SQL_AGGREGATE, 2, params, error);
    PQclear(result);
    return result != NULL;
}

/** finish of the job. */
static bool finish(const struct job_context *context, struct error *error)
{
    return outbox_send_aggregates(context->outbox, context->pg, error);
}

const struct job job_aggregate = {
    .name = "aggregate",
    .every_s = every_s,
    .catch_up_max = CATCH_UP_MAX,
    .readiness = readiness,
    .run = run,
    .finish = finish,
};
