/*
 * What a command of `quotebus` is: one file with a `struct command` and one row in commands.c.
 *
 * A command gets its options and arguments already checked, and the configuration loaded. Data goes to stdout (output.h), all
 * else to stderr. `run` returns an exit status: 0 fine, 1 failed, 2 wrong usage, 3 something is unreachable, 4 the data is not as
 * it should be.
 */
#ifndef QUOTEBUS_CLI_COMMAND_H
#define QUOTEBUS_CLI_COMMAND_H

#include <stdbool.h>
#include <stddef.h>

#include "base/config.h"

/** Exit statuses of the documented table. */
#define EXIT_UNREACHABLE 3
#define EXIT_DATA_WRONG 4
/** What EXIT_FAILURE is for wrong usage. */
#define EXIT_USAGE 2

/** Most options and arguments one command has. */
#define COMMAND_OPTIONS_MAX 12
#define COMMAND_ARGUMENTS_MAX 4

struct command_option {
    const char *name;     /**< with its dashes: `--from` */
    char letter;          /**< short form: 'n' for -n; 0: none */
    const char *argument; /**< word for its value in the help; NULL: a switch */
    const char *help;     /**< one line */
};

/** One call of a command. All texts are borrowed from the command line. */
struct invocation {
    const struct command *command;
    const struct config *config;         /**< NULL: see command.offline */
    const struct config_options *source; /**< where `config` came from, to read it again */
    bool json;
    const char *values[COMMAND_OPTIONS_MAX]; /**< by row of command->options; NULL: not given; a switch has "" */
    const char *arguments[COMMAND_ARGUMENTS_MAX];
    size_t argument_count;
};

struct command {
    const char *name;
    const char *summary;   /**< one line */
    const char *arguments; /**< as they stand in the usage line: `TOPIC` */
    const char *examples;  /**< begin the help; lines indented by two blanks */
    const struct command_option *options;
    size_t option_count;
    size_t argument_min, argument_max;
    bool offline; /**< needs no configuration: call->config is NULL unless --config or --set is given */
    int (*run)(const struct invocation *call);
};

/** All commands, ended by NULL. */
extern const struct command *const commands[];

/** The value of an option of the call's own command ("" for a switch), NULL when it was not given. */
const char *invocation_option(const struct invocation *call, const char *name);

#endif
