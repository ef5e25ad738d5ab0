/*
 * Options that are whole numbers. Pure.
 */
#ifndef QUOTEBUS_CLI_NUMBER_OPTION_H
#define QUOTEBUS_CLI_NUMBER_OPTION_H

#include <stdint.h>

#include "base/error.h"
#include "cli/command.h"

/** Reads an option that is a whole number within bounds; `fallback` when it is not given. ERROR_USAGE. */
bool number_option(const struct invocation *call, const char *name, int64_t fallback, int64_t min, int64_t max, int64_t *number,
                   struct error *error) MUST_CHECK;

#endif
