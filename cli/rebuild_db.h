/*
 * What `quotebus rebuild` asks of PostgreSQL: the functions quotebus.rebuild_* of the migrations, called for one table each.
 *
 * One connection, as the owner of the schema. Threads: one.
 */
#ifndef QUOTEBUS_CLI_REBUILD_DB_H
#define QUOTEBUS_CLI_REBUILD_DB_H

#include "cli/playback.h"
#include "persist/table.h"
#include "pg/pg.h"

/** Where the rebuilt tables are made, and where the old ones go. */
#define REBUILD_SCHEMA "quotebus_rebuild"
#define REBUILD_BEFORE "quotebus_before"
/** Longest text of a date with the NUL, and of a checksum. */
#define REBUILD_DATE_MAX 16
#define REBUILD_SUM_MAX 48

/** What a part of a table holds. */
struct rebuild_sum {
    int64_t rows;
    char checksum[REBUILD_SUM_MAX];
};

/** Connects; takes the lock that only one rebuild has. ERROR_RETRY: another one runs. */
bool rebuild_connect(struct pg *pg, const char *conninfo, struct error *error) MUST_CHECK;
/** Removes what an earlier rebuild left, makes the schemas, takes the owner's role, makes the copies. */
bool rebuild_prepare(struct pg *pg, const struct table *const *wanted, size_t count, struct error *error) MUST_CHECK;
/** Removes the schemas; with `keep_before` that of the old tables stays. */
bool rebuild_clear(struct pg *pg, bool keep_before, struct error *error) MUST_CHECK;

/**
 * How far persist has stored the topic: into `end` of the spans, for each partition that it knows (others end where they begin).
 * In a transaction with `locked` nobody stores records of the topic until its end.
 */
bool rebuild_offsets(struct pg *pg, const char *topic, bool locked, struct playback_spans *spans, struct error *error) MUST_CHECK;
/** Counts and sums the rows of a table of `schema` whose records lie in the spans, from `begin` to `end`. */
bool rebuild_checksum(struct pg *pg, const char *schema, const struct table *table, const struct playback_spans *spans,
                      struct rebuild_sum *sum, struct error *error) MUST_CHECK;
/** Keeps the rows that the spans do not cover; `first_day` gets the first day to swap, or "". */
bool rebuild_keep(struct pg *pg, const struct table *table, const struct playback_spans *spans, char first_day[REBUILD_DATE_MAX],
                  struct error *error) MUST_CHECK;
/** Checks the bounds of the rebuilt days beforehand, and lets the planner know the rows. */
bool rebuild_vouch(struct pg *pg, const struct table *table, struct error *error) MUST_CHECK;
/** Swaps, within a transaction. */
bool rebuild_swap(struct pg *pg, const struct table *table, const char *first_day, struct error *error) MUST_CHECK;

#endif
