#include "cli/rerun_bars.h"

#include "bus/reader.h"
#include "cli/live_records.h"
#include "cli/rerun_compare.h"
#include "validate/history/judging.h"

#define POLL_MS 200
#define BAR_TOPICS 2

static const enum output compared[BAR_TOPICS] = {OUTPUT_BARS, OUTPUT_BAR_ANOMALIES};

/** One partition under way. */
struct rerun_bars {
    const struct rerun_options *options;
    const struct rerun_span *span;
    struct arena *memory; /* of the result */
    struct rerun_result *result;
    struct live_records *live[BAR_TOPICS]; /* by place in `compared` */
    struct decoder *decoder;
    struct reader *raw;
    struct outputs outputs;
    struct history *history;
    struct arena arena;
    int64_t offset; /* of the raw record under way */
    bool counting;  /* what is equal is counted */
};

/** The sink of what comes again: holds it against the next record of its topic. */
static bool take_again(void *ctx, const struct output_record *again, struct error *error)
{
    struct rerun_bars *rerun = ctx;
    const size_t place = again->output == compared[0] ? 0 : 1;
    const struct live_record *live;
    if (rerun->result->difference.kind != RERUN_EQUAL)
        return true;
    if (!live_records_next(rerun->live[place], &live, error))
        return false;
    if (!live) {
        rerun_note(
            rerun->result, rerun->memory,
            (struct rerun_sides){.kind = RERUN_MISSING, .output = again->output, .again = again, .raw_offset = rerun->offset});
        return true;
    }
    const struct rerun_topic before = rerun->result->topics[place];
    rerun_compare(rerun->result, rerun->memory, place, live, again, rerun->offset);
    if (!rerun->counting)
        rerun->result->topics[place] = before;
    live_records_take(rerun->live[place]);
    return true;
}

/** Brings the rules of the next clean record into use. */
static bool use_rules(struct rerun_bars *rerun, struct str version, struct error *error)
{
    const struct rule_book *book = rule_shelf_book(rerun->options->shelf, version, error);
    if (!book)
        return false;
    if (!rerun->history)
        rerun->history = history_new(rerun->span->partition, book);
    rerun->history->rules = book;
    return true;
}

/** Judges a raw record again. *more: whether it was judged, as the clean topic tells where the group does not. */
static bool take_raw(struct rerun_bars *rerun, const rd_kafka_message_t *message, bool *more, struct error *error)
{
    struct bar bar;
    struct raw_origin origin;
    struct bar_judgement judgement;
    const struct live_record *clean;
    const struct output_sink sink = {.put = take_again, .ctx = rerun};
    arena_reset(&rerun->arena);
    rerun->offset = message->offset;
    const enum decode_status status = raw_bar_read(rerun->decoder, message, &rerun->arena, &bar, &origin, error);
    if (status != DECODE_OK) /* what is no bar became a dead letter and nothing else */
        return status == DECODE_INVALID;
    if (!live_records_next(rerun->live[0], &clean, error))
        return false;
    *more = clean || rerun->span->judged_to >= 0;
    if (!*more)
        return true;
    if (!clean) {
        rerun_note(rerun->result, rerun->memory,
                   (struct rerun_sides){.kind = RERUN_MISSING, .output = OUTPUT_BARS, .raw_offset = rerun->offset});
        return true;
    }
    rerun->counting = rd_kafka_message_timestamp(message, NULL) >= rerun->options->from_ms;
    rerun->result->judged++;
    return use_rules(rerun, clean->rules_version, error) &&
           history_take(rerun->history, &bar, &origin, &rerun->arena, &rerun->outputs, &sink, &judgement, error);
}

/** Judges all raw records that validate has judged; counts the others. */
static bool take_all(struct rerun_bars *rerun, struct error *error)
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

/** Looks whether the next clean record is of a bar that was judged: all of these have come again. */
static bool take_rest(struct rerun_bars *rerun, struct error *error)
{
    const struct live_record *live;
    if (rerun->result->difference.kind != RERUN_EQUAL)
        return true;
    if (!live_records_next(rerun->live[0], &live, error))
        return false;
    if (live && (rerun->span->judged_to < 0 || live->raw_offset < rerun->span->judged_to))
        rerun_note(rerun->result, rerun->memory,
                   (struct rerun_sides){.kind = RERUN_SURPLUS, .output = OUTPUT_BARS, .live = live});
    return true;
}

/** Opens all topics; the raw one last, so that it reaches at least as far as the others. */
static bool open_all(struct rerun_bars *rerun, struct error *error)
{
    const struct rerun_options *options = rerun->options;
    const struct reader_options raw = {
        .topic = config_topic(options->config, RAW_BARS_TOPIC), .partition = rerun->span->partition, .start = READER_BEGINNING};
    outputs_init(&rerun->outputs, options->config);
    for (size_t place = 0; place < BAR_TOPICS; place++) {
        rerun->live[place] = live_records_new(options->config, options->registry, compared[place], rerun->span->partition, error);
        if (!rerun->live[place])
            return false;
    }
    rerun->decoder = decoder_new(options->registry, bar_schema_json, error);
    rerun->raw = rerun->decoder ? reader_new(&options->config->kafka, &raw, error) : NULL;
    return rerun->raw != NULL;
}

/** Closes what is open. */
static void close_all(struct rerun_bars *rerun)
{
    for (size_t place = 0; place < BAR_TOPICS; place++)
        live_records_free(rerun->live[place]);
    reader_free(rerun->raw);
    decoder_free(rerun->decoder);
    outputs_clear(&rerun->outputs);
    history_free(rerun->history);
    arena_clear(&rerun->arena);
}

bool rerun_bars_partition(const struct rerun_options *options, const struct rerun_span *span, struct arena *memory,
                          struct rerun_result *result, struct error *error)
{
    struct rerun_bars rerun = {.options = options, .span = span, .memory = memory, .result = result};
    rerun_begin(result, span, compared, BAR_TOPICS);
    if (result->blind)
        return true;
    const bool ok = open_all(&rerun, error) && take_all(&rerun, error) && take_rest(&rerun, error);
    close_all(&rerun);
    return ok || error_prefix(error, "bars, partition %d", (int)span->partition);
}
