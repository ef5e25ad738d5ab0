#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/yaml.h"
#include "bus/reader.h"
#include "bus/topics.h"
#include "cli/command.h"
#include "cli/newest.h"
#include "cli/number_option.h"
#include "cli/output.h"
#include "cli/record_format.h"
#include "cli/tail_range.h"

/** Longest wait for one record before the loop looks around. */
#define POLL_MS 200
/** Most records that are kept to be put in order. */
#define NEWEST_MAX 100000
/** How far before the end the search for the newest begins, and how fast it goes back. */
#define SPAN_EXTRA 100
#define SPAN_FACTOR 16
#define PARTITIONS_MAX 1000

/** One run of the command. */
struct tail {
    const struct invocation *call;
    const char *topic;  /* full name */
    const char *key;    /* NULL: all */
    const char *format; /* NULL: JSON lines */
    struct tail_range range;
    int32_t partition;
    int64_t limit; /* records to print at most; INT64_MAX: all */
    bool follow;
    struct registry *registry;
    struct record_printer *printer;
    struct buf line;
    int64_t printed;
    int64_t undecodable;
    int64_t seen[PARTITIONS_MAX]; /* next offset per partition that was not read yet, as far as the newest were collected */
};

/** What becomes of the loop after a record. */
enum step { STEP_ON, STEP_END, STEP_FAILED };

/** Whether the user wants this record. */
static bool wanted(const struct tail *tail, const rd_kafka_message_t *message)
{
    rd_kafka_timestamp_type_t kind;
    const struct str key = {.ptr = message->key, .len = message->key_len};
    return (!tail->key || (key.ptr && str_is(key, tail->key))) &&
           tail_range_has(&tail->range, message->offset, rd_kafka_message_timestamp(message, &kind));
}

/** Prints a record. */
static enum step print(struct tail *tail, const rd_kafka_message_t *message, struct error *error)
{
    buf_reset(&tail->line);
    const enum record_status status = tail->format ? record_format(tail->printer, tail->format, message, &tail->line, error)
                                                   : record_print(tail->printer, message, &tail->line, error);
    if (status == RECORD_UNKNOWN)
        return STEP_FAILED;
    tail->undecodable += status == RECORD_UNDECODABLE;
    tail->printed++;
    const bool written = output_write(buf_str(&tail->line)) && (!tail->follow || output_flush());
    return written && tail->printed < tail->limit ? STEP_ON : STEP_END;
}

/** A reader of the topic. */
static struct reader *open_reader(const struct tail *tail, enum reader_start start, int64_t value, bool follow,
                                  struct error *error)
{
    const struct reader_options options = {
        .topic = tail->topic, .partition = tail->partition, .start = start, .start_value = value, .follow = follow};
    return reader_new(&tail->call->config->kafka, &options, error);
}

/** Prints what a reader gives, up to its end. */
static bool stream(struct tail *tail, struct reader *reader, struct error *error)
{
    enum step step = STEP_ON;
    while (step == STEP_ON) {
        rd_kafka_message_t *message = NULL;
        const enum reader_result result = reader_next(reader, POLL_MS, &message, error);
        if (result == READER_FAILED)
            return false;
        if (result == READER_DONE)
            return true;
        if (result == READER_IDLE)
            continue;
        const bool new = message->partition >= PARTITIONS_MAX || message->offset >= tail->seen[message->partition];
        if (new &&wanted(tail, message))
            step = print(tail, message, error);
        rd_kafka_message_destroy(message);
    }
    return step != STEP_FAILED;
}

/**
 * Reads the last `span` offsets of each partition; keeps the newest records that are wanted. *read gets how many there were. The
 * reader is freed by the caller after the records: librdkafka waits for them for ever.
 */
static bool collect(struct tail *tail, int64_t span, struct newest *newest, struct reader **reader, int64_t *read,
                    struct error *error)
{
    *reader = open_reader(tail, READER_LAST, span, false, error);
    enum reader_result result = *reader ? READER_IDLE : READER_FAILED;
    *read = 0;
    while (result == READER_IDLE || result == READER_RECORD) {
        rd_kafka_message_t *message = NULL;
        result = reader_next(*reader, POLL_MS, &message, error);
        if (result != READER_RECORD)
            continue;
        ++*read;
        if (message->partition < PARTITIONS_MAX)
            tail->seen[message->partition] = message->offset + 1;
        if (wanted(tail, message))
            newest_add(newest, message);
        else
            rd_kafka_message_destroy(message);
    }
    newest_sort(newest);
    return result == READER_DONE;
}

/** Prints the newest records, oldest first. */
static bool print_newest(struct tail *tail, const struct newest *newest, enum step *step, struct error *error)
{
    for (size_t i = 0; *step == STEP_ON && i < newest->count; i++)
        *step = print(tail, newest->records[i].message, error);
    return *step != STEP_FAILED;
}

/**
 * Finds and prints the newest records. Commit markers take as many offsets as records at most, as long as transactions are not
 * aborted all the time; records of one key can lie anywhere. So the search begins near the end and goes back until there are
 * enough or nothing more came.
 */
static bool find_newest(struct tail *tail, enum step *step, struct error *error)
{
    int64_t span = 2 * tail->range.start_value + SPAN_EXTRA, read = -1, read_before;
    bool ok, enough;
    do {
        struct newest newest = {.wanted = (size_t)tail->range.start_value};
        struct reader *reader;
        read_before = read;
        ok = collect(tail, span, &newest, &reader, &read, error);
        enough = newest.count == newest.wanted || read == read_before;
        if (ok && enough)
            ok = print_newest(tail, &newest, step, error);
        newest_clear(&newest);
        reader_free(reader);
        span = span < INT64_MAX / SPAN_FACTOR ? span * SPAN_FACTOR : INT64_MAX;
    } while (ok && !enough);
    return ok;
}

/** The newest records and, with --follow, all that come after them. */
static bool tail_newest(struct tail *tail, struct error *error)
{
    enum step step = STEP_ON;
    /* The one that follows begins first, so that nothing falls between the two; what both read is left out by tail->seen. */
    struct reader *follower = tail->follow ? open_reader(tail, READER_END, 0, true, error) : NULL;
    bool ok = (!tail->follow || follower) && (tail->range.start_value == 0 || find_newest(tail, &step, error));
    if (ok && follower && step == STEP_ON)
        ok = output_flush() ? stream(tail, follower, error) : true;
    reader_free(follower);
    return ok;
}

/** From some position on. */
static bool tail_from(struct tail *tail, struct error *error)
{
    struct reader *reader = open_reader(tail, tail->range.start, tail->range.start_value, tail->follow, error);
    const bool ok = reader && stream(tail, reader, error);
    reader_free(reader);
    return ok;
}

/** Takes the options. */
static bool read_options(struct tail *tail, struct error *error)
{
    const struct invocation *call = tail->call;
    int64_t partition;
    tail->key = invocation_option(call, "--key");
    tail->format = invocation_option(call, "--format");
    tail->follow = invocation_option(call, "--follow") != NULL;
    if (tail->format && !record_format_check(tail->format, error))
        return false;
    const char *to = invocation_option(call, "--to");
    if (tail->follow && to)
        return error_set(error, ERROR_USAGE, "--follow never ends, so it does not go with --to");
    if (!number_option(call, "--max", INT64_MAX, 1, INT64_MAX, &tail->limit, error) ||
        !number_option(call, "--partition", READER_ALL_PARTITIONS, 0, INT32_MAX, &partition, error) ||
        !tail_range_parse(invocation_option(call, "--from"), to, clock_wall_us(), &tail->range, error))
        return false;
    tail->partition = (int32_t)partition;
    if (tail->range.start == READER_LAST && tail->range.start_value > NEWEST_MAX)
        return error_set(error, ERROR_USAGE,
                         "--from: at most the newest %d can be put in order; --from start or a time has no bound", NEWEST_MAX);
    return true;
}

/** Adds the name of the nearest topic to an error about one that does not exist. */
static void suggest_topic(const struct tail *tail, struct error *error)
{
    struct error ignored;
    struct topic_table *table = topic_table_load(tail->call->config->kafka.topics_file, &ignored);
    if (!table)
        return;
    const char **names = xcalloc(table->count + 1, sizeof(*names));
    for (size_t i = 0; i < table->count; i++)
        names[i] = table->topics[i].name;
    const char *nearest = nearest_word(tail->call->arguments[0], names, table->count);
    fprintf(stderr, "quotebus: %s\n", error->message);
    if (nearest && !topic_table_find(table, tail->call->arguments[0]))
        fprintf(stderr, "quotebus: did you mean %s?\n", nearest);
    free(names);
    topic_table_free(table);
}

/** Says how it went and returns the status. */
static int conclude(const struct tail *tail, bool ok, struct error *error)
{
    const size_t len = strlen(tail->topic), suffix = strlen(DEAD_LETTER_SUFFIX);
    const bool dead_letters = len > suffix && strcmp(tail->topic + len - suffix, DEAD_LETTER_SUFFIX) == 0;
    if (!ok && error->code == ERROR_NOT_FOUND) {
        suggest_topic(tail, error);
        return EXIT_FAILURE;
    }
    if (!ok) {
        fprintf(stderr, "quotebus: %s\n", error->message);
        return error_exit_status(error->code);
    }
    /* Dead letters are what could not be decoded: to find such bytes there is no surprise. */
    if (tail->undecodable == 0 || dead_letters)
        return EXIT_SUCCESS;
    fprintf(stderr, "quotebus: %" PRId64 " of %" PRId64 " records could not be decoded: see their \"error\"\n", tail->undecodable,
            tail->printed);
    return EXIT_DATA_WRONG;
}

/** Runs the command. */
static int run_tail(const struct invocation *call)
{
    struct error error = {0};
    struct tail *tail = xcalloc(1, sizeof(*tail));
    struct arena memory = {0};
    tail->call = call;
    tail->topic = arena_printf(&memory, "%s%s", call->config->kafka.topic_prefix, call->arguments[0]);
    bool ok = read_options(tail, &error);
    if (ok)
        tail->registry = registry_new(&call->config->registry, &error);
    ok = ok && tail->registry;
    if (ok) {
        tail->printer = record_printer_new(tail->registry);
        ok = tail->range.start == READER_LAST ? tail_newest(tail, &error) : tail_from(tail, &error);
    }
    const int status = conclude(tail, ok, &error);
    record_printer_free(tail->printer);
    registry_free(tail->registry);
    buf_clear(&tail->line);
    arena_clear(&memory);
    free(tail);
    return status;
}

static const struct command_option options[] = {
    {"--from", 0, "WHERE",
     "start, end, -N (the newest N), @OFFSET, or a time: -2h, @-2h, 2026-01-02; @FROM:TO has both (default: -10)"},
    {"--to", 0, "WHERE", "end, @OFFSET or a time: later records are left out (default: end, as it is now)"},
    {"--key", 'k', "KEY", "only records with this key, e.g. crypto:BTC"},
    {"--max", 'n', "N", "ends after N records"},
    {"--partition", 'p', "N", "only this partition"},
    {"--format", 'F', "FORMAT", "as kcat has it: %t %p %o %T %k %s %h %K %S, \\n \\t; e.g. '%k %s\\n' (default: JSON lines)"},
    {"--follow", 'f', NULL, "goes on with what comes, until interrupted"},
};

const struct command command_tail = {
    .name = "tail",
    .summary = "prints records of a topic, one JSON object per line",
    .arguments = "TOPIC",
    .examples = "  quotebus tail quotes.clean                                   the newest 10\n"
                "  quotebus tail prices.latest --from start --key crypto:BTC    all of one asset\n"
                "  quotebus tail quotes.anomalies --follow                      what comes from now on, after the newest 10\n"
                "  quotebus tail quotes.raw --from -2h --to -1h | jq .value.price\n"
                "  quotebus tail quotes.clean --from @-2h:-1h --format '%o %k %s\\n'\n"
                "  quotebus tail quotes.raw.dlq --from start                    dead letters with their cause\n",
    .options = options,
    .option_count = sizeof(options) / sizeof(options[0]),
    .argument_min = 1,
    .argument_max = 1,
    .run = run_tail,
};
