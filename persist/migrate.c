#include "persist/migrate.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "persist/migration_files.h"

/** A migration may rewrite a table; somebody else's may be under way. */
static const struct pg_limits migrate_limits = {.lock_ms = 60000, .reply_ms = INT64_C(3600) * 1000};

#define SQL_LOCK "SELECT pg_catalog.pg_advisory_lock(pg_catalog.hashtextextended('quotebus.migrate', 0))"
#define SQL_EXISTS "SELECT 1 WHERE pg_catalog.to_regclass('quotebus.schema_migration') IS NOT NULL"
#define SQL_APPLIED "SELECT version, name, sha256 FROM quotebus.schema_migration ORDER BY version"
#define SQL_TAKE_ROLE                                                                                                            \
    "SELECT pg_catalog.set_config('role', rolname, true) FROM pg_catalog.pg_roles"                                               \
    " WHERE rolname = 'quotebus_owner' AND pg_catalog.pg_has_role(current_user, oid, 'MEMBER')"
#define SQL_RECORD "INSERT INTO quotebus.schema_migration (version, name, sha256) VALUES ($1, $2, $3) RETURNING version"

/** Compares one applied migration with its file. */
static bool check_applied(const struct migration_files *files, const PGresult *applied, int row, struct error *error)
{
    const int64_t version = pg_int(applied, row, 0);
    const char *name = PQgetvalue(applied, row, 1);
    if (version != row + 1)
        return error_set(error, ERROR_INVALID,
                         "migration %03d was never applied, but %s was: the record of migrations is damaged", row + 1, name);
    if ((size_t)version > files->count)
        return error_set(error, ERROR_INVALID, "the database has %s, which is not among the %zu files: use a newer quotebus",
                         name, files->count);
    const struct migration *file = &files->items[version - 1];
    if (strcmp(file->sha256, PQgetvalue(applied, row, 2)) != 0)
        return error_set(error, ERROR_INVALID,
                         "%s was changed after it was applied (as %s): put it back as it was, and add the next number instead",
                         file->name, name);
    return true;
}

/** How many migrations the database has; they are checked. */
static bool read_applied(struct pg *pg, const struct migration_files *files, size_t *count, struct error *error)
{
    *count = 0;
    PGresult *exists = pg_query(pg, SQL_EXISTS, 0, NULL, error);
    if (!exists)
        return false;
    const bool none = PQntuples(exists) == 0;
    PQclear(exists);
    if (none)
        return true;
    PGresult *applied = pg_query(pg, SQL_APPLIED, 0, NULL, error);
    if (!applied)
        return false;
    bool ok = true;
    for (int row = 0; ok && row < PQntuples(applied); row++)
        ok = check_applied(files, applied, row, error);
    *count = (size_t)PQntuples(applied);
    PQclear(applied);
    return ok;
}

/** Runs a file; PostgreSQL's message gets the line. */
static bool run_file(struct pg *pg, const struct migration *file, struct error *error)
{
    long position = 0;
    if (!pg_execute_at(pg, file->sql, &position, error)) {
        return position > 0 ? error_prefix(error, "%s:%d", file->name, line_of_position(file->sql, position))
                            : error_prefix(error, "%s", file->name);
    }
    if (PQtransactionStatus(pg->conn) != PQTRANS_INTRANS)
        return error_set(error, ERROR_INVALID, "%s ends its own transaction: take BEGIN, COMMIT and ROLLBACK out of it",
                         file->name);
    return true;
}

/** Records a file as applied. */
static bool record(struct pg *pg, const struct migration *file, struct error *error)
{
    char version[16];
    snprintf(version, sizeof(version), "%d", file->version);
    const char *const params[] = {version, file->name, file->sha256};
    PGresult *result = pg_query(pg, SQL_RECORD, 3, params, error);
    PQclear(result);
    return result != NULL || error_prefix(error, "%s: recording it", file->name);
}

/** One file, one transaction. */
static bool apply(struct pg *pg, const struct migration *file, struct error *error)
{
    if (!pg_execute(pg, "BEGIN; " SQL_TAKE_ROLE, error) || !run_file(pg, file, error) || !record(pg, file, error) ||
        !pg_execute(pg, "COMMIT", error))
        return false;
    log_info("persist.migrate", "migration applied", F_STR("file", file->name));
    return true;
}

/** Applies all files that the database lacks, under the lock. */
static bool apply_missing(struct pg *pg, const struct migration_files *files, struct error *error)
{
    size_t applied;
    if (!pg_execute(pg, SQL_LOCK, error) || !read_applied(pg, files, &applied, error))
        return false;
    for (size_t i = applied; i < files->count; i++) {
        if (!apply(pg, &files->items[i], error))
            return false;
    }
    log_info("persist.migrate", "the schema is up to date", F_INT("version", files->count),
             F_INT("applied_now", files->count - applied));
    return true;
}

bool migrate(const struct config *config, struct error *error)
{
    struct migration_files files = {0};
    struct pg pg = {0};
    const char *folder = migration_folder(config, config->memory);
    const bool ok = migration_files_read(&files, folder, error) &&
                    pg_connect(&pg, config->postgres.conninfo, &migrate_limits, error) && apply_missing(&pg, &files, error);
    /* A stage waits until somebody mends what the server complains about; here nobody waits. */
    if (!ok && error->code == ERROR_UNREACHABLE && pg.conn && PQstatus(pg.conn) == CONNECTION_OK)
        error->code = ERROR_INVALID;
    pg_close(&pg);
    migration_files_clear(&files);
    return ok;
}

bool migrate_check(struct pg *pg, struct error *error)
{
    PGresult *exists = pg_query(pg, SQL_EXISTS, 0, NULL, error);
    if (!exists)
        return false;
    const bool none = PQntuples(exists) == 0;
    PQclear(exists);
    if (none)
        return error_set(error, ERROR_UNREACHABLE, "the database has no quotebus schema: run quotebus-persist --migrate");
    PGresult *newest = pg_query(pg, "SELECT coalesce(max(version), 0) FROM quotebus.schema_migration", 0, NULL, error);
    if (!newest)
        return false;
    const int64_t version = pg_int(newest, 0, 0);
    PQclear(newest);
    return version >= PERSIST_SCHEMA_VERSION ||
           error_set(error, ERROR_UNREACHABLE,
                     "the database has schema version %lld, this program needs %d: run quotebus-persist --migrate",
                     (long long)version, PERSIST_SCHEMA_VERSION);
}
