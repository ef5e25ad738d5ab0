/*
 * quotebus-ingest: asks the providers on schedule and publishes what they say to quotes.raw, and each call to ingest.health.
 */
#include <stdio.h>

#include "base/log.h"
#include "base/metrics.h"
#include "base/service.h"
#include "base/startup.h"
#include "bus/session.h"
#include "ingest/collector.h"

static const char *record_folder; /* of --record; NULL: not given */

static const struct startup_switch switches[] = {
    {.name = "--record", .help = "DIR: captures each response into DIR, as quotebus-sim replays it", .text = &record_folder},
};

static const struct startup_spec spec = {
    .stage = "ingest",
    .summary = "fetches quotes from the providers and publishes them to quotes.raw",
    .examples = "  quotebus-ingest --config /etc/quotebus/quotebus.yaml\n"
                "  quotebus-ingest --set jobs.stock-prices.every_s=60\n"
                "  quotebus-ingest --record captured   # then: quotebus-sim --recordings captured\n"
                "  ALPHAVANTAGE_API_KEY=... quotebus-ingest\n",
    .switches = switches,
    .switch_count = sizeof switches / sizeof switches[0],
};

/** Most configurations that are kept: calls in flight and logs borrow from those before, so they stay until the end. */
#define CONFIGS_MAX 1000

/** What a session needs. */
struct ingest {
    int argc;
    char **argv;
    struct config *configs[CONFIGS_MAX]; /* the last one is in force */
    size_t config_count;
    struct collector *collector;
};

/** After SIGHUP: goes on with the file as it is now; one that is wrong changes nothing. */
static void reload(struct ingest *ingest)
{
    struct error error = {0};
    if (ingest->config_count == CONFIGS_MAX) {
        log_error("ingest", "the configuration was read too often; restart ingest", F_INT("times", CONFIGS_MAX));
        return;
    }
    struct config *config = startup_again(&spec, ingest->argc, ingest->argv, &error);
    if (config == NULL || !collector_reload(ingest->collector, config, &error)) {
        metric_add(metric_counter("quotebus_ingest_reload_failures_total", "Configurations that were not taken at SIGHUP", NULL),
                   1);
        log_error("ingest", "the configuration was not taken; the old one stays in force", F_ERR(&error));
        config_free(config);
        return;
    }
    ingest->configs[ingest->config_count++] = config;
    log_info("ingest", "the configuration was read again", F_INT("assets", config->asset_count),
             F_INT("jobs", config->job_count));
}

/** One session: connected to registry and broker until a stop is asked for or the connection has to be made anew. */
static bool run_session(void *ctx, struct error *error)
{
    struct ingest *ingest = ctx;
    int64_t stop_ms = ingest->configs[0]->ingest.http.stop_timeout_ms;
    bool fine = collector_connect(ingest->collector, error);
    if (!fine) {
        return service_stopping(); /* a connection that is not there is no reason to wait with the end */
    }
    while (fine && !service_stopping()) {
        service_heartbeat();
        if (service_take_reload()) {
            reload(ingest);
        }
        fine = collector_turn(ingest->collector, error);
    }
    if (fine) {
        service_set_ready(false, "stopping");
        collector_finish(ingest->collector, stop_ms * 3 / 8);
    }
    collector_disconnect(ingest->collector);
    return fine;
}

int main(int argc, char **argv)
{
    struct error error = {0};
    int status = 0;
    struct config *config = startup(&spec, argc, argv, &status);
    if (config == NULL) {
        return status;
    }
    if (record_folder != NULL) {
        config->ingest.record = (char *)record_folder;
    }
    struct ingest ingest = {.argc = argc, .argv = argv, .configs = {config}, .config_count = 1};
    ingest.collector = collector_new(config, &error);
    if (ingest.collector == NULL || !service_start("ingest", &config->ingest.http, &error)) {
        fprintf(stderr, "quotebus-ingest: %s\n", error.message);
        status = error_exit_status(error.code);
    } else {
        status = session_run("ingest", run_session, &ingest);
        service_stop();
    }
    collector_free(ingest.collector);
    for (size_t i = 0; i < ingest.config_count; i++) {
        config_free(ingest.configs[i]);
    }
    return status;
}
