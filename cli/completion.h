/*
 * Completion of the command line in shells, made from the table of commands.
 */
#ifndef QUOTEBUS_CLI_COMPLETION_H
#define QUOTEBUS_CLI_COMPLETION_H

#include "base/bytes.h"
#include "base/error.h"
#include "cli/command.h"

/** Appends the script of a shell (bash, zsh or fish) for the commands of `table` (ended by NULL). ERROR_USAGE: no such shell.
 * Pure. */
bool completion_write(struct buf *out, const struct command *const *table, const char *shell, struct error *error) MUST_CHECK;

#endif
