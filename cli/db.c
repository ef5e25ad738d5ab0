#include "cli/db.h"

#include <assert.h>
#include <inttypes.h>
#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/** Rows of a larger table are estimated: counting takes time that a screen refreshed every other second does not have. */
#define EXACT_MAX_BYTES (64.0 * 1024 * 1024)
#define CONNECT_TIMEOUT_S "5"
static const char session_sql[] = "SET default_transaction_read_only = on; SET statement_timeout = '60s'; SET TimeZone = 'UTC'";

struct cli_db {
    const char *conninfo;
    PGconn *connection;
};

struct cli_db *cli_db_new(const char *conninfo)
{
    struct cli_db *db = xcalloc(1, sizeof(*db));
    db->conninfo = conninfo;
    return db;
}

void cli_db_free(struct cli_db *db)
{
    if (!db)
        return;
    PQfinish(db->connection);
    free(db);
}

/** Fills `error` with libpq's words, on one line. Returns false. */
static bool db_failed(const char *message, enum error_code code, struct error *error)
{
    char line[320];
    snprintf(line, sizeof(line), "%s", message);
    for (char *c = line; *c; c++)
        *c = *c == '\n' ? ' ' : *c;
    for (size_t len = strlen(line); len && line[len - 1] == ' '; len--)
        line[len - 1] = '\0';
    return error_set(error, code, "PostgreSQL (postgres.conninfo says where): %s", line);
}

/** Runs what sets the session up. */
static bool prepare_session(PGconn *connection)
{
    PGresult *result = PQexec(connection, session_sql);
    const bool ok = PQresultStatus(result) == PGRES_COMMAND_OK;
    PQclear(result);
    return ok;
}

/** Connects, unless there is a connection that is not known to be broken. */
static bool connect_db(struct cli_db *db, struct error *error)
{
    /* The user's own settings come last, so that they win. */
    static const char *const names[] = {"connect_timeout", "fallback_application_name", "dbname", NULL};
    const char *const values[] = {CONNECT_TIMEOUT_S, "quotebus", db->conninfo, NULL};
    if (db->connection && PQstatus(db->connection) == CONNECTION_OK)
        return true;
    PQfinish(db->connection);
    db->connection = PQconnectdbParams(names, values, 1);
    if (PQstatus(db->connection) == CONNECTION_OK && prepare_session(db->connection))
        return true;
    db_failed(PQerrorMessage(db->connection), ERROR_UNREACHABLE, error);
    PQfinish(db->connection);
    db->connection = NULL;
    return false;
}

/** Fills `error` for a query that failed. */
static bool query_failed(struct cli_db *db, const PGresult *result, struct error *error)
{
    const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    const bool missing = state && (strcmp(state, "42P01") == 0 || strcmp(state, "3F000") == 0 || strcmp(state, "42703") == 0);
    const bool lost = PQstatus(db->connection) != CONNECTION_OK;
    if (missing)
        return error_set(error, ERROR_NOT_FOUND,
                         "PostgreSQL: the tables of quotebus are not there, or of another version: "
                         "`quotebus-persist --migrate` makes them");
    return db_failed(PQresultErrorMessage(result), lost ? ERROR_UNREACHABLE : ERROR_INVALID, error);
}

/** Runs a query. NULL on failure; cleared by the caller. */
static PGresult *run_query(struct cli_db *db, const char *sql, const char *parameter, struct error *error)
{
    if (!connect_db(db, error))
        return NULL;
    PGresult *result = PQexecParams(db->connection, sql, parameter ? 1 : 0, NULL, &parameter, NULL, NULL, 0);
    if (PQresultStatus(result) == PGRES_TUPLES_OK)
        return result;
    query_failed(db, result, error);
    PQclear(result);
    return NULL;
}

/** Appends one value of a result to the grid. */
static void add_value(struct grid *grid, size_t column, const PGresult *result, int row)
{
    const enum column_kind kind = grid->columns[column].kind;
    const char *text = PQgetvalue(result, row, (int)column);
    const bool is_text = kind == COLUMN_TEXT || kind == COLUMN_STATE || kind == COLUMN_JSON;
    if (PQgetisnull(result, row, (int)column))
        grid_text(grid, NULL);
    else if (is_text)
        grid_text(grid, text);
    else
        grid_number(grid, strtod(text, NULL));
}

bool cli_db_query(struct cli_db *db, const char *sql, const char *parameter, struct grid *grid, struct error *error)
{
    PGresult *result = run_query(db, sql, parameter, error);
    if (!result)
        return false;
    assert((size_t)PQnfields(result) == grid->column_count);
    for (int row = 0; row < PQntuples(result); row++) {
        for (size_t column = 0; column < grid->column_count; column++)
            add_value(grid, column, result, row);
    }
    PQclear(result);
    return true;
}

bool cli_db_number(struct cli_db *db, const char *sql, int64_t *number, struct error *error)
{
    PGresult *result = run_query(db, sql, NULL, error);
    if (!result)
        return false;
    assert(PQnfields(result) == 1 && PQntuples(result) == 1);
    *number = strtoll(PQgetvalue(result, 0, 0), NULL, 10);
    PQclear(result);
    return true;
}

const struct column table_columns[] = {
    {"table", "TABLE", COLUMN_TEXT}, {"rows", "ROWS", COLUMN_COUNT}, {"bytes", "SIZE", COLUMN_BYTES}};
const size_t table_column_count = sizeof(table_columns) / sizeof(table_columns[0]);

/** Tables of data: not those that hold names, positions and migrations. */
static const char tables_sql[] =
    "SELECT c.relname, "
    "CASE WHEN c.relkind = 'p' THEN (SELECT sum(greatest(t.reltuples, pg_stat_get_live_tuples(p.relid), 0)) "
    "     FROM pg_partition_tree(c.oid) p JOIN pg_class t ON t.oid = p.relid) "
    "     ELSE greatest(c.reltuples, pg_stat_get_live_tuples(c.oid), 0) END, "
    "CASE WHEN c.relkind = 'p' THEN (SELECT sum(pg_total_relation_size(p.relid)) FROM pg_partition_tree(c.oid) p) "
    "     ELSE pg_total_relation_size(c.oid) END "
    "FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
    "WHERE n.nspname = 'quotebus' AND c.relkind IN ('r', 'p') AND NOT c.relispartition "
    "AND c.relname NOT IN ('asset', 'source', 'stream_offset', 'schema_migration') ORDER BY 1";

/** Counts the rows of one table. */
static bool count_rows(struct cli_db *db, const char *table, int64_t *rows, struct error *error)
{
    char sql[160];
    char *name = PQescapeIdentifier(db->connection, table, strlen(table));
    if (!name)
        return db_failed(PQerrorMessage(db->connection), ERROR_INVALID, error);
    snprintf(sql, sizeof(sql), "SELECT count(*) FROM quotebus.%s", name);
    PQfreemem(name);
    return cli_db_number(db, sql, rows, error);
}

bool cli_db_tables(struct cli_db *db, bool exact, struct grid *grid, struct error *error)
{
    const size_t first = grid_rows(grid);
    if (!cli_db_query(db, tables_sql, NULL, grid, error))
        return false;
    for (size_t row = first; row < grid_rows(grid); row++) {
        struct cell *cells = &grid->cells[row * grid->column_count];
        int64_t rows;
        if (!exact && cells[2].number > EXACT_MAX_BYTES)
            continue;
        if (!count_rows(db, cells[0].text, &rows, error))
            return false;
        cells[1] = (struct cell){.set = true, .number = (double)rows};
    }
    return true;
}
