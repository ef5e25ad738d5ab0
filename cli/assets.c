#include <stdio.h>
#include <stdlib.h>

#include "cli/asset_sources.h"
#include "cli/command.h"
#include "cli/output.h"

/** Prints the rows. */
static void print(struct grid *grid, bool json)
{
    struct buf text = {0};
    const struct view view = output_view();
    const struct grid_layout layout = {.width = view.width, .colour = view.colour};
    if (json) {
        grid_json_array(&text, grid);
        buf_append_str(&text, STR("\n"));
    } else {
        grid_table(&text, grid, &layout);
    }
    output_write(buf_str(&text));
    output_flush();
    buf_clear(&text);
}

/** Runs the command. */
static int run_assets(const struct invocation *call)
{
    struct grid grid;
    grid_init(&grid, asset_sources_columns, asset_sources_column_count);
    const size_t lacking = asset_sources_gather(call->config, &grid);
    print(&grid, call->json);
    grid_clear(&grid);
    if (lacking)
        fprintf(stderr,
                "quotebus: %zu of %zu assets have fewer than %d independent sources: give them a symbol at another provider, and "
                "a job there\n",
                lacking, call->config->asset_count, ASSET_SOURCES_MIN);
    else
        fprintf(stderr, "quotebus: each of %zu assets has at least %d independent sources\n", call->config->asset_count,
                ASSET_SOURCES_MIN);
    return lacking ? EXIT_DATA_WRONG : EXIT_SUCCESS;
}

const struct command command_assets = {
    .name = "assets",
    .summary = "who prices each asset: its symbol at each source, and the jobs that poll it",
    .arguments = "",
    .examples = "  quotebus assets                              4 is the exit status when an asset has fewer than two sources\n"
                "  quotebus assets --config other.yaml --json\n",
    .run = run_assets,
};
