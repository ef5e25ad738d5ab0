/*
 * Reading PostgreSQL: a query's rows go straight into a grid.
 *
 * Connects at the first query and again after the connection broke. The session is read-only, in UTC, and each query is bounded
 * in time. Threads: one.
 */
#ifndef QUOTEBUS_CLI_DB_H
#define QUOTEBUS_CLI_DB_H

#include <stdint.h>

#include "base/error.h"
#include "cli/grid.h"

struct cli_db;

/** `conninfo` is kept by reference. Freed with cli_db_free. */
struct cli_db *cli_db_new(const char *conninfo);
/** NULL is fine. */
void cli_db_free(struct cli_db *db);

/**
 * Runs `sql`, whose $1 is `parameter` (NULL: it has none), and appends its rows to `grid`: as many columns as the grid has, in
 * its order. ERROR_UNREACHABLE: no server or no permission to enter; ERROR_NOT_FOUND: the tables are not there.
 */
bool cli_db_query(struct cli_db *db, const char *sql, const char *parameter, struct grid *grid, struct error *error) MUST_CHECK;
/** The one whole number that `sql` gives. */
bool cli_db_number(struct cli_db *db, const char *sql, int64_t *number, struct error *error) MUST_CHECK;

/** Columns of cli_db_tables. */
extern const struct column table_columns[];
extern const size_t table_column_count;
/**
 * The tables that hold data, with rows and size. Rows of tables over 64 MiB are estimated by the server unless `exact`.
 */
bool cli_db_tables(struct cli_db *db, bool exact, struct grid *grid, struct error *error) MUST_CHECK;

#endif
