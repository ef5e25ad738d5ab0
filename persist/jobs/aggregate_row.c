#include "persist/jobs/aggregate_row.h"

#include <jansson.h>
#include <stdlib.h>

#include "pg/pg.h"

/** Places of the columns behind the key. */
enum {
    WINDOW_END_US = AGGREGATE_WINDOW_END + 1,
    WINDOW_START_US,
    ASSETS,
    UP,
    DOWN,
    UNCHANGED,
    CHANGE,
    CHANGE_CAP,
    CHANGE_24H,
    VOLUME,
    CAP,
    MOVERS
};

/** A text column. */
static struct str text_at(const PGresult *rows, int row, int column)
{
    return (struct str){.ptr = PQgetvalue(rows, row, column), .len = (size_t)PQgetlength(rows, row, column)};
}

/** A number, or not set where it is null. PostgreSQL writes doubles by shortest round trip. */
static struct opt_double double_at(const PGresult *rows, int row, int column)
{
    return PQgetisnull(rows, row, column) ? (struct opt_double){0} : SOME_DOUBLE(strtod(PQgetvalue(rows, row, column), NULL));
}

/** One mover of the list. */
static bool read_mover(json_t *json, struct arena *arena, struct mover *mover)
{
    const char *asset, *currency;
    if (json_unpack(json, "{s:s, s:F, s:s, s:F}", "asset", &asset, "price", &mover->price, "currency", &currency, "change_pct",
                    &mover->change_pct) != 0)
        return false;
    mover->asset = arena_str(arena, str_from(asset));
    mover->currency = arena_str(arena, str_from(currency));
    return true;
}

/** The movers of a row. */
static bool read_movers(struct str text, struct arena *arena, struct market_aggregate *aggregate)
{
    json_t *json = json_loadb(text.ptr, text.len, 0, NULL);
    const size_t count = json_array_size(json);
    bool ok = json_is_array(json);
    aggregate->movers = arena_alloc(arena, count * sizeof(*aggregate->movers));
    for (size_t i = 0; ok && i < count; i++)
        ok = read_mover(json_array_get(json, i), arena, &aggregate->movers[aggregate->movers_count++]);
    json_decref(json);
    return ok;
}

bool aggregate_of_row(const PGresult *rows, int row, struct arena *arena, struct market_aggregate *aggregate, struct error *error)
{
    *aggregate = (struct market_aggregate){
        .class = text_at(rows, row, AGGREGATE_CLASS),
        .sector = text_at(rows, row, AGGREGATE_SECTOR),
        .window_end_us = pg_int(rows, row, WINDOW_END_US),
        .window_start_us = pg_int(rows, row, WINDOW_START_US),
        .assets = (int32_t)pg_int(rows, row, ASSETS),
        .up = (int32_t)pg_int(rows, row, UP),
        .down = (int32_t)pg_int(rows, row, DOWN),
        .unchanged = (int32_t)pg_int(rows, row, UNCHANGED),
        .change_pct = double_at(rows, row, CHANGE),
        .change_cap_weighted_pct = double_at(rows, row, CHANGE_CAP),
        .change_24h_pct = double_at(rows, row, CHANGE_24H),
        .volume_usd = double_at(rows, row, VOLUME),
        .market_cap_usd = double_at(rows, row, CAP),
    };
    return read_movers(text_at(rows, row, MOVERS), arena, aggregate) ||
           error_set(error, ERROR_FATAL, "quotebus.market_aggregate: the movers of %.*s at %s are not as they were stored",
                     STR_ARG(aggregate->class), PQgetvalue(rows, row, AGGREGATE_WINDOW_END));
}
