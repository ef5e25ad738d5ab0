#include <stdio.h>
#include <stdlib.h>

#include "cli/checkup.h"
#include "cli/command.h"
#include "cli/output.h"

/** Prints one block per check: a line, and below it what to do. */
static void write_page(struct buf *out, struct grid *grid)
{
    for (size_t row = 0; row < grid_rows(grid); row++) {
        const char *advice = grid_cell_text(grid, row, 3);
        buf_printf(out, "%-8s %-14s %s\n", grid_cell_text(grid, row, 1), grid_cell_text(grid, row, 0),
                   grid_cell_text(grid, row, 2));
        if (*advice)
            buf_printf(out, "%-8s %-14s -> %s\n", "", "", advice);
    }
}

/** Runs the command. */
static int run_doctor(const struct invocation *call)
{
    struct checkup checkup;
    struct buf text = {0};
    const struct config *config = call->config;
    checkup_init(&checkup);
    checkup_config(&checkup, config);
    checkup_bus(&checkup, config);
    checkup_database(&checkup, config);
    checkup_disk(&checkup);
    if (!invocation_option(call, "--no-providers"))
        checkup_providers(&checkup, config);
    checkup_stages(&checkup, config);
    if (call->json)
        grid_json_lines(&text, &checkup.grid);
    else
        write_page(&text, &checkup.grid);
    output_write(buf_str(&text));
    fprintf(stderr, "quotebus: %zu checks, %zu warnings, %zu failures\n", grid_rows(&checkup.grid), checkup.warnings,
            checkup.failures);
    const int status = checkup.failures ? EXIT_FAILURE : EXIT_SUCCESS;
    buf_clear(&text);
    checkup_clear(&checkup);
    return status;
}

static const struct command_option options[] = {
    {"--no-providers", 0, NULL, "leaves the connections to providers out, e.g. on a machine that reaches them by another one"},
};

const struct command command_doctor = {
    .name = "doctor",
    .summary = "looks at everything the pipeline needs, and says for each failure what to do",
    .arguments = "",
    .examples = "  quotebus doctor                              status 1 when something failed\n"
                "  quotebus doctor --json | jq 'select(.state != \"ok\")'\n",
    .options = options,
    .option_count = sizeof(options) / sizeof(options[0]),
    .run = run_doctor,
};
