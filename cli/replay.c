/* quotebus replay: a part of a topic once more, to a file, a topic or the database. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/service.h"
#include "cli/command.h"
#include "cli/number_option.h"
#include "cli/output.h"
#include "cli/pace.h"
#include "cli/progress.h"
#include "cli/replay_state.h"
#include "cli/sink.h"

/** Longest wait for one record or for its time, before the loop looks around. */
#define POLL_MS 100
/** How often a run that can be resumed, or that waits for its time, makes what it wrote safe. */
#define CHECKPOINT_MS 1000
#define ADMIN_WAIT_MS 10000
#define STOP_TIMEOUT_MS 30000
#define ASSETS_MAX 1000

/** One run of the command. */
struct replay {
    const struct invocation *call;
    struct arena memory;
    struct str assets[ASSETS_MAX]; /* keys that are wanted */
    size_t asset_count;            /* 0: all */
    struct pace pace;
    const char *resume;           /* path of the state file, or NULL */
    bool resumed;                 /* the file was there */
    struct replay_state state;    /* spans: where the records stand that the sink has */
    struct playback_spans source; /* where the records stand that were read */
    const struct sink_kind *kind;
    const char *argument;
    struct registry *registry;
    struct sink *sink;
    struct playback *playback;
    struct progress progress;
    int64_t put;           /* records given to the sink */
    int64_t checkpoint_ms; /* time of the last one */
    bool dirty;            /* something was put since */
};

/** Splits --assets at its commas. */
static bool read_assets(struct replay *replay, struct error *error)
{
    const char *at = invocation_option(replay->call, "--assets");
    while (at && *at) {
        const size_t len = strcspn(at, ",");
        if (replay->asset_count == ASSETS_MAX)
            return error_set(error, ERROR_USAGE, "--assets has more than %d names", ASSETS_MAX);
        if (len)
            replay->assets[replay->asset_count++] = (struct str){.ptr = at, .len = len};
        at += len + (at[len] == ',');
    }
    return true;
}

/** Takes the options that need no connection. */
static bool read_options(struct replay *replay, struct tail_range *range, int32_t *partition, struct error *error)
{
    const struct invocation *call = replay->call;
    const char *from = invocation_option(call, "--from");
    const char *out = invocation_option(call, "--out");
    int64_t number;
    replay->resume = invocation_option(call, "--resume");
    replay->state.topic = arena_printf(&replay->memory, "%s%s", call->config->kafka.topic_prefix, call->arguments[0]);
    replay->state.out = out ? out : "json";
    replay->state.bytes = -1;
    replay->kind = sink_kind_parse(replay->state.out, &replay->argument, error);
    if (!replay->kind || !read_assets(replay, error) || !pace_parse(invocation_option(call, "--speed"), &replay->pace, error) ||
        !number_option(call, "--partition", READER_ALL_PARTITIONS, 0, INT32_MAX, &number, error) ||
        !tail_range_parse(from ? from : "start", invocation_option(call, "--to"), clock_wall_us(), range, error))
        return false;
    *partition = (int32_t)number;
    return true;
}

/** Finds out what is to be replayed: what the state file says, else what the options say. */
static bool find_part(struct replay *replay, const struct tail_range *range, int32_t partition, struct error *error)
{
    if (replay->resume && !replay_state_load(replay->resume, &replay->state, &replay->resumed, error))
        return false;
    if (replay->resumed)
        return true;
    struct kafka_admin *admin = kafka_admin_new(&replay->call->config->kafka, ADMIN_WAIT_MS, error);
    const bool ok = admin && playback_spans(admin, replay->state.topic, range, partition, &replay->state.spans, error);
    kafka_admin_free(admin);
    return ok && (!replay->resume || replay_state_save(replay->resume, &replay->state, error));
}

/** Opens both ends. */
static bool open_ends(struct replay *replay, struct error *error)
{
    const struct config *config = replay->call->config;
    replay->registry = registry_new(&config->registry, error);
    if (!replay->registry)
        return false;
    const struct sink_options options = {.config = config,
                                         .registry = replay->registry,
                                         .topic = replay->call->arguments[0],
                                         .full_topic = replay->state.topic,
                                         .argument = replay->argument,
                                         .bytes = replay->resumed ? replay->state.bytes : -1,
                                         .name = replay->resume ? replay->state.name : NULL};
    replay->sink = replay->kind->open(&options, error);
    if (!replay->sink)
        return false;
    if (replay->resumed && replay->kind->restore && !replay->kind->restore(replay->sink, &replay->state.spans, error))
        return false;
    replay->source = replay->state.spans;
    replay->playback = playback_new(&config->kafka, replay->state.topic, &replay->source, error);
    return replay->playback != NULL;
}

/** Makes what was put safe, and notes it. */
static bool checkpoint(struct replay *replay, struct error *error)
{
    replay->checkpoint_ms = clock_mono_ms();
    replay->dirty = false;
    return replay->kind->checkpoint(replay->sink, &replay->state.spans, &replay->state.bytes, error) &&
           (!replay->resume || replay_state_save(replay->resume, &replay->state, error));
}

/** A checkpoint when its time has come. */
static bool checkpoint_when_due(struct replay *replay, struct error *error)
{
    const bool wanted = replay->resume || replay->pace.factor > 0;
    const int64_t now_ms = clock_mono_ms();
    progress_show(&replay->progress, playback_done(&replay->source), now_ms);
    return !wanted || !replay->dirty || now_ms - replay->checkpoint_ms < CHECKPOINT_MS || checkpoint(replay, error);
}

/** Whether the user wants this record. */
static bool wanted(const struct replay *replay, const rd_kafka_message_t *message)
{
    const struct str key = {.ptr = message->key, .len = message->key_len};
    bool found = replay->asset_count == 0;
    for (size_t i = 0; !found && key.ptr && i < replay->asset_count; i++)
        found = str_equal(replay->assets[i], key);
    return found;
}

/** What becomes of the run after a record. */
enum step { STEP_ON, STEP_STOP, STEP_FAILED };

/** Waits until a record is due. STEP_STOP: a stop was asked for before. */
static enum step wait_until_due(struct replay *replay, const rd_kafka_message_t *message, struct error *error)
{
    rd_kafka_timestamp_type_t kind;
    const int64_t timestamp_ms = rd_kafka_message_timestamp(message, &kind);
    for (;;) {
        const int64_t wait_ms = pace_wait_ms(&replay->pace, timestamp_ms, clock_mono_ms());
        if (wait_ms == 0)
            return STEP_ON;
        if (service_stopping())
            return STEP_STOP;
        if (!checkpoint_when_due(replay, error))
            return STEP_FAILED;
        service_sleep(wait_ms < POLL_MS ? wait_ms : POLL_MS);
    }
}

/** The sink has all records of a partition up to here. */
static void settle(struct replay *replay, int32_t partition)
{
    for (size_t i = 0; i < replay->source.count; i++) {
        if (replay->source.items[i].partition == partition)
            replay->state.spans.items[i].next = replay->source.items[i].next;
    }
}

/** Hands a record to the sink, when it is wanted and due. */
static enum step hand_over(struct replay *replay, rd_kafka_message_t *message, struct error *error)
{
    const int32_t partition = message->partition;
    const bool is_wanted = wanted(replay, message);
    const enum step due = is_wanted ? wait_until_due(replay, message, error) : STEP_ON;
    if (!is_wanted || due != STEP_ON)
        rd_kafka_message_destroy(message);
    if (due != STEP_ON)
        return due;
    if (is_wanted && !replay->kind->put(replay->sink, message, error))
        return STEP_FAILED;
    replay->put += is_wanted;
    replay->dirty = true;
    settle(replay, partition);
    return STEP_ON;
}

/** Replays until the end of the part, a stop, or a failure. */
static bool run(struct replay *replay, struct error *error)
{
    enum reader_result result = READER_IDLE;
    enum step step = STEP_ON;
    while (result != READER_DONE && step == STEP_ON && !service_stopping()) {
        rd_kafka_message_t *message = NULL;
        result = playback_next(replay->playback, POLL_MS, &message, error);
        if (result == READER_RECORD)
            step = hand_over(replay, message, error);
        if (result == READER_FAILED || step == STEP_FAILED || !checkpoint_when_due(replay, error))
            return false;
    }
    if (result == READER_DONE) {
        replay->state.spans = replay->source;
        replay->state.complete = true;
    }
    return checkpoint(replay, error);
}

/** What is said at the end. Returns the exit status. */
static int conclude(const struct replay *replay, bool ok, const struct error *error)
{
    if (replay->sink && replay->sink->unread)
        return EXIT_SUCCESS;
    if (!ok) {
        fprintf(stderr, "quotebus: %s\n", error->message);
        if (replay->resume && replay->sink)
            fprintf(stderr, "quotebus: the same command goes on where it was\n");
        return error_exit_status(error->code);
    }
    fprintf(stderr, "quotebus: %" PRId64 " records of %s%s\n", replay->put, replay->state.topic,
            replay->state.complete ? ""
            : replay->resume       ? "; interrupted: the same command goes on"
                                   : "; interrupted");
    if (!replay->sink || replay->sink->left_out == 0)
        return EXIT_SUCCESS;
    fprintf(stderr, "quotebus: %" PRId64 " of them could not be used, the first one: %s\n", replay->sink->left_out,
            replay->sink->left_why.message);
    return EXIT_DATA_WRONG;
}

/** Opens, runs and closes. */
static bool replay_part(struct replay *replay, struct error *error)
{
    const struct http_settings no_endpoints = {.listen = "", .stop_timeout_ms = STOP_TIMEOUT_MS};
    if (!service_start("cli", &no_endpoints, error))
        return false;
    bool ok = open_ends(replay, error);
    if (ok) {
        progress_begin(&replay->progress, replay->call->arguments[0], playback_done(&replay->source),
                       playback_total(&replay->source), clock_mono_ms());
        ok = run(replay, error);
        progress_end(&replay->progress, clock_mono_ms());
    }
    service_stop();
    return ok;
}

/** Runs the command. */
static int run_replay(const struct invocation *call)
{
    struct error error = {0};
    struct tail_range range;
    int32_t partition;
    struct replay *replay = xcalloc(1, sizeof(*replay));
    int status;
    replay->call = call;
    bool ok = read_options(replay, &range, &partition, &error) && find_part(replay, &range, partition, &error);
    if (ok && replay->state.complete) {
        fprintf(stderr, "quotebus: %s says that this replay is complete\n", replay->resume);
        status = EXIT_SUCCESS;
    } else {
        ok = ok && replay_part(replay, &error);
        status = conclude(replay, ok, &error);
    }
    /* Records in the sink's batch belong to the playback. */
    if (replay->sink)
        replay->kind->close(replay->sink);
    playback_free(replay->playback);
    registry_free(replay->registry);
    arena_clear(&replay->memory);
    free(replay);
    return status;
}

static const struct command_option options[] = {
    {"--from", 0, "WHERE", "start, end, @OFFSET, or a time: -2h, 2026-01-02T03:04:05Z (default: start)"},
    {"--to", 0, "WHERE", "end, @OFFSET or a time: the record there is left out (default: end, as it is now)"},
    {"--assets", 'a', "A,B", "only records with these keys, e.g. crypto:BTC,crypto:ETH"},
    {"--partition", 'p', "N", "only this partition"},
    {"--speed", 's', "FACTOR", "1x as they came, 10x, or max (default: max)"},
    {"--out", 'o', "WHERE", "json[:FILE], csv[:FILE], avro:FILE, topic:NAME, database (default: json)"},
    {"--resume", 'r', "FILE", "keeps in FILE how far it is; the same command goes on there"},
};

const struct command command_replay = {
    .name = "replay",
    .summary = "puts a part of a topic into a file, another topic or the database",
    .arguments = "TOPIC",
    .examples = "  quotebus replay quotes.clean --from 2026-01-02 --to 2026-01-03 --out avro:day.avro\n"
                "  quotebus replay quotes.raw --from -1h --assets crypto:BTC --speed 10x | jq .value.price\n"
                "  quotebus replay quotes.clean --from -7d --out database --resume week.state    over rows that may exist\n"
                "  quotebus replay quotes.raw --out topic:research.raw --resume copy.state       each record once\n",
    .options = options,
    .option_count = sizeof(options) / sizeof(options[0]),
    .argument_min = 1,
    .argument_max = 1,
    .run = run_replay,
};
