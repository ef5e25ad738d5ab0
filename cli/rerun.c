#include "cli/rerun.h"

#include "bus/reader.h"
#include "cli/live_records.h"
#include "validate/judging.h"
#include "validate/raw_quote.h"

#define POLL_MS 200
/** Bytes of the wire format in front of a body. */
#define WIRE_HEADER_BYTES 5
#define FNV_START UINT64_C(14695981039346656037)
#define FNV_PRIME UINT64_C(1099511628211)

static const enum output compared[RERUN_TOPICS] = {OUTPUT_CLEAN, OUTPUT_ANOMALIES, OUTPUT_CONSENSUS, OUTPUT_REPORTS};

/** One partition under way. */
struct rerun {
    const struct rerun_options *options;
    const struct rerun_span *span;
    struct arena *memory; /* of the result */
    struct rerun_result *result;
    struct live_records *live[RERUN_TOPICS]; /* by place in `compared` */
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

/** The place of an output among the compared ones, or RERUN_TOPICS. */
static size_t place_of(enum output output)
{
    size_t place = 0;
    while (place < RERUN_TOPICS && compared[place] != output)
        place++;
    return place;
}

/** Mixes bytes and their length into a checksum. */
static uint64_t mix(uint64_t hash, struct str bytes)
{
    for (size_t i = 0; i < sizeof(bytes.len); i++)
        hash = (hash ^ ((bytes.len >> (8 * i)) & 0xff)) * FNV_PRIME;
    for (size_t i = 0; i < bytes.len; i++)
        hash = (hash ^ (unsigned char)bytes.ptr[i]) * FNV_PRIME;
    return hash;
}

/** Keeps one side of a difference. */
static struct rerun_side keep_side(struct arena *memory, struct str key, struct str body, int64_t timestamp_ms)
{
    return (struct rerun_side){.key = arena_str(memory, key), .body = arena_str(memory, body), .timestamp_ms = timestamp_ms};
}

/** Notes the first difference. Either side may be NULL. */
static void note(struct rerun *rerun, enum rerun_kind kind, enum output output, const struct live_record *live,
                 const struct output_record *again)
{
    struct rerun_difference *difference = &rerun->result->difference;
    *difference = (struct rerun_difference){.kind = kind,
                                            .output = output,
                                            .raw_offset = live ? live->raw_offset : rerun->offset,
                                            .offset = live ? live->offset : -1};
    if (live)
        difference->live = keep_side(rerun->memory, live->key, live->body, live->timestamp_ms);
    if (again)
        difference->again =
            keep_side(rerun->memory, again->key,
                      (struct str){.ptr = again->value.ptr + WIRE_HEADER_BYTES, .len = again->value.len - WIRE_HEADER_BYTES},
                      again->timestamp_ms);
}

/** Goes over records that were made from raw records before `offset`: none should be left. */
static bool skip_before(struct rerun *rerun, size_t place, int64_t offset, const struct live_record **next, struct error *error)
{
    while (live_records_next(rerun->live[place], next, error)) {
        if (!*next || (*next)->raw_offset >= offset)
            return true;
        if (rerun->comparing && (*next)->raw_offset >= rerun->result->compared_from) {
            note(rerun, RERUN_SURPLUS, compared[place], *next, NULL);
            return true;
        }
        live_records_take(rerun->live[place]);
    }
    return false;
}

/** Compares a record with the one that came again and counts it. */
static void compare(struct rerun *rerun, size_t place, const struct live_record *live, const struct output_record *again)
{
    struct rerun_topic *topic = &rerun->result->topics[place];
    const struct str body = {.ptr = again->value.ptr + WIRE_HEADER_BYTES, .len = again->value.len - WIRE_HEADER_BYTES};
    if (!str_equal(live->key, again->key) || live->timestamp_ms != again->timestamp_ms || !str_equal(live->body, body)) {
        note(rerun, RERUN_DIFFERS, again->output, live, again);
        return;
    }
    const struct str time = {.ptr = (const char *)&live->timestamp_ms, .len = sizeof(live->timestamp_ms)};
    topic->checksum = mix(mix(mix(topic->checksum, live->key), live->body), time);
    topic->records++;
}

/** The sink of what comes again: holds it against the next record of its topic. */
static bool take_again(void *ctx, const struct output_record *again, struct error *error)
{
    struct rerun *rerun = ctx;
    const struct live_record *live;
    const size_t place = place_of(again->output);
    if (place == RERUN_TOPICS || rerun->result->difference.kind != RERUN_EQUAL)
        return true;
    if (!skip_before(rerun, place, rerun->offset, &live, error))
        return false;
    if (rerun->result->difference.kind != RERUN_EQUAL)
        return true;
    const bool there = live && live->raw_offset == rerun->offset;
    if (rerun->comparing && there)
        compare(rerun, place, live, again);
    else if (rerun->comparing)
        note(rerun, RERUN_MISSING, again->output, NULL, again);
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
        note(rerun, RERUN_MISSING, OUTPUT_CLEAN, NULL, NULL);
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
    for (size_t place = 0; place < RERUN_TOPICS && rerun->result->difference.kind == RERUN_EQUAL; place++) {
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
    for (size_t place = 0; place < RERUN_TOPICS; place++) {
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
    for (size_t place = 0; place < RERUN_TOPICS; place++)
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
    *result = (struct rerun_result){
        .partition = span->partition, .blind = span->raw_begin > 0 || span->clean_begin > 0, .compared_from = -1};
    for (size_t place = 0; place < RERUN_TOPICS; place++)
        result->topics[place] = (struct rerun_topic){.output = compared[place], .checksum = FNV_START};
    rerun.from_ms = result->blind ? INT64_MAX : options->from_ms;
    const bool ok = open_all(&rerun, error) && take_all(&rerun, error) && take_rest(&rerun, error);
    close_all(&rerun);
    return ok || error_prefix(error, "partition %d", (int)span->partition);
}
