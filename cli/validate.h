/*
 * What the three modes of `quotebus validate` are: each prints its own result and returns an exit status; a failure fills `error`
 * and is said by the caller.
 */
#ifndef QUOTEBUS_CLI_VALIDATE_H
#define QUOTEBUS_CLI_VALIDATE_H

#include "base/error.h"
#include "cli/command.h"

/** --verify: judges the raw topic again and compares. EXIT_DATA_WRONG when a topic differs. */
int validate_verify(const struct invocation *call, struct error *error);
/** --dry-run: judges the raw topic by two rule files and shows how they differ. */
int validate_dry_run(const struct invocation *call, struct error *error);
/** --report: the latest report of each asset. */
int validate_report(const struct invocation *call, struct error *error);

/** Reads a time option in milliseconds since the epoch; `fallback` when it was not given. ERROR_USAGE. */
bool validate_time_option(const struct invocation *call, const char *name, int64_t fallback, int64_t *ms,
                          struct error *error) MUST_CHECK;

#endif
