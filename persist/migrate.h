/*
 * `quotebus-persist --migrate`: brings the schema of a database up to the newest numbered SQL file.
 *
 * Each file runs in a transaction of its own, in which it is recorded in quotebus.schema_migration (version, name, SHA-256). All
 * is done under an advisory lock, so that several may start it at once. A file that was applied must not have changed, none may
 * be missing. From the first one on the role quotebus_owner is taken, where it exists and the login is a member of it, so that
 * all objects have one owner. Runs again without effect.
 *
 * Threads: one.
 */
#ifndef QUOTEBUS_PERSIST_MIGRATE_H
#define QUOTEBUS_PERSIST_MIGRATE_H

#include "base/config.h"
#include "base/error.h"
#include "pg/pg.h"

/** Applies what is missing, logs each file. ERROR_INVALID: a file is wrong or was changed; the message names it and the line. */
bool migrate(const struct config *config, struct error *error) MUST_CHECK;

/** Whether the database has at least the version this program was built with. ERROR_UNREACHABLE: not yet, says what to do. */
bool migrate_check(struct pg *pg, struct error *error) MUST_CHECK;

#endif
