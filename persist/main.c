/* quotebus-persist: clean topics into PostgreSQL, each record exactly once. */
#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "base/startup.h"
#include "persist/migrate.h"

/** Applies migrations and ends. */
static int run_migrate(const struct config *config)
{
    struct error error = {0};
    if (migrate(config, &error))
        return EXIT_SUCCESS;
    log_error("persist.migrate", "the schema was not brought up to date", F_ERR(&error));
    return error_exit_status(error.code);
}

int main(int argc, char **argv)
{
    bool migrate_only = false;
    const struct startup_switch switches[] = {
        {"--migrate", "bring the schema of the database up to date, then end", &migrate_only},
    };
    const struct startup_spec spec = {
        .stage = "persist",
        .summary = "Stores the clean topics in PostgreSQL, each record exactly once.",
        .examples =
            "  quotebus-persist --migrate                          # make or update the schema (as its owner)\n"
            "  quotebus-persist --config /etc/quotebus/quotebus.yaml\n"
            "  quotebus-persist --set persist.instance=2 --set persist.listen=127.0.0.1:0   # a second one shares the work\n",
        .switches = switches,
        .switch_count = sizeof(switches) / sizeof(switches[0]),
    };
    int status;
    struct config *config = startup(&spec, argc, argv, &status);
    if (!config)
        return status;
    status = run_migrate(config);
    config_free(config);
    return status;
}
