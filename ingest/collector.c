#include "ingest/collector.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/service.h"
#include "ingest/fetcher.h"
#include "ingest/meters.h"
#include "ingest/planner.h"
#include "ingest/publisher.h"
#include "ingest/rates.h"
#include "ingest/reading.h"
#include "ingest/records.h"
#include "ingest/stamp.h"

#define COMPONENT "ingest.fetch"
/** Longest wait in a turn: with records on their way to the broker, and without. */
#define BUSY_WAIT_MS 50
#define IDLE_WAIT_MS 250
/** How often gauges are brought up to date. */
#define GAUGES_MS 1000

/** What the collector knows about a provider beside its lane. */
struct source {
    const char *api_key; /* NULL: none */
    struct meters meters;
};

/** A call with a request under way. */
struct flight {
    struct call *call;
    char request_id[REQUEST_ID_SIZE];
};

struct collector {
    struct planner *planner;
    struct fetcher *fetcher;
    struct publisher *publisher;
    struct source *sources; /* one per lane */
    struct stamp stamp;
    struct rates rates;
    struct arena arena; /* of one response */
    struct buf url;
    struct buf headers;
    bool ready; /* new calls may be made */
    int64_t gauges_at_ms;
    struct error failure; /* of publishing within a callback */
};

/** Both clocks. */
static struct moment moment_now(void)
{
    return (struct moment){.wall_us = clock_wall_us(), .mono_ms = clock_mono_ms()};
}

/** Reads a provider's key from the environment. */
static const char *find_key(const struct provider_settings *settings)
{
    const char *key = settings->api_key_env[0] != '\0' ? getenv(settings->api_key_env) : NULL;
    if (settings->api_key_env[0] != '\0' && (key == NULL || key[0] == '\0')) {
        log_info("ingest", "a provider is called without a key of its own", F_STR("provider", settings->name),
                 F_STR("variable", settings->api_key_env));
        return NULL;
    }
    return key;
}

/** Prepares what belongs to each lane, and says what each job will do. */
static void add_sources(struct collector *collector)
{
    const struct moment now = moment_now();
    size_t count = planner_lanes(collector->planner);
    collector->sources = xcalloc(count + 1, sizeof *collector->sources);
    for (size_t i = 0; i < count; i++) {
        struct lane_view view;
        planner_view(collector->planner, i, &now, &view);
        collector->sources[i].api_key = find_key(view.settings);
        meters_init(&collector->sources[i].meters, view.settings->name);
        meters_show(&collector->sources[i].meters, &view);
    }
    for (size_t i = 0; i < planner_jobs(collector->planner); i++) {
        struct job_view job;
        planner_job_view(collector->planner, i, &job);
        LOG_AT(job.calls > 0 ? LOG_LEVEL_INFO : LOG_LEVEL_WARN, "ingest",
               job.calls > 0 ? "job" : "job without an asset that has a symbol at its provider", F_STR("job", job.settings->name),
               F_STR("provider", job.settings->provider), F_STR("endpoint", job.settings->endpoint),
               F_INT("every_s", job.settings->every_s), F_INT("assets", job.assets), F_INT("calls", job.calls));
    }
}

struct collector *collector_new(const struct config *config, struct error *error)
{
    const struct fetcher_options options = {
        .user_agent = config->ingest.user_agent,
        .max_body_bytes = config->ingest.max_body_bytes,
        .request_timeout_ms = config->ingest.request_timeout_ms,
    };
    uint64_t seed = (uint64_t)config->ingest.seed;
    struct collector *collector = xcalloc(1, sizeof *collector);
    stamp_init(&collector->stamp, seed);
    rates_init(&collector->rates, config);
    collector->planner = planner_new(config, seed != 0 ? seed : random_seed(), error);
    if (collector->planner == NULL) {
        goto fail;
    }
    collector->fetcher = fetcher_new(&options, error);
    collector->publisher = collector->fetcher != NULL ? publisher_new(config, error) : NULL;
    if (collector->publisher == NULL) {
        goto fail;
    }
    add_sources(collector);
    return collector;
fail:
    collector_free(collector);
    return NULL;
}

/** Drops the requests under way; returns how many there were. */
static size_t abandon_flights(struct collector *collector)
{
    size_t count = 0;
    for (struct flight *flight; (flight = fetcher_abandon(collector->fetcher)) != NULL; count++) {
        free(flight->call);
        free(flight);
    }
    return count;
}

void collector_free(struct collector *collector)
{
    if (collector == NULL) {
        return;
    }
    if (collector->fetcher != NULL) {
        abandon_flights(collector);
    }
    fetcher_free(collector->fetcher);
    publisher_free(collector->publisher);
    planner_free(collector->planner);
    rates_clear(&collector->rates);
    arena_clear(&collector->arena);
    buf_clear(&collector->url);
    buf_clear(&collector->headers);
    free(collector->sources);
    free(collector);
}

bool collector_connect(struct collector *collector, struct error *error)
{
    error_clear(&collector->failure);
    collector->ready = false;
    return publisher_connect(collector->publisher, error);
}

/** Publishes what a call gave. After a failure nothing more is sent until the next connection. */
static void publish(struct collector *collector, const struct reading *reading, size_t lane_number)
{
    const struct moment now = moment_now();
    const struct parse_result *parsed = &reading->parsed;
    struct lane_view lane;
    planner_view(collector->planner, lane_number, &now, &lane);
    const struct health_event event = reading_health(reading, &lane);
    bool sent = collector->failure.code == ERROR_NONE && publisher_records(collector->publisher, parsed, &collector->failure) &&
                publisher_health(collector->publisher, &event, &collector->failure);
    if (!sent) {
        log_warn(COMPONENT, "a response was not published; its assets are fetched anew in a later slot",
                 F_STR("provider", reading->provider), F_INT("records", records_total(parsed)),
                 F_STR("request_id", reading->request_id));
    }
}

/** Tells planner, metrics and log what a call came to; the planner takes the call over. */
static void conclude(struct collector *collector, const struct reading *reading, struct call *call)
{
    const struct moment now = moment_now();
    const struct call_measure measure = {
        .endpoint = reading->endpoint,
        .outcome = reading->parsed.outcome,
        .duration_s = reading->latency_ms / 1000,
        .quotes = reading->parsed.quote_count,
        .at_us = reading->fetched_at_us,
    };
    const struct call_result result = {
        .outcome = reading->parsed.outcome,
        .retry_after_s = reading->retry_after_s,
        .missing = reading->parsed.missing,
        .missing_count = reading->parsed.missing_count,
    };
    struct call_verdict verdict;
    meters_call(&collector->sources[call->lane].meters, &measure);
    planner_done(collector->planner, call, &result, &now, &verdict);
    reading_log(reading, &verdict);
}

/** Works a finished request off; the flight ends here. */
static void land(struct collector *collector, struct flight *flight, const struct fetch_result *fetched)
{
    const struct source *source = &collector->sources[flight->call->lane];
    const struct reading_origin origin = {
        .provider = source->meters.provider,
        .api_key = source->api_key,
        .request_id = flight->request_id,
        .fetched_at_us = stamp_time_us(&collector->stamp, clock_wall_us()),
    };
    struct reading reading;
    if (fetched->complete) {
        failpoint("ingest.after_fetch");
    }
    reading_take(&reading, &origin, flight->call, fetched, &collector->arena);
    rates_settle(&collector->rates, reading.parsed.quotes, reading.parsed.quote_count);
    publish(collector, &reading, flight->call->lane);
    conclude(collector, &reading, flight->call);
    arena_reset(&collector->arena);
    free(flight);
}

/** The fetcher's callback. */
static void on_fetched(void *ctx, const struct fetch_result *fetched)
{
    land(ctx, fetched->ctx, fetched);
}

/** Puts base URL, path and headers of a call together. */
static bool build_request(struct collector *collector, const struct call *call, const char *base_url, struct error *error)
{
    const struct request_spec spec = call_spec(call, collector->sources[call->lane].api_key);
    buf_reset(&collector->url);
    buf_reset(&collector->headers);
    buf_append_str(&collector->url, str_from(base_url));
    if (!call->endpoint->build(&spec, &collector->url, &collector->headers, error)) {
        return false;
    }
    buf_append(&collector->url, "", 1);
    return true;
}

/** Sends a call on its way; one that cannot even start counts as unreachable. */
static void launch(struct collector *collector, struct call *call, const struct moment *now)
{
    struct lane_view lane;
    struct error error = {0};
    struct flight *flight = xcalloc(1, sizeof *flight);
    flight->call = call;
    stamp_request_id(&collector->stamp, flight->request_id);
    planner_view(collector->planner, call->lane, now, &lane);
    bool started = build_request(collector, call, lane.settings->base_url, &error);
    if (started) {
        const struct fetch_request request = {
            .url = (const char *)collector->url.data, .headers = buf_str(&collector->headers), .ctx = flight};
        started = fetcher_start(collector->fetcher, &request, &error);
    }
    if (!started) {
        struct fetch_result none = {.ctx = flight, .failure = OUTCOME_UNREACHABLE};
        snprintf(none.message, sizeof none.message, "%.100s", error.message);
        land(collector, flight, &none);
    }
}

/** Makes the calls that are due, unless too much waits for the broker. */
static void launch_due(struct collector *collector, const struct moment *now)
{
    char reason[160] = "fetching";
    struct call *call;
    bool ready = publisher_may_fetch(collector->publisher, now->mono_ms, reason, sizeof reason);
    if (ready != collector->ready) {
        service_set_ready(ready, reason);
        collector->ready = ready;
    }
    meters_skipped(planner_tick(collector->planner, now));
    while (ready && (call = planner_next(collector->planner, now)) != NULL) {
        launch(collector, call, now);
    }
}

/** How long a turn may wait for the network. */
static int64_t turn_wait_ms(const struct collector *collector, const struct moment *now)
{
    if (!collector->ready) {
        return BUSY_WAIT_MS;
    }
    int64_t most_ms = publisher_pending(collector->publisher) > 0 ? BUSY_WAIT_MS : IDLE_WAIT_MS;
    int64_t due_ms = planner_wait_ms(collector->planner, now);
    return due_ms < most_ms ? due_ms : most_ms;
}

/** Brings the gauges up to date once a second. */
static void show_gauges(struct collector *collector, const struct moment *now)
{
    if (now->mono_ms < collector->gauges_at_ms) {
        return;
    }
    collector->gauges_at_ms = now->mono_ms + GAUGES_MS;
    for (size_t i = 0; i < planner_lanes(collector->planner); i++) {
        struct lane_view view;
        planner_view(collector->planner, i, now, &view);
        meters_show(&collector->sources[i].meters, &view);
    }
}

bool collector_turn(struct collector *collector, struct error *error)
{
    struct moment now = moment_now();
    launch_due(collector, &now);
    show_gauges(collector, &now);
    now = moment_now();
    fetcher_run(collector->fetcher, turn_wait_ms(collector, &now), on_fetched, collector);
    if (collector->failure.code != ERROR_NONE) {
        *error = collector->failure;
        return false;
    }
    return publisher_poll(collector->publisher, clock_mono_ms(), error);
}

void collector_disconnect(struct collector *collector)
{
    publisher_disconnect(collector->publisher);
}

void collector_finish(struct collector *collector, int64_t drain_ms, int64_t flush_ms)
{
    struct error error = {0};
    int64_t until_ms = clock_mono_ms() + drain_ms;
    while (fetcher_in_flight(collector->fetcher) > 0 && clock_mono_ms() < until_ms && collector->failure.code == ERROR_NONE) {
        service_heartbeat();
        fetcher_run(collector->fetcher, BUSY_WAIT_MS, on_fetched, collector);
    }
    size_t abandoned = abandon_flights(collector);
    if (abandoned > 0) {
        log_warn("ingest", "requests were abandoned since they took too long to wait for", F_INT("requests", abandoned));
    }
    if (!publisher_flush(collector->publisher, flush_ms, &error)) {
        log_warn("ingest", "the broker did not acknowledge the last records",
                 F_INT("records", publisher_pending(collector->publisher)), F_ERR(&error));
    }
}
