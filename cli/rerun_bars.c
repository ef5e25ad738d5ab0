#include "cli/rerun_bars.h"

#include "cli/rerun_compare.h"
#include "cli/rerun_walk.h"
#include "validate/history/judging.h"

#define BAR_TOPICS 2

static const enum output compared[BAR_TOPICS] = {OUTPUT_BARS, OUTPUT_BAR_ANOMALIES};

/** One partition under way. */
struct rerun_bars {
    struct rerun_walk walk;
    struct history *history;
    bool counting; /* what is equal is counted */
};

/** The sink of what comes again: holds it against the next record of its topic. */
static bool take_again(void *ctx, const struct output_record *again, struct error *error)
{
    struct rerun_bars *rerun = ctx;
    const size_t place = again->output == compared[0] ? 0 : 1;
    const struct live_record *live;
    if (rerun->walk.result->difference.kind != RERUN_EQUAL)
        return true;
    if (!live_records_next(rerun->walk.live[place], &live, error))
        return false;
    if (!live) {
        rerun_note(rerun->walk.result, rerun->walk.memory,
                   (struct rerun_sides){
                       .kind = RERUN_MISSING, .output = again->output, .again = again, .raw_offset = rerun->walk.offset});
        return true;
    }
    const struct rerun_topic before = rerun->walk.result->topics[place];
    rerun_compare(rerun->walk.result, rerun->walk.memory, place, live, again, rerun->walk.offset);
    if (!rerun->counting)
        rerun->walk.result->topics[place] = before;
    live_records_take(rerun->walk.live[place]);
    return true;
}

/** Brings the rules of the next clean record into use. */
static bool use_rules(struct rerun_bars *rerun, struct str version, struct error *error)
{
    const struct rule_book *book = rule_shelf_book(rerun->walk.options->shelf, version, error);
    if (!book)
        return false;
    if (!rerun->history)
        rerun->history = history_new(rerun->walk.span->partition, book);
    rerun->history->rules = book;
    return true;
}

/** Judges a raw record again (a rerun_take_fn). *more: whether it was judged, as the clean topic tells where the group does not.
 */
static bool take_raw(void *ctx, const rd_kafka_message_t *message, bool *more, struct error *error)
{
    struct rerun_bars *rerun = ctx;
    struct bar bar;
    struct raw_origin origin;
    struct bar_judgement judgement;
    const struct live_record *clean;
    const struct output_sink sink = {.put = take_again, .ctx = rerun};
    const enum decode_status status = raw_bar_read(rerun->walk.decoder, message, &rerun->walk.arena, &bar, &origin, error);
    if (status != DECODE_OK) /* what is no bar became a dead letter and nothing else */
        return status == DECODE_INVALID;
    if (!live_records_next(rerun->walk.live[0], &clean, error))
        return false;
    *more = clean || rerun->walk.span->judged_to >= 0;
    if (!*more)
        return true;
    if (!clean) {
        rerun_note(rerun->walk.result, rerun->walk.memory,
                   (struct rerun_sides){.kind = RERUN_MISSING, .output = OUTPUT_BARS, .raw_offset = rerun->walk.offset});
        return true;
    }
    rerun->counting = rd_kafka_message_timestamp(message, NULL) >= rerun->walk.options->from_ms;
    rerun->walk.result->judged++;
    return use_rules(rerun, clean->rules_version, error) &&
           history_take(rerun->history, &bar, &origin, &rerun->walk.arena, &rerun->walk.outputs, &sink, &judgement, error);
}

/** Looks whether the next clean record is of a bar that was judged: all of these have come again. */
static bool take_rest(struct rerun_bars *rerun, struct error *error)
{
    const struct live_record *live;
    if (rerun->walk.result->difference.kind != RERUN_EQUAL)
        return true;
    if (!live_records_next(rerun->walk.live[0], &live, error))
        return false;
    if (live && (rerun->walk.span->judged_to < 0 || live->raw_offset < rerun->walk.span->judged_to))
        rerun_note(rerun->walk.result, rerun->walk.memory,
                   (struct rerun_sides){.kind = RERUN_SURPLUS, .output = OUTPUT_BARS, .live = live});
    return true;
}

bool rerun_bars_partition(const struct rerun_options *options, const struct rerun_span *span, struct arena *memory,
                          struct rerun_result *result, struct error *error)
{
    static const struct rerun_subject subject = {
        .raw_topic = RAW_BARS_TOPIC, .raw_schema_json = bar_schema_json, .compared = compared, .compared_count = BAR_TOPICS};
    struct rerun_bars rerun = {.walk = {.options = options, .span = span, .memory = memory, .result = result}};
    rerun_begin(result, span, compared, BAR_TOPICS);
    if (result->blind)
        return true;
    const bool ok = rerun_walk_open(&rerun.walk, &subject, error) && rerun_walk_all(&rerun.walk, take_raw, &rerun, error) &&
                    take_rest(&rerun, error);
    rerun_walk_close(&rerun.walk);
    history_free(rerun.history);
    return ok || error_prefix(error, "bars, partition %d", (int)span->partition);
}
