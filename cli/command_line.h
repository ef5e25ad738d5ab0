/*
 * The command line as it was typed, taken apart: which command, the common options, its own options and arguments.
 *
 * Options may stand anywhere; `--name value`, `--name=value`, `-n value` and `-nvalue` mean the same; `--` ends the options.
 * A word that is not known is an error that names the nearest one. Pure: nothing is loaded, printed or kept.
 */
#ifndef QUOTEBUS_CLI_COMMAND_LINE_H
#define QUOTEBUS_CLI_COMMAND_LINE_H

#include "base/error.h"
#include "cli/command.h"

/** Most --set options. */
#define SETTINGS_MAX 64

struct command_line {
    bool help;
    bool version;
    bool verbose;
    const char *config_path; /**< NULL: not given */
    const char *settings[SETTINGS_MAX];
    size_t setting_count;
    struct invocation call; /**< call.command is NULL without a command; call.config is left NULL */
};

/** Options that every command has, --help and --version among them; `count` gets their number. */
const struct command_option *common_options(size_t *count);

/** Takes `argv` (the program's name first) apart with the commands of `table` (ended by NULL). ERROR_USAGE. */
bool command_line_parse(const struct command *const *table, int argc, char **argv, struct command_line *line,
                        struct error *error) MUST_CHECK;

#endif
