/* Once a day: the sizes of all tables, which the view database_growth compares. */
#include "base/clock.h"
#include "persist/jobs/table.h"

#define SQL_NOTE "SELECT quotebus.note_sizes($1)"

/** run of the job. */
static bool run(const struct job_context *context, int64_t slot_us, struct error *error)
{
    char slot[TIME_TEXT_MAX];
    const char *const params[] = {time_format_us(slot_us, slot)};
    PGresult *result = pg_query(context->pg, SQL_NOTE, 1, params, error);
    PQclear(result);
    return result != NULL;
}

const struct job job_sizes = {.name = "sizes", .every_s = job_daily_s, .catch_up_max = 1, .run = run};
