/*
 * Whether everything that the configuration names is sound.
 */
#ifndef QUOTEBUS_CLI_CONFIG_FILES_H
#define QUOTEBUS_CLI_CONFIG_FILES_H

#include "base/config.h"
#include "base/error.h"

/**
 * Reads the files that the configuration names (topics, rules) and binds its jobs to their code: what a stage would find wrong at
 * its start. ERROR_USAGE names file, line and field. No network. Threads: any.
 */
bool config_files_check(const struct config *config, struct error *error) MUST_CHECK;

#endif
