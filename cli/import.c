#include "cli/import.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/service.h"

#define STOP_TIMEOUT_MS 30000

void import_complain(struct import_result *result, const char *path, int64_t row, const char *unit, const struct error *why)
{
    if (result->wrong++ < IMPORT_COMPLAINTS_MAX)
        fprintf(stderr, "quotebus: %s: %s %" PRId64 ": %s\n", path, unit, row, why->message);
}

/** Runs the command. */
static int run_import(const struct invocation *call)
{
    const struct http_settings no_endpoints = {.listen = "", .stop_timeout_ms = STOP_TIMEOUT_MS};
    struct error error = {0};
    struct import_result result = {0};
    bool ok = service_start("cli", &no_endpoints, &error);
    if (ok)
        ok = invocation_option(call, "--csv") ? import_prices(call, &result, &error) : import_rows(call, &result, &error);
    const bool stopped = service_stopping();
    service_stop();
    if (!ok)
        fprintf(stderr, "quotebus: %s\n", error.message);
    if (ok || result.taken)
        fprintf(stderr, "quotebus: %" PRId64 " rows taken, %" PRId64 " wrong%s\n", result.taken, result.wrong,
                stopped ? "; interrupted" : "");
    if (!ok)
        return error_exit_status(error.code);
    return stopped ? EXIT_FAILURE : result.wrong ? EXIT_DATA_WRONG : EXIT_SUCCESS;
}

static const struct command_option options[] = {
    {"--csv", 0, NULL, "FILE is a table symbol,timestamp,open,high,low,close,volume: goes to the raw topics and is judged"},
    {"--name", 'n', "NAME", "with --csv: the source is import:NAME (default: the file's name without its ending)"},
    {"--class", 'c', "CLASS", "with --csv: all symbols are of this class, e.g. equity: of its assets, else new ones"},
    {"--currency", 0, "CODE", "with --csv: of all prices (default: USD)"},
    {"--as", 0, "KIND",
     "with --csv: quotes (the close is a price at that time) or bars (default: bars where the timestamp is a date)"},
    {"--at", 0, "TIME", "with --csv: fetched_at of the rows (default: now); the same again makes no second rows"},
};

const struct command command_import = {
    .name = "import",
    .summary = "puts rows of an export into the database, or prices of another system into the pipeline",
    .arguments = "FILE",
    .examples = "  quotebus import day.avro                                     a file of quotebus export or replay\n"
                "  quotebus import --csv history.csv --class equity             prices of another system, cross-checked\n",
    .options = options,
    .option_count = sizeof(options) / sizeof(options[0]),
    .argument_min = 1,
    .argument_max = 1,
    .run = run_import,
};
