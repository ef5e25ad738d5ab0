/*
 * Every field of the configuration with its value and where that comes from.
 *
 * Secrets are masked: the password of a connection string, and what a setting named like a password or a secret holds. Keys of
 * providers are no part of the configuration: it names the variable that holds one.
 *
 * Threads: one.
 */
#ifndef QUOTEBUS_CLI_CONFIG_LIST_H
#define QUOTEBUS_CLI_CONFIG_LIST_H

#include "base/config.h"
#include "cli/grid.h"

/** What stands for a secret. */
#define CONFIG_MASK "********"

/** Columns of config_list_gather: path, value, origin. */
extern const struct column config_list_columns[];
extern const size_t config_list_column_count;

/**
 * Reads the configuration again and fills a row for each field at or below `prefix` (`kafka`, `providers.yahoo`; NULL: all), in
 * the order of reading. The origin is `default`, `FILE:LINE`, `--set` or the variable's name. ERROR_NOT_FOUND: no field is there.
 */
bool config_list_gather(const struct config_options *source, const char *prefix, struct grid *grid,
                        struct error *error) MUST_CHECK;

/** Appends a field's value with its secrets masked. Pure. */
void config_masked(struct buf *out, const char *path, const char *text);

#endif
