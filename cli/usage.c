#include "cli/usage.h"

#include <curl/curl.h>
#include <inttypes.h>
#include <libpq-fe.h>
#include <librdkafka/rdkafka.h>
#include <stdio.h>

#include "cli/command_line.h"

/** Width of the column of names. */
#define NAME_WIDTH 22

static const char program_examples[] =
    "  quotebus status                              stages, lag, provider health, prices, rows\n"
    "  quotebus status --watch 2                    the same, live\n"
    "  quotebus tail quotes.clean --from -10        the newest records, one JSON line each\n"
    "  quotebus topics diff                         what differs from schemas/topics.yaml\n";

/** Appends one line per option. */
static void write_options(struct buf *out, const struct command_option *options, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        char letter[8] = "";
        char name[64];
        if (options[i].letter)
            snprintf(letter, sizeof(letter), "-%c, ", options[i].letter);
        snprintf(name, sizeof(name), "%s%s%s%s", letter, options[i].name, options[i].argument ? " " : "",
                 options[i].argument ? options[i].argument : "");
        buf_printf(out, "  %-*s %s\n", NAME_WIDTH, name, options[i].help);
    }
}

void usage_write(struct buf *out, const struct command *const *table, const struct command *command)
{
    size_t common_count;
    const struct command_option *common = common_options(&common_count);
    buf_printf(out, "examples:\n%s\n", command ? command->examples : program_examples);
    if (command) {
        buf_printf(out, "usage: quotebus %s %s%s[options]\n\n%s\n", command->name, command->arguments,
                   *command->arguments ? " " : "", command->summary);
        if (command->option_count)
            buf_printf(out, "\noptions:\n");
        write_options(out, command->options, command->option_count);
    } else {
        buf_printf(out, "usage: quotebus COMMAND [options]      (quotebus COMMAND --help says more)\n\ncommands:\n");
        for (size_t i = 0; table[i]; i++)
            buf_printf(out, "  %-*s %s\n", NAME_WIDTH, table[i]->name, table[i]->summary);
    }
    buf_printf(out, "\noptions of all commands:\n");
    write_options(out, common, common_count);
    buf_printf(
        out, "\nexit status: 0 fine, 1 failed, 2 wrong usage or configuration, 3 something is unreachable, 4 data or topics are "
             "not as\nthey should be. Data is on stdout, all else on stderr.\n");
}

void version_write(struct buf *out)
{
    const int pq = PQlibVersion();
    buf_printf(out, "quotebus %s\nlibrdkafka %s, libpq %d.%d, %s\n", QUOTEBUS_VERSION, rd_kafka_version_str(), pq / 10000,
               pq % 10000, curl_version());
}
