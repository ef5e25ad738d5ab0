#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/yaml.h"
#include "cli/command.h"
#include "cli/config_files.h"
#include "cli/config_list.h"
#include "cli/output.h"

/** `config check` */
static bool check_command(const struct invocation *call, struct error *error)
{
    const struct config *config = call->config;
    if (!config_files_check(config, error))
        return false;
    struct buf text = {0};
    if (call->json)
        buf_printf(&text, "{\"result\":\"ok\",\"providers\":%zu,\"assets\":%zu,\"jobs\":%zu}\n", config->provider_count,
                   config->asset_count, config->job_count);
    else
        buf_printf(&text, "%s: fine: %zu providers, %zu assets, %zu jobs; topics and rules too\n", config->path,
                   config->provider_count, config->asset_count, config->job_count);
    output_write(buf_str(&text));
    buf_clear(&text);
    return true;
}

/** Prints each field and its value. */
static void print_fields(struct grid *grid)
{
    struct buf text = {0};
    for (size_t row = 0; row < grid_rows(grid); row++)
        buf_printf(&text, "%s: %s\n", grid_cell_text(grid, row, 0), grid_cell_text(grid, row, 1));
    output_write(buf_str(&text));
    buf_clear(&text);
}

/** `config show` */
static bool show_command(const struct invocation *call, const char *prefix, struct error *error)
{
    struct grid grid;
    grid_init(&grid, config_list_columns, config_list_column_count);
    const bool ok = config_list_gather(call->source, prefix, &grid, error);
    if (ok && (call->json || invocation_option(call, "--origin")))
        output_grid(&grid, call->json);
    else if (ok)
        print_fields(&grid);
    if (ok && !call->json)
        fprintf(stderr, "quotebus: lines are those of %s\n", call->config->path);
    grid_clear(&grid);
    return ok;
}

/** Runs the command. */
static int run_config(const struct invocation *call)
{
    static const char *const words[] = {"check", "show"};
    const char *word = call->arguments[0];
    struct error error = {0};
    bool ok = false;
    if (strcmp(word, "check") == 0) {
        ok = call->argument_count == 1 ? check_command(call, &error)
                                       : error_set(&error, ERROR_USAGE, "config check takes no field: it checks all of them");
    } else if (strcmp(word, "show") == 0) {
        ok = show_command(call, call->argument_count > 1 ? call->arguments[1] : NULL, &error);
    } else {
        const char *nearest = nearest_word(word, words, 2);
        error_set(&error, ERROR_USAGE, "config cannot '%.40s': %s%s", word, nearest ? "did you mean " : "check or show",
                  nearest ? nearest : "");
    }
    if (!ok)
        fprintf(stderr, "quotebus: %s\n", error.message);
    return ok ? EXIT_SUCCESS : EXIT_USAGE;
}

static const struct command_option options[] = {
    {"--origin", 0, NULL, "of show: also where each value comes from: a flag, a variable, a line of the file, or the default"},
};

const struct command command_config = {
    .name = "config",
    .summary = "checks the configuration, or shows every value and where it comes from",
    .arguments = "check|show [FIELD]",
    .examples = "  quotebus config check                        2 is the exit status when something is wrong; file, line and "
                "field are named\n"
                "  quotebus config show kafka                   the values of one section; secrets are masked\n"
                "  quotebus config show providers.yahoo --origin\n",
    .options = options,
    .option_count = sizeof(options) / sizeof(options[0]),
    .argument_min = 1,
    .argument_max = 2,
    .run = run_config,
};
