#include "cli/rerun.h"

#include "bus/reader.h"
#include "cli/live_records.h"
#include "cli/rerun_compare.h"
#include "validate/judging.h"
#include "validate/raw_quote.h"

#define POLL_MS 200
#define QUOTE_TOPICS 4

static const enum output compared[QUOTE_TOPICS] = {OUTPUT_CLEAN, OUTPUT_ANOMALIES, OUTPUT_CONSENSUS, OUTPUT_REPORTS};

/** One partition under way. */
struct rerun {
    const struct rerun_options *options;
    const struct rerun_span *span;
    struct arena *memory; /* of the result */
    struct rerun_result *result;
    struct live_records *live[QUOTE_TOPICS]; /* by place in `compared` */
    struct decoder *decoder;
    struct reader *raw;
    struct outputs outputs;
    struct partition_memory *partition;
    struct arena arena;
    int64_t from_ms; /* where comparing begins, once it is known */
    int64_t offset;  /* of the raw record under way */
    int64_t end;     /* behind the last raw record that was judged */
    bool comparing;
};

/** The place of an output among the compared ones, or QUOTE_TOPICS. */
static size_t place_of(enum output output)
{
    size_t place = 0;
    while (place < QUOTE_TOPICS && compared[place] != output)
        place++;
    return place;
}

/** Goes over records that were made from raw records before `offset`: none should be left. */
static bool skip_before(struct rerun *rerun, size_t place, int64_t offset, const struct live_record **next, struct error *error)
{
    while (live_records_next(rerun->live[place], next, error)) {
        if (!*next || (*next)->raw_offset >= offset)
            return true;
        if (rerun->comparing && (*next)->raw_offset >= rerun->result->compared_from) {
            rerun_note(rerun->result, rerun->memory,
                       (struct rerun_sides){.kind = RERUN_SURPLUS, .output = compared[place], .live = *next});
            return true;
        }
        live_records_take(rerun->live[place]);
    }
    return false;
}

/** The sink of what comes again: holds it against the next record of its topic. */
static bool take_again(void *ctx, const struct output_record *again, struct error *error)
{
    struct rerun *rerun = ctx;
    const struct live_record *live;
    const size_t place = place_of(again->output);
    if (place == QUOTE_TOPICS || rerun->result->difference.kind != RERUN_EQUAL)
        return true;
    if (!skip_before(rerun, place, rerun->offset, &live, error))
        return false;
    if (rerun->result->difference.kind != RERUN_EQUAL)
        return true;
    const bool there = live && live->raw_offset == rerun->offset;
    if (rerun->comparing && there)
        rerun_compare(rerun->result, rerun->memory, place, live, again, rerun->offset);
    else if (rerun->comparing)
        rerun_note(
            rerun->result, rerun->memory,
            (struct rerun_sides){.kind = RERUN_MISSING, .output = again->output, .again = again, .raw_offset = rerun->offset});
    if (there)
        live_records_take(rerun->live[place]);
    return true;
}

/** Brings the rules of a version into use. */
static bool use_rules(struct rerun *rerun, struct str version, struct error *error)
{
    if (rerun->partition && str_equal(rule_settings_version(rerun->partition->settings), version))
        return true;
    const struct rule_settings *settings = rule_shelf_find(rerun->options->shelf, version, error);
    if (settings && rerun->partition)
        partition_memory_use(rerun->partition, settings);
    else if (settings)
        rerun->partition = partition_memory_new(rerun->span->partition, settings);
    return settings != NULL;
}

/** Begins to compare once the time has come. */
static void follow_time(struct rerun *rerun, int64_t raw_ms, const struct live_record *clean)
{
    struct rerun_result *result = rerun->result;
    if (rerun->comparing)
        return;
    if (result->blind && rerun->from_ms == INT64_MAX) {
        if (!clean || clean->raw_offset > rerun->offset)
            return; /* of the records before the oldest clean one nothing is known */
        const int64_t warm_ms = raw_ms + RERUN_WARM_UP_MS;
        rerun->from_ms = warm_ms > rerun->options->from_ms ? warm_ms : rerun->options->from_ms;
    }
    rerun->comparing = raw_ms >= rerun->from_ms;
    if (rerun->comparing)
        result->compared_from = rerun->offset;
}

/** Judges a raw record again. *more: whether to go on behind it. */
static bool take_raw(struct rerun *rerun, const rd_kafka_message_t *message, bool *more, struct error *error)
{
    struct quote quote;
    struct raw_origin origin;
    struct judgement judgement;
    const struct live_record *clean;
    const struct output_sink sink = {.put = take_again, .ctx = rerun};
    arena_reset(&rerun->arena);
    rerun->offset = message->offset;
    const enum decode_status status = raw_quote_read(rerun->decoder, message, &rerun->arena, &quote, &origin, error);
    if (status != DECODE_OK) /* what is no quote became a dead letter and nothing else */
        return status == DECODE_INVALID;
    if (!live_records_next(rerun->live[0], &clean, error))
        return false;
    *more = clean || rerun->span->judged_to >= 0;
    if (!*more)
        return true;
    follow_time(rerun, rd_kafka_message_timestamp(message, NULL), clean);
    if (clean && !use_rules(rerun, clean->rules_version, error))
        return false;
    if (!rerun->partition) {
        rerun_note(rerun->result, rerun->memory,
                   (struct rerun_sides){.kind = RERUN_MISSING, .output = OUTPUT_CLEAN, .raw_offset = rerun->offset});
        return true;
    }
    rerun->result->judged++;
    rerun->end = message->offset + 1;
    return judging_take(rerun->partition, &quote, &origin, &rerun->arena, &rerun->outputs, &sink, &judgement, error);
}

/** Judges all raw records that validate has judged; counts the others. */
static bool take_all(struct rerun *rerun, struct error *error)
{
    const int64_t judged_to = rerun->span->judged_to;
    bool more = true;
    while (rerun->result->difference.kind == RERUN_EQUAL) {
        rd_kafka_message_t *message = NULL;
        struct error why = {0};
        const enum reader_result result = reader_next(rerun->raw, POLL_MS, &message, error);
        if (result == READER_DONE || result == READER_FAILED)
            return result == READER_DONE;
        if (result == READER_IDLE)
            continue;
        more = more && (judged_to < 0 || message->offset < judged_to);
        const bool ok = !more || take_raw(rerun, message, &more, &why);
        rerun->result->waiting += !more;
        rd_kafka_message_destroy(message);
        if (!ok) {
            *error = why;
            return error_prefix(error, "raw offset %lld", (long long)rerun->offset);
        }
    }
    return true;
}

/** Looks for records behind those that came again. */
static bool take_rest(struct rerun *rerun, struct error *error)
{
    const int64_t judged_to = rerun->span->judged_to >= 0 ? rerun->span->judged_to : rerun->end;
    for (size_t place = 0; place < QUOTE_TOPICS && rerun->result->difference.kind == RERUN_EQUAL; place++) {
        const struct live_record *live;
        if (!skip_before(rerun, place, judged_to, &live, error))
            return false;
    }
    return true;
}

/** Opens all topics; the raw one last, so that it reaches at least as far as the others. */
static bool open_all(struct rerun *rerun, struct error *error)
{
    const struct rerun_options *options = rerun->options;
    const struct reader_options raw = {
        .topic = config_topic(options->config, RAW_TOPIC), .partition = rerun->span->partition, .start = READER_BEGINNING};
    outputs_init(&rerun->outputs, options->config);
    for (size_t place = 0; place < QUOTE_TOPICS; place++) {
        rerun->live[place] = live_records_new(options->config, options->registry, compared[place], rerun->span->partition, error);
        if (!rerun->live[place])
            return false;
    }
    rerun->decoder = decoder_new(options->registry, quote_schema_json, error);
    rerun->raw = rerun->decoder ? reader_new(&options->config->kafka, &raw, error) : NULL;
    return rerun->raw != NULL;
}

/** Closes what is open. */
static void close_all(struct rerun *rerun)
{
    for (size_t place = 0; place < QUOTE_TOPICS; place++)
        live_records_free(rerun->live[place]);
    reader_free(rerun->raw);
    decoder_free(rerun->decoder);
    outputs_clear(&rerun->outputs);
    partition_memory_free(rerun->partition);
    arena_clear(&rerun->arena);
}

bool rerun_partition(const struct rerun_options *options, const struct rerun_span *span, struct arena *memory,
                     struct rerun_result *result, struct error *error)
{
    struct rerun rerun = {.options = options, .span = span, .memory = memory, .result = result};
    rerun_begin(result, span, compared, QUOTE_TOPICS);
    rerun.from_ms = result->blind ? INT64_MAX : options->from_ms;
    const bool ok = open_all(&rerun, error) && take_all(&rerun, error) && take_rest(&rerun, error);
    close_all(&rerun);
    return ok || error_prefix(error, "partition %d", (int)span->partition);
}
