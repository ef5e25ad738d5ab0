/*
 * The two kinds of `quotebus import`: rows that were exported, back into the table; and prices of another system, into the topic.
 */
#ifndef QUOTEBUS_CLI_IMPORT_H
#define QUOTEBUS_CLI_IMPORT_H

#include <stdbool.h>
#include <stdint.h>

#include "cli/command.h"

/** How many wrong rows are named one by one. */
#define IMPORT_COMPLAINTS_MAX 10

/** What an import did. */
struct import_result {
    int64_t taken; /**< rows */
    int64_t wrong; /**< rows that are not what they should be, or that can be no row of the table */
};

/** Puts the rows of a file of `quotebus export` (CSV or Avro) into the table, over rows that may exist. */
bool import_rows(const struct invocation *call, struct import_result *result, struct error *error) MUST_CHECK;
/** Sends the prices of a CSV table to the raw topic. */
bool import_prices(const struct invocation *call, struct import_result *result, struct error *error) MUST_CHECK;
/** Counts a wrong row and says what is wrong with it. */
void import_complain(struct import_result *result, const char *path, int64_t row, const char *unit, const struct error *why);

#endif
