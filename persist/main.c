/* quotebus-persist: clean topics into PostgreSQL, each record exactly once. */
#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "base/service.h"
#include "base/startup.h"
#include "bus/session.h"
#include "persist/jobs/jobs.h"
#include "persist/migrate.h"
#include "persist/stage.h"

/** Applies migrations and ends. */
static int run_migrate(const struct config *config)
{
    struct error error = {0};
    if (migrate(config, &error))
        return EXIT_SUCCESS;
    log_error("persist.migrate", "the schema was not brought up to date", F_ERR(&error));
    return error_exit_status(error.code);
}

/** Runs the stage until a stop is asked for. */
static int run_stage(struct config *config)
{
    struct error error = {0};
    int status;
    struct stage *stage = NULL;
    struct jobs *jobs = NULL;
    if (!service_start("persist", &config->persist.http, &error) || !(stage = stage_new(config, &error)) ||
        !(jobs = jobs_start(config, &error))) {
        log_error("persist", "cannot start", F_ERR(&error));
        status = error_exit_status(error.code);
    } else {
        status = session_run("persist", stage_session, stage);
    }
    jobs_stop(jobs);
    stage_free(stage);
    service_stop();
    return status;
}

int main(int argc, char **argv)
{
    bool migrate_only = false;
    const struct startup_switch switches[] = {
        {"--migrate", "bring the schema of the database up to date, then end", &migrate_only, NULL},
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
    status = migrate_only ? run_migrate(config) : run_stage(config);
    config_free(config);
    return status;
}
