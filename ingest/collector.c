#include "ingest/collector.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/service.h"
#include "ingest/bookkeeper.h"
#include "ingest/fetcher.h"
#include "ingest/flight_cache.h"
#include "ingest/flights.h"
#include "ingest/histories.h"
#include "ingest/meters.h"
#include "ingest/minute.h"
#include "ingest/now.h"
#include "ingest/publisher.h"
#include "ingest/rates.h"
#include "ingest/reading.h"
#include "ingest/recorder.h"
#include "ingest/records.h"
#include "ingest/source.h"
#include "ingest/stamp.h"

#define COMPONENT "ingest.fetch"
/** Longest wait in a turn: with records on their way to the broker, and without. */
#define BUSY_WAIT_MS 50
#define IDLE_WAIT_MS 250
/** Longest wait for the calls of a provider that goes to another instance. */
#define CLOSE_WAIT_MS 3000
/** Calls that one transaction records at most. */
#define CALLS_PER_TURN 256
/** How often gauges are brought up to date. */
#define GAUGES_MS 1000

struct collector {
    struct planner *planner;
    struct bookkeeper *keeper;
    struct fetcher *fetcher;
    struct recorder *recorder; /* NULL: responses are not captured */
    struct flights flights;
    struct publisher *publisher;
    struct histories *histories;
    struct source *sources; /* one per lane */
    struct stamp stamp;
    struct rates rates;
    struct arena arena; /* of one response */
    struct buf url;
    struct buf headers;
    bool ready;     /* new calls may be made */
    size_t skipped; /* assets that were left out of slots and are not in the log yet */
    int64_t gauges_at_ms;
    struct error failure; /* of publishing within a callback */
};

/**
 * Publishes what a call gave; its delivery is told about the records that the call is for. After a failure nothing more is sent
 * until the next connection.
 */
static void publish(struct collector *collector, const struct reading *reading, struct flight *flight)
{
    const struct moment now = moment_now();
    const struct parse_result *parsed = &reading->parsed;
    const size_t lane = flight->call->lane;
    const struct health_event event =
        reading_health(reading, planner_settings(collector->planner, lane), planner_quota_used(collector->planner, lane, &now));
    bool sent = collector->failure.code == ERROR_NONE &&
                publisher_records(collector->publisher, parsed, &flight->delivery, &collector->failure) &&
                publisher_health(collector->publisher, &event, &collector->failure);
    if (!sent) {
        log_warn(COMPONENT, "a response was not published; its call is made again", F_STR("provider", reading->provider),
                 F_INT("records", records_total(parsed)), F_STR("request_id", reading->request_id));
    }
}

/** Ends a flight: books and planner learn what the call came to. */
static void end_flight(struct collector *collector, struct flight *flight, const struct call_result *result,
                       struct call_verdict *verdict)
{
    const struct moment now = moment_now();
    const struct history_end history = history_end_of(flight->call);
    struct cache *cache = &collector->sources[flight->call->lane].cache;
    bookkeeper_end(collector->keeper, flight->call, flight->request_id, now.mono_ms);
    planner_done(collector->planner, flight->call, result, &now, verdict);
    /* What was not published is fetched again. */
    bool kept = collector->failure.code == ERROR_NONE && flight->delivery.failed == 0;
    if (kept && result->outcome == OUTCOME_OK) {
        cache_store(cache, &flight->answer);
    }
    if (kept && !histories_ended(collector->histories, &history, result->outcome, flight->bars, verdict->retry_in_ms.set, &now,
                                 &collector->failure)) {
        log_warn(COMPONENT, "what is there of a history was not published; it is fetched again");
    }
    flights_end(&collector->flights, flight);
}

/** Learns from an answer what it says about the session. Whether the call is to go out again, with a session or a new one. */
static bool note_session(struct source *source, const struct reading *reading, const struct flight *flight)
{
    bool good = reading->parsed.outcome == OUTCOME_OK;
    if (flight->endpoint != flight->call->endpoint) {
        web_session_take(&source->session, &reading->parsed);
        return good;
    }
    if (!flight->endpoint->needs_session) {
        return false;
    }
    if (good) {
        web_session_prove(&source->session);
    }
    return reading->status.set && reading->status.value == 401 && web_session_refused(&source->session);
}

/** Counts and logs a call. Its flight ends now, unless records of it wait to be acknowledged. */
static void conclude(struct collector *collector, const struct reading *reading, struct flight *flight)
{
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
        .again = note_session(&collector->sources[flight->call->lane], reading, flight),
    };
    struct call_verdict verdict = {0};
    flight->bars = reading->parsed.bar_count;
    meters_call(&collector->sources[flight->call->lane].meters, &measure);
    if (flight->delivery.waiting > 0) {
        flight_keep_result(flight, &result);
        reading_log(reading, &verdict);
        return;
    }
    char request_id[REQUEST_ID_SIZE];
    struct reading told = *reading;
    memcpy(request_id, flight->request_id, sizeof request_id);
    told.request_id = request_id; /* that of the flight goes with it */
    end_flight(collector, flight, &result, &verdict);
    reading_log(&told, &verdict);
}

/** Captures a response where that is wanted. */
static void capture(struct collector *collector, const struct flight *flight, const struct fetch_result *fetched, int64_t now_us)
{
    const struct source *source = &collector->sources[flight->call->lane];
    if (collector->recorder == NULL || flight->url == NULL || !fetched->complete) {
        return;
    }
    struct http_response response = fetched->response;
    response.fetched_at_us = now_us;
    recorder_take(collector->recorder,
                  &(struct recorded){.provider = source->meters.provider,
                                     .endpoint = flight->endpoint->name,
                                     .base_url = planner_settings(collector->planner, flight->call->lane)->base_url,
                                     .url = flight->url,
                                     .secret = source->api_key,
                                     .response = &response,
                                     .head = fetched->head});
}

/** Works a finished request off. */
static void land(struct collector *collector, struct flight *flight, const struct fetch_result *fetched)
{
    const struct source *source = &collector->sources[flight->call->lane];
    const struct reading_origin origin = {
        .provider = source->meters.provider,
        .api_key = source->api_key,
        .session = &source->session,
        .endpoint = flight->endpoint,
        .request_id = flight->request_id,
        .fetched_at_us = stamp_time_us(&collector->stamp, clock_wall_us()),
        .conditional = flight->conditional,
    };
    struct reading reading;
    if (fetched->complete) {
        failpoint("ingest.after_fetch");
    }
    reading_take(&reading, &origin, flight->call, fetched, &collector->arena);
    rates_settle(&collector->rates, reading.parsed.quotes, reading.parsed.quote_count);
    capture(collector, flight, fetched, origin.fetched_at_us);
    flight_note_answer(flight, &source->cache, &reading, fetched);
    publish(collector, &reading, flight);
    conclude(collector, &reading, flight);
    arena_reset(&collector->arena);
}

/** Ends the flights whose records are all acknowledged. */
static void settle_published(struct collector *collector)
{
    for (size_t i = collector->flights.count; i-- > 0;) {
        struct flight *flight = collector->flights.items[i];
        struct call_verdict verdict;
        if (flight->stage == FLIGHT_PUBLISHED && flight->delivery.waiting == 0) {
            end_flight(collector, flight, &flight->result, &verdict);
        }
    }
}

/** The fetcher's callback. */
static void on_fetched(void *ctx, const struct fetch_result *fetched)
{
    land(ctx, fetched->ctx, fetched);
}

/** Puts base URL, path and headers of a call together. */
static bool build_request(struct collector *collector, const struct flight *flight, const struct provider_settings *settings,
                          struct error *error)
{
    const struct source *source = &collector->sources[flight->call->lane];
    const struct request_spec spec = call_spec(flight->call, source->api_key, &source->session);
    bool other_host = flight->endpoint->other_host && settings->session_url[0] != '\0';
    buf_reset(&collector->url);
    buf_reset(&collector->headers);
    buf_append_str(&collector->url, str_from(other_host ? settings->session_url : settings->base_url));
    if (!flight->endpoint->build(&spec, &collector->url, &collector->headers, error)) {
        return false;
    }
    buf_append(&collector->url, "", 1);
    return true;
}

/** What is to be asked for a call now: its own endpoint, or first the session that it needs. */
static const struct endpoint *next_endpoint(const struct source *source, const struct call *call)
{
    const struct endpoint *step = call->endpoint->needs_session ? web_session_step(&source->session, source->provider) : NULL;
    return step != NULL ? step : call->endpoint;
}

/** Ends a call whose last answer is still fresh: it is not made. */
static void skip_fresh(struct collector *collector, struct flight *flight)
{
    const struct call_result result = {.outcome = OUTCOME_OK};
    struct call_verdict verdict = {0};
    log_debug(COMPONENT, "the last answer is still fresh: no call is made",
              F_STR("provider", collector->sources[flight->call->lane].meters.provider),
              F_STR("endpoint", flight->call->endpoint->name));
    end_flight(collector, flight, &result, &verdict);
}

/** Sends a call on its way; one that cannot even start counts as unreachable. */
static void launch(struct collector *collector, struct flight *flight, const struct moment *now)
{
    struct error error = {0};
    const struct provider_settings *settings = planner_settings(collector->planner, flight->call->lane);
    flight->stage = FLIGHT_CALLED;
    flight->endpoint = next_endpoint(&collector->sources[flight->call->lane], flight->call);
    bool started = build_request(collector, flight, settings, &error);
    if (started && flight_ask_cache(flight, &collector->sources[flight->call->lane].cache, settings->base_url, now->wall_us,
                                    &collector->headers)) {
        skip_fresh(collector, flight);
        return;
    }
    if (started) {
        const struct fetch_request request = {
            .url = (const char *)collector->url.data, .headers = buf_str(&collector->headers), .ctx = flight};
        free(flight->url);
        flight->url = collector->recorder != NULL ? xstrdup(request.url) : NULL;
        started = fetcher_start(collector->fetcher, &request, &error);
    }
    if (!started) {
        struct fetch_result none = {.ctx = flight, .failure = OUTCOME_UNREACHABLE};
        snprintf(none.message, sizeof none.message, "%.100s", error.message);
        land(collector, flight, &none);
        return;
    }
    failpoint("ingest.after_launch");
}

/** Takes the calls that are due from the planner and notes them in the books. Returns how many. */
static size_t take_due(struct collector *collector, const struct moment *now)
{
    size_t count = 0;
    struct call *call;
    while (count < CALLS_PER_TURN && (call = planner_next(collector->planner, now)) != NULL) {
        char request_id[REQUEST_ID_SIZE];
        stamp_request_id(&collector->stamp, request_id);
        flights_add(&collector->flights, call, request_id);
        bookkeeper_begin(collector->keeper, call, request_id, now);
        count++;
    }
    return count;
}

/** Sends the calls on their way that were recorded. False when too much time has passed since: they may not be ours any more. */
static bool launch_recorded(struct collector *collector, struct error *error)
{
    for (size_t i = collector->flights.count; i-- > 0;) {
        struct flight *flight = collector->flights.items[i];
        const struct moment now = moment_now();
        if (flight->stage != FLIGHT_RECORDED) {
            continue;
        }
        if (!bookkeeper_is_fresh(collector->keeper, now.mono_ms)) {
            return error_set(error, ERROR_FENCED, "the process was stopped between the record of a call and the call");
        }
        launch(collector, flight, &now);
    }
    return true;
}

/** Whether new calls may be made; says it when that changes. */
static bool may_call(struct collector *collector, int64_t now_ms)
{
    char reason[160] = "fetching";
    bool ready = bookkeeper_ready(collector->keeper, reason, sizeof reason) &&
                 publisher_may_fetch(collector->publisher, now_ms, reason, sizeof reason);
    if (ready != collector->ready) {
        service_set_ready(ready, reason);
        collector->ready = ready;
    }
    return ready;
}

/** Begins the slots whose time has come; counts what is left out of them. */
static void begin_slots(struct collector *collector, const struct moment *now)
{
    size_t skipped = planner_tick(collector->planner, now);
    meters_skipped(skipped);
    collector->skipped += skipped;
}

/** Makes the calls that are due, each recorded before it leaves; records what ended meanwhile with them. */
static bool launch_due(struct collector *collector, const struct moment *now, struct error *error)
{
    begin_slots(collector, now);
    if (!may_call(collector, now->mono_ms)) {
        return true;
    }
    int64_t wait_ms = bookkeeper_wait_ms(collector->keeper, now->mono_ms);
    if (flights_in(&collector->flights, FLIGHT_RECORDED) > 0 ? wait_ms > 0 : take_due(collector, now) == 0 && wait_ms != 0) {
        return true;
    }
    enum commit_result result = bookkeeper_commit(collector->keeper, now, error);
    return result == COMMIT_LATER || (result == COMMIT_DONE && launch_recorded(collector, error));
}

/** How long a turn may wait for the network. */
static int64_t turn_wait_ms(const struct collector *collector, const struct moment *now)
{
    if (!collector->ready) {
        return BUSY_WAIT_MS;
    }
    int64_t most_ms = publisher_pending(collector->publisher) > 0 ? BUSY_WAIT_MS : IDLE_WAIT_MS;
    int64_t record_ms = bookkeeper_wait_ms(collector->keeper, now->mono_ms);
    int64_t due_ms = planner_wait_ms(collector->planner, now);
    most_ms = record_ms >= 0 && record_ms < most_ms ? record_ms : most_ms;
    return due_ms < most_ms ? due_ms : most_ms;
}

/** Brings the gauges up to date once a second, and says what was left out. */
static void show_gauges(struct collector *collector, const struct moment *now)
{
    if (now->mono_ms < collector->gauges_at_ms) {
        return;
    }
    collector->gauges_at_ms = now->mono_ms + GAUGES_MS;
    if (collector->skipped > 0) {
        log_info("ingest", "assets were left out of slots, since their call for the slot before is still under way",
                 F_INT("assets", collector->skipped));
        collector->skipped = 0;
    }
    for (size_t i = 0; i < planner_lanes(collector->planner); i++) {
        struct lane_view view;
        planner_view(collector->planner, i, now, &view);
        meters_show(&collector->sources[i].meters, &view);
    }
}

/** Publishes the health of each provider of ours once a minute. */
static void publish_minutes(struct collector *collector, const struct moment *now)
{
    for (size_t i = 0; i < planner_lanes(collector->planner) && collector->failure.code == ERROR_NONE; i++) {
        struct lane_minute minute;
        struct lane_view view;
        if (!planner_minute(collector->planner, i, now, &minute)) {
            continue;
        }
        planner_view(collector->planner, i, now, &view);
        const struct health_event event = minute_health(collector->sources[i].meters.provider, &minute, &view,
                                                        stamp_time_us(&collector->stamp, now->wall_us), &collector->arena);
        if (!publisher_health(collector->publisher, &event, &collector->failure)) {
            log_warn(COMPONENT, "the health of a provider was not published", F_STR("provider", view.name));
        }
        arena_reset(&collector->arena);
    }
}

/** One round of network and broker: responses, acknowledgements, and the flights that end with them. */
static bool exchange(struct collector *collector, int64_t wait_ms, struct error *error)
{
    fetcher_run(collector->fetcher, wait_ms, on_fetched, collector);
    if (collector->failure.code != ERROR_NONE) {
        *error = collector->failure;
        return false;
    }
    bool fine = publisher_poll(collector->publisher, clock_mono_ms(), error);
    settle_published(collector);
    return fine;
}

bool collector_turn(struct collector *collector, struct error *error)
{
    if (!bookkeeper_turn(collector->keeper, error)) {
        return false;
    }
    struct moment now = moment_now();
    histories_turn(collector->histories, &now);
    if (!launch_due(collector, &now, error)) {
        return false;
    }
    show_gauges(collector, &now);
    publish_minutes(collector, &now);
    now = moment_now();
    return exchange(collector, turn_wait_ms(collector, &now), error);
}

/** Takes the calls of a lane back that did not leave. */
static void put_back(struct collector *collector, size_t lane)
{
    const struct moment now = moment_now();
    for (size_t i = collector->flights.count; i-- > 0;) {
        struct flight *flight = collector->flights.items[i];
        if (flight->call->lane == lane && flight->stage == FLIGHT_RECORDED) {
            bookkeeper_end(collector->keeper, flight->call, flight->request_id, now.mono_ms);
            planner_put_back(collector->planner, flight->call, &now);
            flights_end(&collector->flights, flight);
        }
    }
}

/** Ends the calls of a lane that are still under way, as calls that took too long. Returns how many there were. */
static size_t cancel_lane(struct collector *collector, size_t lane)
{
    const struct call_result late = {.outcome = OUTCOME_TIMEOUT};
    size_t count = 0;
    for (size_t i = collector->flights.count; i-- > 0;) {
        struct flight *flight = collector->flights.items[i];
        struct call_verdict verdict;
        if (flight->call->lane == lane) {
            fetcher_cancel(collector->fetcher, flight);
            end_flight(collector, flight, &late, &verdict);
            count++;
        }
    }
    return count;
}

/** The bookkeeper's callback: waits for the calls of a lane that goes, and ends what takes too long. */
static void close_lane(void *ctx, size_t lane, bool lost)
{
    struct collector *collector = ctx;
    struct error error = {0};
    int64_t until_ms = clock_mono_ms() + CLOSE_WAIT_MS;
    if (!lost) {
        put_back(collector, lane);
    }
    while (!lost && flights_any(&collector->flights, lane) && clock_mono_ms() < until_ms) {
        service_heartbeat();
        if (!exchange(collector, BUSY_WAIT_MS, &error)) {
            break;
        }
    }
    size_t cancelled = cancel_lane(collector, lane);
    if (cancelled > 0) {
        log_warn("ingest", "calls of a provider were given up with it",
                 F_STR("lane", planner_lane_name(collector->planner, lane)), F_INT("calls", cancelled));
    }
}

/** The bookkeeper's callback: the cache of a lane. */
static struct cache *cache_of(void *ctx, size_t lane)
{
    const struct collector *collector = ctx;
    return &collector->sources[lane].cache;
}

struct collector *collector_new(const struct config *config, struct error *error)
{
    const struct fetcher_options options = {
        .user_agent = config->ingest.user_agent,
        .contact = config->ingest.contact,
        .ca_file = config->ingest.ca_file,
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
    collector->keeper =
        collector->publisher != NULL ? bookkeeper_new(config, collector->planner, close_lane, collector, error) : NULL;
    collector->histories =
        collector->keeper != NULL ? histories_new(config, collector->planner, collector->publisher, error) : NULL;
    if (collector->histories == NULL) {
        goto fail;
    }
    if (config->ingest.record[0] != '\0' && (collector->recorder = recorder_new(config->ingest.record, error)) == NULL) {
        goto fail;
    }
    collector->sources = sources_new(collector->planner);
    sources_say_jobs(collector->planner);
    bookkeeper_use_caches(collector->keeper, cache_of, collector);
    return collector;
fail:
    collector_free(collector);
    return NULL;
}

bool collector_reload(struct collector *collector, const struct config *config, struct error *error)
{
    const struct moment now = moment_now();
    if (!planner_reload(collector->planner, config, &now, error)) {
        return false;
    }
    histories_reload(collector->histories, config);
    sources_say_jobs(collector->planner);
    return true;
}

void collector_free(struct collector *collector)
{
    if (collector == NULL) {
        return;
    }
    histories_free(collector->histories);
    bookkeeper_free(collector->keeper);
    fetcher_free(collector->fetcher);
    recorder_free(collector->recorder);
    publisher_free(collector->publisher);
    flights_clear(&collector->flights);
    for (size_t i = 0; collector->sources != NULL && i < planner_lanes(collector->planner); i++) {
        web_session_clear(&collector->sources[i].session);
    }
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
    return publisher_connect(collector->publisher, error) && bookkeeper_connect(collector->keeper, error);
}

void collector_disconnect(struct collector *collector)
{
    bookkeeper_disconnect(collector->keeper);
    histories_disconnect(collector->histories);
    publisher_disconnect(collector->publisher);
}

void collector_finish(struct collector *collector, int64_t drain_ms)
{
    struct error error = {0};
    int64_t until_ms = clock_mono_ms() + drain_ms;
    bool fine = true;
    while (fine && collector->flights.count > 0 && clock_mono_ms() < until_ms) {
        service_heartbeat();
        fine = exchange(collector, BUSY_WAIT_MS, &error);
    }
    if (!fine) {
        log_warn("ingest", "the last calls could not be waited for", F_ERR(&error));
        return;
    }
    bookkeeper_leave(collector->keeper);
}
