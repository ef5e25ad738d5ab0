#include "cli/rerun.h"

#include "cli/rerun_compare.h"
#include "cli/rerun_walk.h"
#include "validate/judging.h"
#include "validate/raw_quote.h"

#define QUOTE_TOPICS 4

static const enum output compared[QUOTE_TOPICS] = {OUTPUT_CLEAN, OUTPUT_ANOMALIES, OUTPUT_CONSENSUS, OUTPUT_REPORTS};

/** One partition under way. */
struct rerun {
    struct rerun_walk walk;
    struct partition_memory *partition;
    int64_t from_ms; /* where comparing begins, once it is known */
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
    while (live_records_next(rerun->walk.live[place], next, error)) {
        if (!*next || (*next)->raw_offset >= offset)
            return true;
        if (rerun->comparing && (*next)->raw_offset >= rerun->walk.result->compared_from) {
            rerun_note(rerun->walk.result, rerun->walk.memory,
                       (struct rerun_sides){.kind = RERUN_SURPLUS, .output = compared[place], .live = *next});
            return true;
        }
        live_records_take(rerun->walk.live[place]);
    }
    return false;
}

/** The sink of what comes again: holds it against the next record of its topic. */
static bool take_again(void *ctx, const struct output_record *again, struct error *error)
{
    struct rerun *rerun = ctx;
    const struct live_record *live;
    const size_t place = place_of(again->output);
    if (place == QUOTE_TOPICS || rerun->walk.result->difference.kind != RERUN_EQUAL)
        return true;
    if (!skip_before(rerun, place, rerun->walk.offset, &live, error))
        return false;
    if (rerun->walk.result->difference.kind != RERUN_EQUAL)
        return true;
    const bool there = live && live->raw_offset == rerun->walk.offset;
    if (rerun->comparing && there)
        rerun_compare(rerun->walk.result, rerun->walk.memory, place, live, again, rerun->walk.offset);
    else if (rerun->comparing)
        rerun_note(rerun->walk.result, rerun->walk.memory,
                   (struct rerun_sides){
                       .kind = RERUN_MISSING, .output = again->output, .again = again, .raw_offset = rerun->walk.offset});
    if (there)
        live_records_take(rerun->walk.live[place]);
    return true;
}

/** Brings the rules of a version into use. */
static bool use_rules(struct rerun *rerun, struct str version, struct error *error)
{
    if (rerun->partition && str_equal(rule_settings_version(rerun->partition->settings), version))
        return true;
    const struct rule_settings *settings = rule_shelf_find(rerun->walk.options->shelf, version, error);
    if (settings && rerun->partition)
        partition_memory_use(rerun->partition, settings);
    else if (settings)
        rerun->partition = partition_memory_new(rerun->walk.span->partition, settings);
    return settings != NULL;
}

/** Begins to compare once the time has come. */
static void follow_time(struct rerun *rerun, int64_t raw_ms, const struct live_record *clean)
{
    struct rerun_result *result = rerun->walk.result;
    if (rerun->comparing)
        return;
    if (result->blind && rerun->from_ms == INT64_MAX) {
        if (!clean || clean->raw_offset > rerun->walk.offset)
            return; /* of the records before the oldest clean one nothing is known */
        const int64_t warm_ms = raw_ms + RERUN_WARM_UP_MS;
        rerun->from_ms = warm_ms > rerun->walk.options->from_ms ? warm_ms : rerun->walk.options->from_ms;
    }
    rerun->comparing = raw_ms >= rerun->from_ms;
    if (rerun->comparing)
        result->compared_from = rerun->walk.offset;
}

/** Judges a raw record again (a rerun_take_fn). */
static bool take_raw(void *ctx, const rd_kafka_message_t *message, bool *more, struct error *error)
{
    struct rerun *rerun = ctx;
    struct quote quote;
    struct raw_origin origin;
    struct judgement judgement;
    const struct live_record *clean;
    const struct output_sink sink = {.put = take_again, .ctx = rerun};
    const enum decode_status status = raw_quote_read(rerun->walk.decoder, message, &rerun->walk.arena, &quote, &origin, error);
    if (status != DECODE_OK) /* what is no quote became a dead letter and nothing else */
        return status == DECODE_INVALID;
    if (!live_records_next(rerun->walk.live[0], &clean, error))
        return false;
    *more = clean || rerun->walk.span->judged_to >= 0;
    if (!*more)
        return true;
    follow_time(rerun, rd_kafka_message_timestamp(message, NULL), clean);
    if (clean && !use_rules(rerun, clean->rules_version, error))
        return false;
    if (!rerun->partition) {
        rerun_note(rerun->walk.result, rerun->walk.memory,
                   (struct rerun_sides){.kind = RERUN_MISSING, .output = OUTPUT_CLEAN, .raw_offset = rerun->walk.offset});
        return true;
    }
    rerun->walk.result->judged++;
    rerun->end = message->offset + 1;
    return judging_take(rerun->partition, &quote, &origin, &rerun->walk.arena, &rerun->walk.outputs, &sink, &judgement, error);
}

/** Looks for records behind those that came again. */
static bool take_rest(struct rerun *rerun, struct error *error)
{
    const int64_t judged_to = rerun->walk.span->judged_to >= 0 ? rerun->walk.span->judged_to : rerun->end;
    for (size_t place = 0; place < QUOTE_TOPICS && rerun->walk.result->difference.kind == RERUN_EQUAL; place++) {
        const struct live_record *live;
        if (!skip_before(rerun, place, judged_to, &live, error))
            return false;
    }
    return true;
}

bool rerun_partition(const struct rerun_options *options, const struct rerun_span *span, struct arena *memory,
                     struct rerun_result *result, struct error *error)
{
    static const struct rerun_subject subject = {
        .raw_topic = RAW_TOPIC, .raw_schema_json = quote_schema_json, .compared = compared, .compared_count = QUOTE_TOPICS};
    struct rerun rerun = {.walk = {.options = options, .span = span, .memory = memory, .result = result}};
    rerun_begin(result, span, compared, QUOTE_TOPICS);
    rerun.from_ms = result->blind ? INT64_MAX : options->from_ms;
    const bool ok = rerun_walk_open(&rerun.walk, &subject, error) && rerun_walk_all(&rerun.walk, take_raw, &rerun, error) &&
                    take_rest(&rerun, error);
    rerun_walk_close(&rerun.walk);
    partition_memory_free(rerun.partition);
    return ok || error_prefix(error, "partition %d", (int)span->partition);
}
