/*
 * The help: examples first, then what there is.
 */
#ifndef QUOTEBUS_CLI_USAGE_H
#define QUOTEBUS_CLI_USAGE_H

#include "base/bytes.h"
#include "cli/command.h"

/** Appends the help of one command, or with NULL that of the program with all commands of `table` (ended by NULL). */
void usage_write(struct buf *out, const struct command *const *table, const struct command *command);
/** Appends the version of the program and of the libraries it runs with. */
void version_write(struct buf *out);

#endif
