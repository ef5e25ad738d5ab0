#include <errno.h>
#include <stdlib.h>

#include "bus/reader.h"
#include "cli/output.h"
#include "cli/validate.h"
#include "cli/what_if.h"
#include "validate/raw_quote.h"
#include "validate/rule_book.h"

#define POLL_MS 200
#define SAMPLES_DEFAULT 10

/** One of the two judges: a rule file, and what it remembers of each partition. */
struct judge {
    const char *path;
    struct rule_book rules;
    struct partition_memory **memories;
    size_t count;
};

/** One run of --dry-run. */
struct dry_run {
    const struct config *config;
    int64_t from_ms, to_ms;
    struct judge before, after;
    struct registry *registry;
    struct decoder *decoder;
    struct reader *reader;
    struct what_if what_if;
    struct arena arena;
};

/** The memory of a partition, made when it is new. */
static struct partition_memory *memory_of(struct judge *judge, int32_t partition)
{
    for (size_t i = 0; i < judge->count; i++) {
        if (judge->memories[i]->partition == partition)
            return judge->memories[i];
    }
    judge->memories = xrealloc(judge->memories, (judge->count + 1) * sizeof(struct partition_memory *));
    return judge->memories[judge->count++] = partition_memory_new(partition, judge->rules.settings);
}

/** Frees a judge. */
static void judge_clear(struct judge *judge)
{
    for (size_t i = 0; i < judge->count; i++)
        partition_memory_free(judge->memories[i]);
    free(judge->memories);
    rule_book_clear(&judge->rules);
}

/** Lets both judge a record; counts it when it lies in the range. */
static bool take_record(struct dry_run *run, const rd_kafka_message_t *message, struct error *error)
{
    struct quote quote;
    struct raw_origin origin;
    struct judgement before, after;
    struct error why = {0};
    const int64_t raw_ms = rd_kafka_message_timestamp(message, NULL);
    if (raw_ms >= run->to_ms)
        return true;
    arena_reset(&run->arena);
    switch (raw_quote_read(run->decoder, message, &run->arena, &quote, &origin, &why)) {
    case DECODE_WAIT:
        *error = why;
        return false;
    case DECODE_INVALID: /* a dead letter, whatever the rules */
        return true;
    case DECODE_OK:
        break;
    }
    engine_judge(memory_of(&run->before, origin.partition), &quote, &origin, &run->arena, &before);
    engine_judge(memory_of(&run->after, origin.partition), &quote, &origin, &run->arena, &after);
    if (raw_ms >= run->from_ms)
        what_if_take(&run->what_if, &before.clean, &after.clean);
    return true;
}

/** Judges the whole raw topic: what lies before the range is remembered by both. */
static bool take_all(struct dry_run *run, struct error *error)
{
    while (true) {
        rd_kafka_message_t *message = NULL;
        const enum reader_result result = reader_next(run->reader, POLL_MS, &message, error);
        if (result == READER_DONE || result == READER_FAILED)
            return result == READER_DONE;
        if (result == READER_IDLE)
            continue;
        const bool ok = take_record(run, message, error);
        rd_kafka_message_destroy(message);
        if (!ok)
            return false;
    }
}

/** Reads --samples. */
static bool read_samples(const struct invocation *call, size_t *count, struct error *error)
{
    const char *text = invocation_option(call, "--samples");
    char *end;
    *count = SAMPLES_DEFAULT;
    if (!text)
        return true;
    errno = 0;
    const long long number = strtoll(text, &end, 10);
    if (end == text || *end || errno || number < 0 || number > WHAT_IF_SAMPLES_MAX)
        return error_set(error, ERROR_USAGE, "--samples '%.40s': write a whole number from 0 to %d", text, WHAT_IF_SAMPLES_MAX);
    *count = (size_t)number;
    return true;
}

/** Reads the options and the rule files. */
static bool read_options(struct dry_run *run, const struct invocation *call, struct error *error)
{
    const char *against = invocation_option(call, "--against");
    run->after.path = invocation_option(call, "--rules");
    run->before.path = against ? against : call->config->validate.rules_file;
    if (!run->after.path)
        return error_set(error, ERROR_USAGE, "--dry-run needs --rules FILE");
    return read_samples(call, &run->what_if.sample_max, error) &&
           validate_time_option(call, "--from", INT64_MIN, &run->from_ms, error) &&
           validate_time_option(call, "--to", INT64_MAX, &run->to_ms, error) &&
           rule_book_load(&run->before.rules, run->before.path, error) &&
           rule_book_load(&run->after.rules, run->after.path, error);
}

/** Opens the raw topic. */
static bool open_raw(struct dry_run *run, struct error *error)
{
    const struct reader_options options = {
        .topic = config_topic(run->config, RAW_TOPIC), .partition = READER_ALL_PARTITIONS, .start = READER_BEGINNING};
    run->registry = registry_new(&run->config->registry, error);
    run->decoder = run->registry ? decoder_new(run->registry, quote_schema_json, error) : NULL;
    run->reader = run->decoder ? reader_new(&run->config->kafka, &options, error) : NULL;
    return run->reader != NULL;
}

/** Prints the result. */
static void show(struct dry_run *run, bool json)
{
    struct buf text = {0};
    const struct view view = output_view();
    const struct grid_layout layout = {.width = view.width, .colour = view.colour};
    const struct what_if_names names = {
        .before = run->before.path,
        .before_version = arena_strdup(&run->arena, rule_settings_version(run->before.rules.settings)),
        .after = run->after.path,
        .after_version = arena_strdup(&run->arena, rule_settings_version(run->after.rules.settings))};
    if (json)
        what_if_write_json(&text, &run->what_if, &names);
    else
        what_if_write_text(&text, &run->what_if, &names, &layout);
    output_write(buf_str(&text));
    buf_clear(&text);
}

int validate_dry_run(const struct invocation *call, struct error *error)
{
    struct dry_run run = {.config = call->config};
    const bool ok = read_options(&run, call, error) && open_raw(&run, error) && take_all(&run, error);
    if (ok)
        show(&run, call->json);
    reader_free(run.reader);
    decoder_free(run.decoder);
    registry_free(run.registry);
    judge_clear(&run.before);
    judge_clear(&run.after);
    what_if_clear(&run.what_if);
    arena_clear(&run.arena);
    return ok ? EXIT_SUCCESS : error_exit_status(error->code);
}
