/*
 * Histories: asks for the daily bars of assets, and shows how far they are. The work is done by ingest; all that this command
 * knows it reads from the board (lib/backfill), so it can be closed and run again at any time.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backfill/board_feed.h"
#include "base/clock.h"
#include "base/service.h"
#include "bus/decoder.h"
#include "bus/producer.h"
#include "cli/backfill_targets.h"
#include "cli/command.h"
#include "cli/grid.h"
#include "cli/output.h"
#include "cli/progress.h"

#define POLL_MS 200
#define SEND_WAIT_MS 10000
#define QUEUE_BYTES_MAX (INT64_C(4) * 1024 * 1024)
#define STOP_TIMEOUT_MS 30000

static const struct column columns[] = {
    {"asset", "ASSET", COLUMN_TEXT},       {"source", "SOURCE", COLUMN_TEXT},
    {"from", "FROM", COLUMN_TEXT},         {"to", "TO", COLUMN_TEXT},
    {"days", "DAYS", COLUMN_COUNT},        {"done_days", "DONE", COLUMN_COUNT},
    {"source_bars", "BARS", COLUMN_COUNT}, {"state", "STATE", COLUMN_STATE},
};

/** One run of the command. */
struct run {
    const struct invocation *call;
    struct backfill_words words;
    struct registry *registry;
    struct board_feed *feed;
    struct board board;
    struct backfill_targets targets;
    struct arena memory;
    size_t sent, asked_before, there;
};

/** Reads the board as it stands. */
static bool read_board(struct run *run, bool follow, struct error *error)
{
    run->registry = registry_new(&run->call->config->registry, error);
    run->feed = run->registry ? board_feed_new(run->call->config, run->registry, follow, error) : NULL;
    if (!run->feed)
        return false;
    while (!board_feed_complete(run->feed)) {
        if (!board_feed_poll(run->feed, &run->board, POLL_MS, error))
            return false;
    }
    return true;
}

/** The cover of a target, or NULL. */
static const struct cover *cover_of(const struct run *run, const struct backfill_target *target)
{
    return board_find(&run->board, target->source, target->asset);
}

/** Days of a target that need not be asked for any more. */
static int64_t done_days(const struct run *run, const struct backfill_target *target)
{
    return cover_done(cover_of(run, target), target->symbol, target->days);
}

/** Sends a request. */
static bool send_request(const struct run *run, struct producer *producer, int32_t schema_id,
                         const struct backfill_target *target, struct error *error)
{
    struct buf value = {0};
    const struct backfill_request request = {.asset = str_from(target->asset),
                                             .source = str_from(target->source),
                                             .interval = STR(BACKFILL_INTERVAL),
                                             .from = target->days.from,
                                             .to = target->days.to,
                                             .requested_at_us = clock_wall_us()};
    wire_put_header(&value, schema_id);
    backfill_request_encode(&request, &value);
    const struct outgoing record = {.topic = config_topic(run->call->config, REQUESTS_TOPIC),
                                    .partition = PARTITION_BY_KEY,
                                    .key = request.asset,
                                    .value = buf_str(&value),
                                    .timestamp_ms = request.requested_at_us / US_PER_MS};
    const bool sent = producer_send(producer, &record, SEND_WAIT_MS, error);
    buf_clear(&value);
    return sent;
}

/** Asks for what is neither there nor asked for. */
static bool ask(struct run *run, struct producer *producer, int32_t schema_id, struct error *error)
{
    for (size_t i = 0; i < run->targets.count; i++) {
        const struct backfill_target *target = &run->targets.items[i];
        if (done_days(run, target) == target->days.to - target->days.from)
            run->there++;
        else if (board_has(&run->board, target->source, target->asset, target->days))
            run->asked_before++;
        else if (send_request(run, producer, schema_id, target, error))
            run->sent++;
        else
            return false;
    }
    return producer_flush(producer, SEND_WAIT_MS, error);
}

/** Connects to the topic of requests and asks. */
static bool send_requests(struct run *run, struct error *error)
{
    const struct config *config = run->call->config;
    const struct producer_options options = {
        .client_id = "quotebus-backfill", .linger_ms = 5, .max_queued_bytes = QUEUE_BYTES_MAX};
    const char *subject = arena_printf(&run->memory, "%s-value", config_topic(config, REQUESTS_TOPIC));
    int32_t schema_id;
    const enum registry_status status = registry_lookup(run->registry, subject, backfill_request_schema_json, &schema_id, error);
    if (status == REGISTRY_UNKNOWN)
        return error_set(error, ERROR_NOT_FOUND, "the registry does not hold the schema of %s: run `quotebus topics apply`",
                         REQUESTS_TOPIC);
    struct producer *producer = status == REGISTRY_OK ? producer_new(&config->kafka, &options, error) : NULL;
    const bool ok = producer && ask(run, producer, schema_id, error);
    producer_free(producer);
    if (ok)
        fprintf(stderr, "quotebus: %zu histories asked for, %zu were asked for before, %zu are there%s\n", run->sent,
                run->asked_before, run->there,
                run->targets.without_source ? "; assets without a symbol at a source with histories were left out" : "");
    return ok;
}

/** Days that are wanted, and how many of them are done. */
static int64_t count_days(const struct run *run, int64_t *done)
{
    int64_t total = 0;
    *done = 0;
    for (size_t i = 0; i < run->targets.count; i++) {
        total += run->targets.items[i].days.to - run->targets.items[i].days.from;
        *done += done_days(run, &run->targets.items[i]);
    }
    return total;
}

/** Shows the progress until all is done or a stop is asked for. */
static bool wait_for_all(struct run *run, struct error *error)
{
    struct progress progress;
    int64_t done;
    const int64_t total = count_days(run, &done);
    bool ok = true;
    progress_begin(&progress, "backfill, days", done, total, clock_mono_ms());
    while (ok && done < total && !service_stopping()) {
        ok = board_feed_poll(run->feed, &run->board, POLL_MS, error);
        count_days(run, &done);
        progress_show(&progress, done, clock_mono_ms());
    }
    progress_end(&progress, clock_mono_ms());
    if (ok && done < total)
        fprintf(stderr, "quotebus: ingest goes on; the same command shows where it stands\n");
    return ok;
}

/** A date as text, in the grid's memory. */
static const char *date_text(struct grid *grid, int32_t day)
{
    int year, month, month_day;
    time_civil(day, &year, &month, &month_day);
    return arena_printf(&grid->memory, "%04d-%02d-%02d", year, month, month_day);
}

/** How a target stands, in one word. */
static const char *state_of(const struct run *run, const struct backfill_target *target, int64_t done)
{
    const struct cover *cover = cover_of(run, target);
    if (cover_failed(cover, target->symbol))
        return cover->failure;
    return done == target->days.to - target->days.from ? "done" : done > 0 ? "running" : "waiting";
}

/** Prints all targets. Returns the exit status: whether a source has nothing of what it was asked for. */
static int show(const struct run *run)
{
    struct grid grid;
    bool failed = false;
    grid_init(&grid, columns, sizeof(columns) / sizeof(columns[0]));
    for (size_t i = 0; i < run->targets.count; i++) {
        const struct backfill_target *target = &run->targets.items[i];
        const struct cover *cover = cover_of(run, target);
        const int64_t done = done_days(run, target);
        failed = failed || cover_failed(cover, target->symbol);
        grid_text(&grid, target->asset);
        grid_text(&grid, target->source);
        grid_text(&grid, date_text(&grid, target->days.from));
        grid_text(&grid, date_text(&grid, target->days.to));
        grid_number(&grid, target->days.to - target->days.from);
        grid_number(&grid, (double)done);
        grid_number(&grid, cover ? (double)cover->bars : 0);
        grid_text(&grid, state_of(run, target, done));
    }
    output_grid(&grid, run->call->json);
    output_flush();
    grid_clear(&grid);
    return failed ? EXIT_DATA_WRONG : EXIT_SUCCESS;
}

/** Finds out what the call is about, asks for it unless only the state is wanted, and waits if that is wanted. */
static bool work(struct run *run, bool status, bool wait, struct error *error)
{
    struct days days;
    const struct config *config = run->call->config;
    if (status) {
        if (!read_board(run, wait, error))
            return false;
        backfill_find_requests(config, &run->board, &run->words, &run->memory, &run->targets);
    } else if (!backfill_days(&run->words, clock_wall_us(), &days, error) ||
               !backfill_find_targets(config, &run->words, days, &run->memory, &run->targets, error) ||
               !read_board(run, wait, error) || !send_requests(run, error)) {
        return false;
    }
    return !wait || wait_for_all(run, error);
}

/** Runs the command. */
static int run_backfill(const struct invocation *call)
{
    const struct http_settings no_endpoints = {.listen = "", .stop_timeout_ms = STOP_TIMEOUT_MS};
    struct error error = {0};
    struct run run = {.call = call,
                      .words = {.assets = invocation_option(call, "--assets"),
                                .source = invocation_option(call, "--source"),
                                .interval = invocation_option(call, "--interval"),
                                .from = invocation_option(call, "--from"),
                                .to = invocation_option(call, "--to")}};
    const bool wait = invocation_option(call, "--wait") != NULL;
    const bool ok =
        service_start("cli", &no_endpoints, &error) && work(&run, invocation_option(call, "--status") != NULL, wait, &error);
    const bool stopped = wait && service_stopping();
    service_stop();
    int status = ok ? show(&run) : error_exit_status(error.code);
    if (!ok)
        fprintf(stderr, "quotebus: %s\n", error.message);
    board_feed_free(run.feed);
    registry_free(run.registry);
    board_clear(&run.board);
    arena_clear(&run.memory);
    return ok && stopped ? EXIT_FAILURE : status;
}

static const struct command_option options[] = {
    {"--assets", 'a', "LIST", "ids and patterns, apart by commas: equity:AAPL,crypto:*"},
    {"--from", 'f', "DAY", "first day: 2020-01-01, or -365d"},
    {"--to", 't', "DAY", "day behind the last (default: today; the last is yesterday)"},
    {"--interval", 'i', "LENGTH", "length of a bar; 1d is the only one (and the default)"},
    {"--source", 's', "NAME", "provider to ask (default: the first that has a history of the asset, yahoo before others)"},
    {"--wait", 'w', NULL, "show the progress until all is there; it may be interrupted, the work goes on"},
    {"--status", 0, NULL, "ask for nothing: show what was asked for within the last 7 days"},
};

const struct command command_backfill = {
    .name = "backfill",
    .summary = "asks for the daily history of assets, and shows how far it is",
    .arguments = "",
    .examples =
        "  quotebus backfill --assets 'equity:AAPL,crypto:*' --from 2020-01-01 --wait    what is there is not fetched again\n"
        "  quotebus backfill --status                                                    what was asked for, and where it "
        "stands\n",
    .options = options,
    .option_count = sizeof(options) / sizeof(options[0]),
    .run = run_backfill,
};
