/*
 * quotebus-ingest: asks the providers on schedule and publishes what they say to quotes.raw, and each call to ingest.health.
 */
#include <stdio.h>

#include "base/log.h"
#include "base/service.h"
#include "base/startup.h"
#include "bus/session.h"
#include "ingest/collector.h"

static const struct startup_spec spec = {
    .stage = "ingest",
    .summary = "fetches quotes from the providers and publishes them to quotes.raw",
    .examples = "  quotebus-ingest --config /etc/quotebus/quotebus.yaml\n"
                "  quotebus-ingest --set jobs.stock-prices.every_s=60\n"
                "  ALPHAVANTAGE_API_KEY=... quotebus-ingest\n",
};

/** What a session needs. */
struct ingest {
    const struct config *config;
    struct collector *collector;
};

/** One session: connected to registry and broker until a stop is asked for or the connection has to be made anew. */
static bool run_session(void *ctx, struct error *error)
{
    const struct ingest *ingest = ctx;
    int64_t stop_ms = ingest->config->ingest.http.stop_timeout_ms;
    bool fine = collector_connect(ingest->collector, error);
    if (!fine) {
        return service_stopping(); /* a connection that is not there is no reason to wait with the end */
    }
    while (fine && !service_stopping()) {
        service_heartbeat();
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
    struct ingest ingest = {.config = config, .collector = collector_new(config, &error)};
    if (ingest.collector == NULL || !service_start("ingest", &config->ingest.http, &error)) {
        fprintf(stderr, "quotebus-ingest: %s\n", error.message);
        status = error_exit_status(error.code);
    } else {
        status = session_run("ingest", run_session, &ingest);
        service_stop();
    }
    collector_free(ingest.collector);
    config_free(config);
    return status;
}
