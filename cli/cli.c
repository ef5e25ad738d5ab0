#include "cli/cli.h"

#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "cli/command_line.h"
#include "cli/output.h"
#include "cli/usage.h"

/** Sets the log up: only what the user asked for, since commands say themselves what went wrong. */
static bool configure_log(const struct log_settings *settings, bool verbose, struct error *error)
{
    const enum log_format format = strcmp(settings->format, "json") == 0 ? LOG_FORMAT_JSON : LOG_FORMAT_LOGFMT;
    log_set_stage("cli");
    if (!verbose)
        return log_configure(format, "off", NULL, 0, error);
    return log_configure(format, settings->level, (const char *const *)settings->components.items, settings->components.count,
                         error);
}

/** Loads the configuration and runs the command. */
static int run_command(struct command_line *line, struct error *error)
{
    const struct config_options options = {
        .path = line->config_path, .settings = line->settings, .setting_count = line->setting_count};
    int status = EXIT_USAGE;
    if (line->call.command->offline && !line->config_path && line->setting_count == 0)
        return line->call.command->run(&line->call);
    struct config *config = config_load(&options, error);
    if (!config || !configure_log(&config->log, line->verbose, error)) {
        fprintf(stderr, "quotebus: %s\n", error->message);
        goto out;
    }
    line->call.config = config;
    line->call.source = &options;
    status = line->call.command->run(&line->call);
out:
    config_free(config);
    return status;
}

/** Prints the help or the version. */
static int show(const struct command_line *line)
{
    struct buf text = {0};
    if (line->help)
        usage_write(&text, commands, line->call.command);
    else
        version_write(&text);
    output_write(buf_str(&text));
    buf_clear(&text);
    return EXIT_SUCCESS;
}

int cli_run(int argc, char **argv)
{
    /* Widths of names in UTF-8; the decimal point must stay what it is, so only the character type is set. */
    setlocale(LC_CTYPE, "");
    signal(SIGPIPE, SIG_IGN);
    struct command_line line;
    struct error error = {0};
    int status;
    if (!command_line_parse(commands, argc, argv, &line, &error)) {
        fprintf(stderr, "quotebus: %s\n", error.message);
        return EXIT_USAGE;
    }
    if (line.help || line.version)
        status = show(&line);
    else
        status = run_command(&line, &error);
    return output_finish(status);
}
