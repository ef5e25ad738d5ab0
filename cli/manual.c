#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/command_line.h"
#include "cli/output.h"

/** Appends a text so that scdoc takes no sign of it as its own. */
static void append_plain(struct buf *out, const char *text)
{
    for (; *text; text++) {
        if (strchr("_*\\<>`", *text))
            buf_append_str(out, STR("\\"));
        buf_append(out, text, 1);
    }
}

/** Appends options, each with what it is for. */
static void append_options(struct buf *out, const struct command_option *options, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        buf_append_str(out, STR("*"));
        if (options[i].letter)
            buf_printf(out, "-%c*, *", options[i].letter);
        append_plain(out, options[i].name);
        buf_append_str(out, STR("*"));
        if (options[i].argument)
            buf_printf(out, " _%s_", options[i].argument);
        buf_append_str(out, STR("\n\t"));
        append_plain(out, options[i].help);
        buf_append_str(out, STR("\n\n"));
    }
}

/** Appends examples as they stand in the help, without their indent. */
static void append_examples(struct buf *out, const char *examples)
{
    buf_append_str(out, STR("```\n"));
    for (const char *line = examples; *line;) {
        const size_t indent = strspn(line, " ");
        const size_t len = strcspn(line, "\n");
        if (len > indent)
            buf_append(out, line + indent, len - indent);
        buf_append_str(out, STR("\n"));
        line += len + (line[len] == '\n');
    }
    buf_append_str(out, STR("```\n\n"));
}

/** Appends the section of one command. */
static void append_command(struct buf *out, const struct command *command)
{
    buf_printf(out, "## quotebus %s ", command->name);
    append_plain(out, command->arguments);
    buf_append_str(out, STR("\n\n"));
    append_plain(out, command->summary);
    buf_append_str(out, STR(".\n\n"));
    append_options(out, command->options, command->option_count);
    append_examples(out, command->examples);
}

static const char head[] = "quotebus(1)\n\n# NAME\n\nquotebus - free market data on Kafka and in PostgreSQL, cross-checked\n\n"
                           "# SYNOPSIS\n\n*quotebus* _COMMAND_ [_OPTIONS_]\n\n# OPTIONS OF ALL COMMANDS\n\n";
static const char tail[] =
    "# EXIT STATUS\n\n*0*\n\tfine\n\n*1*\n\tfailed\n\n*2*\n\twrong usage or configuration\n\n*3*\n\tsomething is unreachable\n\n"
    "*4*\n\tdata or topics are not as they should be\n\n"
    "*quotebus health* has the statuses of a Nagios check: 0 ok, 1 warning, 2 critical, 3 unknown.\n\n"
    "# ENVIRONMENT\n\n*QUOTEBUS\\_CONFIG*\n\tpath of the configuration\n\n"
    "*QUOTEBUS\\_*_PATH_\n\tsets a value of the configuration; dots and dashes of its path become underscores, e.g. "
    "QUOTEBUS\\_KAFKA\\_BROKERS\n\n*PGPASSFILE*\n\tfile with the passwords of PostgreSQL\n\n*NO\\_COLOR*\n\tno colours\n\n"
    "# FILES\n\nconfig/quotebus.yaml, /etc/quotebus/quotebus.yaml\n";

/** Runs the command. */
static int run_manual(const struct invocation *call)
{
    struct buf text = {0};
    size_t common_count;
    (void)call;
    const struct command_option *common = common_options(&common_count);
    buf_append_str(&text, str_from(head));
    append_options(&text, common, common_count);
    buf_append_str(&text, STR("# COMMANDS\n\n"));
    for (size_t i = 0; commands[i]; i++)
        append_command(&text, commands[i]);
    buf_append_str(&text, str_from(tail));
    output_write(buf_str(&text));
    buf_clear(&text);
    return EXIT_SUCCESS;
}

const struct command command_manual = {
    .name = "manual",
    .summary = "prints the manual page as source for scdoc",
    .arguments = "",
    .examples = "  quotebus manual | scdoc > quotebus.1; man ./quotebus.1\n",
    .offline = true,
    .run = run_manual,
};
