/*
 * A connection to PostgreSQL whose every wait is bounded, and its errors in our words.
 *
 * SQLSTATE decides the error's code: what the server will never take (classes 22, 23, 54) is ERROR_INVALID with the cause
 * `duplicate_row` or `refused_row`; a deadlock, a serialization failure or a timeout is ERROR_RETRY; all else (connection lost,
 * disk full, missing privilege, schema not there) is ERROR_UNREACHABLE: it may be mended while we wait.
 *
 * After ERROR_UNREACHABLE the connection is of no use: pg_close it. Threads: one at a time.
 */
#ifndef QUOTEBUS_PG_PG_H
#define QUOTEBUS_PG_PG_H

#include <libpq-fe.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/error.h"

struct pg {
    PGconn *conn;
    int interrupt_fd;         /**< the same socket under a number of its own; -1: none */
    int64_t reply_timeout_ms; /**< longest wait for one reply */
};

/** Takes the role of the owner of schema quotebus for the rest of the session: what is made then is his. */
#define PG_TAKE_OWNER_ROLE                                                                                                       \
    "SELECT pg_catalog.set_config('role', pg_catalog.pg_get_userbyid(nspowner), false)"                                          \
    " FROM pg_catalog.pg_namespace WHERE nspname = 'quotebus'"

/** How long the server may take. */
struct pg_limits {
    int64_t statement_ms;        /**< statement_timeout; 0: none */
    int64_t lock_ms;             /**< lock_timeout; 0: none */
    int64_t idle_transaction_ms; /**< idle_in_transaction_session_timeout: a stopped process must not keep locks; 0: none */
    int64_t reply_ms;            /**< when a server that says nothing at all is given up; above statement_ms */
};

/** Connects within 5 s. `pg` is zero or closed before; on failure it is closed again. */
bool pg_connect(struct pg *pg, const char *conninfo, const struct pg_limits *limits, struct error *error) MUST_CHECK;
/** Closes; a closed one is fine. */
void pg_close(struct pg *pg);
/**
 * Ends the connection under a call that waits in another thread: the call fails soon. For a connection that is open and that no
 * other thread closes meanwhile.
 */
void pg_interrupt(const struct pg *pg);
/** Notices a connection that the server has closed, without asking anything. */
bool pg_check(struct pg *pg, struct error *error) MUST_CHECK;

/** Runs SQL without parameters (several statements too) for its effect. */
bool pg_execute(struct pg *pg, const char *sql, struct error *error) MUST_CHECK;
/** The same; on failure *position gets the place of the error in `sql`, in characters from 1, or 0 when PostgreSQL names none. */
bool pg_execute_at(struct pg *pg, const char *sql, long *position, struct error *error) MUST_CHECK;
/** Runs one statement with `count` text parameters (NULL entries are null). The result is freed with PQclear; NULL on failure. */
PGresult *pg_query(struct pg *pg, const char *sql, int count, const char *const *params, struct error *error) MUST_CHECK;
/** The same for a statement that gives no rows. */
bool pg_command(struct pg *pg, const char *sql, int count, const char *const *params, struct error *error) MUST_CHECK;
/** Runs `COPY ... FROM STDIN`; the input is `pieces`, one behind the other, so that a part of a buffer needs no copy. */
bool pg_copy_in(struct pg *pg, const char *sql, const struct str pieces[], size_t count, struct error *error) MUST_CHECK;

/** What an SQLSTATE means to us (NULL: no answer at all). *cause gets a stable word or NULL. */
enum error_code pg_error_code(const char *sqlstate, const char **cause);

/** An integer column of a result. */
int64_t pg_int(const PGresult *result, int row, int column);

#endif
