#include "pg/pg.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"

/** Longest piece given to libpq at once. */
#define COPY_PIECE_MAX ((size_t)32 << 10)
/** How often a wait looks at its deadline. */
#define WAIT_TICK_MS 500

enum error_code pg_error_code(const char *sqlstate, const char **cause)
{
    static const char *const passing[] = {"40001", "40P01", "40003", "55P03", "57014"};
    *cause = NULL;
    if (!sqlstate)
        return ERROR_UNREACHABLE;
    for (size_t i = 0; i < sizeof(passing) / sizeof(passing[0]); i++) {
        if (strcmp(sqlstate, passing[i]) == 0)
            return ERROR_RETRY;
    }
    if (strncmp(sqlstate, "22", 2) != 0 && strncmp(sqlstate, "23", 2) != 0 && strncmp(sqlstate, "54", 2) != 0)
        return ERROR_UNREACHABLE;
    *cause = strcmp(sqlstate, "23505") == 0 ? "duplicate_row" : "refused_row";
    return ERROR_INVALID;
}

/** Length of a text without the line end that libpq's messages have. */
static int trimmed(const char *text)
{
    size_t len = strlen(text);
    while (len && (text[len - 1] == '\n' || text[len - 1] == ' '))
        len--;
    return (int)len;
}

/** Fills `error` from a failed result, or from the connection when there is none. Returns false. */
static bool fail(const struct pg *pg, const PGresult *result, struct error *error)
{
    const char *state = result ? PQresultErrorField(result, PG_DIAG_SQLSTATE) : NULL;
    const char *cause;
    const enum error_code code = pg_error_code(state, &cause);
    if (!state) {
        const char *text = PQerrorMessage(pg->conn);
        return error_set(error, code, "PostgreSQL: %.*s", trimmed(text), text);
    }
    const char *primary = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    const char *detail = PQresultErrorField(result, PG_DIAG_MESSAGE_DETAIL);
    const char *hint = PQresultErrorField(result, PG_DIAG_MESSAGE_HINT);
    return error_cause(error, code, cause, "PostgreSQL %s: %s%s%s%s%s", state, primary ? primary : "refused", detail ? "; " : "",
                       detail ? detail : "", hint ? "; " : "", hint ? hint : "");
}

/** Sets the server's own bounds for this session. */
static bool set_limits(struct pg *pg, const struct pg_limits *limits, struct error *error)
{
    struct buf sql = {0};
    buf_printf(&sql, "SET statement_timeout = %lld; SET lock_timeout = %lld; SET idle_in_transaction_session_timeout = %lld",
               (long long)limits->statement_ms, (long long)limits->lock_ms, (long long)limits->idle_transaction_ms);
    buf_append(&sql, "", 1);
    const bool ok = pg_execute(pg, (const char *)sql.data, error);
    buf_clear(&sql);
    return ok;
}

/** Notices from the server ("already exists, skipping") are of no interest. */
static void ignore_notice(void *ctx, const PGresult *notice)
{
    (void)ctx;
    (void)notice;
}

bool pg_connect(struct pg *pg, const char *conninfo, const struct pg_limits *limits, struct error *error)
{
    /* What stands before dbname can be overridden by the connection string, what follows cannot. */
    static const char *const keywords[] = {"connect_timeout",  "keepalives_idle",  "keepalives_interval",
                                           "keepalives_count", "tcp_user_timeout", "fallback_application_name",
                                           "dbname",           "client_encoding",  NULL};
    const char *const values[] = {"5", "5", "2", "3", "10000", program_invocation_short_name, conninfo, "UTF8", NULL};
    *pg = (struct pg){.conn = PQconnectdbParams(keywords, values, 1), .interrupt_fd = -1, .reply_timeout_ms = limits->reply_ms};
    if (!pg->conn)
        return error_set(error, ERROR_FATAL, "connecting to PostgreSQL: out of memory");
    if (PQstatus(pg->conn) != CONNECTION_OK) {
        fail(pg, NULL, error);
        goto out;
    }
    pg->interrupt_fd = dup(PQsocket(pg->conn));
    PQsetNoticeReceiver(pg->conn, ignore_notice, NULL);
    if (!set_limits(pg, limits, error))
        goto out;
    return true;
out:
    pg_close(pg);
    return false;
}

void pg_close(struct pg *pg)
{
    if (pg->conn && pg->interrupt_fd >= 0)
        close(pg->interrupt_fd);
    PQfinish(pg->conn);
    pg->conn = NULL;
}

/* libpq may close its own descriptor at any moment; this one stays, so that it cannot mean something else meanwhile. */
void pg_interrupt(const struct pg *pg)
{
    shutdown(pg->interrupt_fd, SHUT_RDWR);
}

bool pg_check(struct pg *pg, struct error *error)
{
    struct pollfd waited = {.fd = PQsocket(pg->conn), .events = POLLIN};
    if (poll(&waited, 1, 0) > 0 && !PQconsumeInput(pg->conn))
        return fail(pg, NULL, error);
    return PQstatus(pg->conn) == CONNECTION_OK || fail(pg, NULL, error);
}

/** Waits until the next result can be taken without blocking. */
static bool wait_reply(struct pg *pg, struct error *error)
{
    const int64_t deadline = clock_mono_ms() + pg->reply_timeout_ms;
    while (PQisBusy(pg->conn)) {
        if (clock_mono_ms() >= deadline)
            return error_set(error, ERROR_UNREACHABLE, "PostgreSQL has not answered for %lld ms",
                             (long long)pg->reply_timeout_ms);
        struct pollfd waited = {.fd = PQsocket(pg->conn), .events = POLLIN};
        poll(&waited, 1, WAIT_TICK_MS);
        if (waited.revents && !PQconsumeInput(pg->conn))
            return fail(pg, NULL, error);
    }
    return true;
}

/** Whether a result is no failure. */
static bool succeeded(const PGresult *result)
{
    const ExecStatusType status = PQresultStatus(result);
    return status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK || status == PGRES_COPY_IN;
}

/**
 * Takes all results of what was sent, or those up to the call for COPY input. Returns the last one, or the first failed one;
 * NULL when the connection failed.
 */
static PGresult *take_results(struct pg *pg, struct error *error)
{
    PGresult *kept = NULL;
    for (;;) {
        if (!wait_reply(pg, error))
            break;
        PGresult *next = PQgetResult(pg->conn);
        if (!next)
            return kept;
        if (kept && !succeeded(kept)) {
            PQclear(next);
            continue;
        }
        PQclear(kept);
        kept = next;
        if (PQresultStatus(kept) == PGRES_COPY_IN)
            return kept;
    }
    PQclear(kept);
    return NULL;
}

/** The result of what was sent when it has the wanted status. *position, where asked for, is that of a failure. */
static PGresult *expect_at(struct pg *pg, ExecStatusType wanted, long *position, struct error *error)
{
    error_clear(error);
    PGresult *result = take_results(pg, error);
    if (result && (PQresultStatus(result) == wanted || (wanted == PGRES_COMMAND_OK && succeeded(result))))
        return result;
    const char *place = result ? PQresultErrorField(result, PG_DIAG_STATEMENT_POSITION) : NULL;
    if (position)
        *position = place ? strtol(place, NULL, 10) : 0;
    if (error->code == ERROR_NONE)
        fail(pg, result, error);
    PQclear(result);
    return NULL;
}

/** The same where nobody asks for the place. */
static PGresult *expect(struct pg *pg, ExecStatusType wanted, struct error *error)
{
    return expect_at(pg, wanted, NULL, error);
}

bool pg_execute_at(struct pg *pg, const char *sql, long *position, struct error *error)
{
    if (!PQsendQuery(pg->conn, sql))
        return fail(pg, NULL, error);
    PGresult *result = expect_at(pg, PGRES_COMMAND_OK, position, error);
    PQclear(result);
    return result != NULL;
}

bool pg_execute(struct pg *pg, const char *sql, struct error *error)
{
    return pg_execute_at(pg, sql, NULL, error);
}

PGresult *pg_query(struct pg *pg, const char *sql, int count, const char *const *params, struct error *error)
{
    if (!PQsendQueryParams(pg->conn, sql, count, NULL, params, NULL, NULL, 0)) {
        fail(pg, NULL, error);
        return NULL;
    }
    return expect(pg, PGRES_TUPLES_OK, error);
}

bool pg_command(struct pg *pg, const char *sql, int count, const char *const *params, struct error *error)
{
    if (!PQsendQueryParams(pg->conn, sql, count, NULL, params, NULL, NULL, 0))
        return fail(pg, NULL, error);
    PGresult *result = expect(pg, PGRES_COMMAND_OK, error);
    PQclear(result);
    return result != NULL;
}

/** Hands one run of bytes to COPY. */
static bool put_copy_data(struct pg *pg, struct str data, struct error *error)
{
    while (data.len) {
        const size_t len = data.len < COPY_PIECE_MAX ? data.len : COPY_PIECE_MAX;
        if (PQputCopyData(pg->conn, data.ptr, (int)len) != 1)
            return fail(pg, NULL, error);
        data.ptr += len;
        data.len -= len;
    }
    return true;
}

bool pg_copy_in(struct pg *pg, const char *sql, const struct str pieces[], size_t count, struct error *error)
{
    if (!PQsendQuery(pg->conn, sql))
        return fail(pg, NULL, error);
    PGresult *started = expect(pg, PGRES_COPY_IN, error);
    if (!started)
        return false;
    PQclear(started);
    for (size_t i = 0; i < count; i++) {
        if (!put_copy_data(pg, pieces[i], error))
            return false;
    }
    if (PQputCopyEnd(pg->conn, NULL) != 1)
        return fail(pg, NULL, error);
    PGresult *done = expect(pg, PGRES_COMMAND_OK, error);
    PQclear(done);
    return done != NULL;
}

int64_t pg_int(const PGresult *result, int row, int column)
{
    return strtoll(PQgetvalue(result, row, column), NULL, 10);
}
