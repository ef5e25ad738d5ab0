/*
 * The command line that every stage shares: --config FILE, --set PATH=VALUE (repeatable), --help, --version, and the stage's own
 * switches. Loads the configuration and sets up the log.
 *
 *     int status;
 *     struct config *config = startup(&spec, argc, argv, &status);
 *     if (!config)
 *         return status;
 *
 * Threads: call it first, from main.
 */
#ifndef QUOTEBUS_BASE_STARTUP_H
#define QUOTEBUS_BASE_STARTUP_H

#include "base/config.h"

/** A switch, with a value where `text` is set. */
struct startup_switch {
    const char *name;  /**< `--migrate` */
    const char *help;  /**< one line */
    bool *value;       /**< set to true when given; NULL: the switch has a value */
    const char **text; /**< set to the value, borrowed from argv */
};

struct startup_spec {
    const char *stage;    /**< validate; the program is quotebus-<stage> */
    const char *summary;  /**< one line */
    const char *examples; /**< begins the help; lines indented by two blanks */
    const struct startup_switch *switches;
    size_t switch_count;
};

/**
 * NULL when the program has to end with *exit_status: after --help or --version (0, text on stdout), or after an error (2, on
 * stderr). The configuration is freed by the caller with config_free.
 */
struct config *startup(const struct startup_spec *spec, int argc, char **argv, int *exit_status) MUST_CHECK;

/**
 * Loads the configuration again, with the command line of the start. Log settings stay as they are. NULL on failure (ERROR_USAGE
 * or ERROR_NOT_FOUND); freed by the caller.
 */
struct config *startup_again(const struct startup_spec *spec, int argc, char **argv, struct error *error) MUST_CHECK;

#endif
