#include "validate/streams/beside.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "bus/decoder.h"
#include "validate/history/judging.h"
#include "validate/raw_quote.h"
#include "validate/restore.h"

#define STAGE "validate"

/** One topic. */
struct input {
    const char *topic;           /* full name */
    const char *dead_letters;    /* full name */
    const struct stream *stream; /* NULL: bars */
    struct decoder *decoder;
    struct metric *records;
};

struct beside {
    const struct config *config;
    struct outputs *outputs;
    const struct rule_book *rules;
    struct input inputs[BESIDE_TOPICS_MAX];
    size_t input_count;
    struct decoder *states;
    struct history **histories; /* of the assigned partitions of bars.raw */
    size_t history_count;
    struct arena arena;                     /* of the record under way */
    struct metric *verdicts[VERDICT_COUNT]; /* of bars */
    struct metric *restated;
};

/** Makes the input of a raw topic. */
static bool add_input(struct beside *beside, struct registry *registry, const char *raw, const char *schema_json,
                      const struct stream *stream, struct error *error)
{
    const struct config *config = beside->config;
    struct input *input = &beside->inputs[beside->input_count];
    char labels[128];
    const char *const pairs[] = {"topic", raw};
    *input = (struct input){.topic = config_topic(config, raw),
                            .dead_letters = output_full_name(config, arena_printf(config->memory, "%s.dlq", raw)),
                            .stream = stream,
                            .decoder = decoder_new(registry, schema_json, error),
                            .records = metric_counter("quotebus_validate_beside_records_total",
                                                      "Raw records beside quotes that were read",
                                                      metric_labels(labels, sizeof(labels), 1, pairs))};
    beside->input_count++;
    return input->decoder != NULL;
}

/** Makes the metrics of bars. */
static void find_metrics(struct beside *beside)
{
    for (int i = 0; i < VERDICT_COUNT; i++) {
        char labels[64];
        const char *const pairs[] = {"verdict", verdict_name((enum verdict)i)};
        beside->verdicts[i] = metric_counter("quotebus_validate_bar_verdicts_total", "Judged bars by verdict",
                                             metric_labels(labels, sizeof(labels), 1, pairs));
    }
    beside->restated = metric_counter("quotebus_validate_bars_restated_total", "Bars whose verdict later bars changed", NULL);
}

struct beside *beside_new(const struct config *config, struct registry *registry, struct outputs *outputs,
                          const struct rule_book *book, struct error *error)
{
    struct beside *beside = xcalloc(1, sizeof(*beside));
    *beside = (struct beside){.config = config, .outputs = outputs, .rules = book};
    find_metrics(beside);
    bool ok = add_input(beside, registry, RAW_BARS_TOPIC, bar_schema_json, NULL, error);
    for (size_t i = 0; ok && streams_table[i]; i++)
        ok = add_input(beside, registry, streams_table[i]->raw, streams_table[i]->schema_json, streams_table[i], error);
    beside->states = ok ? decoder_new(registry, bar_state_schema_json, error) : NULL;
    if (!beside->states) {
        beside_free(beside);
        return NULL;
    }
    return beside;
}

void beside_free(struct beside *beside)
{
    if (!beside)
        return;
    beside_forget(beside);
    free(beside->histories);
    for (size_t i = 0; i < beside->input_count; i++)
        decoder_free(beside->inputs[i].decoder);
    decoder_free(beside->states);
    arena_clear(&beside->arena);
    free(beside);
}

size_t beside_topics(const struct beside *beside, const char *topics[BESIDE_TOPICS_MAX])
{
    for (size_t i = 0; i < beside->input_count; i++)
        topics[i] = beside->inputs[i].topic;
    return beside->input_count;
}

/** The input of a topic, or NULL. */
static const struct input *input_of(const struct beside *beside, const char *topic)
{
    for (size_t i = 0; i < beside->input_count; i++) {
        if (strcmp(beside->inputs[i].topic, topic) == 0)
            return &beside->inputs[i];
    }
    return NULL;
}

const char *beside_dead_letters(const struct beside *beside, const char *topic)
{
    const struct input *input = input_of(beside, topic);
    return input ? input->dead_letters : NULL;
}

/** Whether a topic is that of bars. */
static bool is_bars(const struct beside *beside, const char *topic)
{
    const struct input *input = input_of(beside, topic);
    return input && !input->stream;
}

/** The place of a partition's memory, or history_count. */
static size_t history_place(const struct beside *beside, int32_t partition)
{
    size_t i = 0;
    while (i < beside->history_count && beside->histories[i]->partition != partition)
        i++;
    return i;
}

/** Forgets the memory at a place; none is fine. */
static void drop_history(struct beside *beside, size_t place)
{
    if (place >= beside->history_count)
        return;
    history_free(beside->histories[place]);
    beside->histories[place] = beside->histories[--beside->history_count];
}

bool beside_assigned(struct beside *beside, const char *topic, int32_t partition, int64_t committed_offset, struct error *error)
{
    const struct changelog changelog = {.kafka = &beside->config->kafka,
                                        .topic = beside->outputs->topics[OUTPUT_BAR_STATE],
                                        .decoder = beside->states,
                                        .committed_offset = committed_offset};
    if (!is_bars(beside, topic))
        return true;
    drop_history(beside, history_place(beside, partition));
    beside->histories = xrealloc(beside->histories, (beside->history_count + 1) * sizeof(struct history *));
    struct history *history = history_new(partition, beside->rules);
    beside->histories[beside->history_count++] = history;
    if (!restore_history(history, &changelog, error))
        return false;
    log_info(STAGE, "bars restored", F_INT("partition", partition), F_INT("assets", history->asset_count),
             F_INT("committed_offset", committed_offset));
    return true;
}

void beside_revoked(struct beside *beside, const char *topic, int32_t partition)
{
    if (is_bars(beside, topic))
        drop_history(beside, history_place(beside, partition));
}

void beside_forget(struct beside *beside)
{
    while (beside->history_count)
        drop_history(beside, beside->history_count - 1);
}

/** What a failure to read means for the record. */
static enum beside_status status_of(enum decode_status status)
{
    return status == DECODE_WAIT ? BESIDE_WAIT : BESIDE_BURY;
}

/** Processes a bar. */
static enum beside_status take_bar(struct beside *beside, const struct input *input, const rd_kafka_message_t *message,
                                   const struct output_sink *sink, struct error *error)
{
    struct bar bar;
    struct raw_origin origin;
    struct bar_judgement judgement;
    const enum decode_status status = raw_bar_read(input->decoder, message, &beside->arena, &bar, &origin, error);
    if (status != DECODE_OK)
        return status_of(status);
    const size_t place = history_place(beside, message->partition);
    if (place == beside->history_count) {
        error_set(error, ERROR_RETRY, "a bar of partition %d came, which is not assigned", (int)message->partition);
        return BESIDE_FAILED;
    }
    if (!history_take(beside->histories[place], &bar, &origin, &beside->arena, beside->outputs, sink, &judgement, error))
        return BESIDE_FAILED;
    metric_add(beside->verdicts[judgement.clean->verdict], 1);
    metric_add(beside->restated, (double)(judgement.clean_count - 1));
    return BESIDE_DONE;
}

/** Processes a record of a stream without a memory. */
static enum beside_status take_other(struct beside *beside, const struct input *input, const rd_kafka_message_t *message,
                                     const struct output_sink *sink, struct error *error)
{
    struct str body;
    struct stream_result result;
    const struct str value = {.ptr = message->payload, .len = message->len};
    const struct stream_origin origin = {.partition = message->partition,
                                         .offset = message->offset,
                                         .rules_version = rule_settings_version(beside->rules->settings)};
    const enum output output = input->stream->clean;
    const enum decode_status status = decoder_body(input->decoder, value, &beside->arena, &body, error);
    if (status != DECODE_OK)
        return status_of(status);
    if (!input->stream->judge(body, &origin, &beside->arena, outputs_begin(beside->outputs, output), &result, error))
        return BESIDE_BURY;
    const struct output_record record = {.output = output,
                                         .partition = message->partition,
                                         .key = result.key,
                                         .timestamp_ms = raw_origin_of(message, result.fetched_at_us).timestamp_ms};
    return outputs_end(beside->outputs, sink, record, error) ? BESIDE_DONE : BESIDE_FAILED;
}

enum beside_status beside_record(struct beside *beside, const rd_kafka_message_t *message, const struct output_sink *sink,
                                 struct error *error)
{
    const struct input *input = input_of(beside, rd_kafka_topic_name(message->rkt));
    if (!input) {
        error_set(error, ERROR_RETRY, "a record of %.200s came, which is not read", rd_kafka_topic_name(message->rkt));
        return BESIDE_FAILED;
    }
    arena_reset(&beside->arena);
    const enum beside_status status =
        input->stream ? take_other(beside, input, message, sink, error) : take_bar(beside, input, message, sink, error);
    if (status != BESIDE_WAIT)
        metric_add(input->records, 1);
    return status;
}

bool beside_put_state(struct beside *beside, const struct output_sink *sink, struct error *error)
{
    const struct str version = rule_settings_version(beside->rules->settings);
    for (size_t i = 0; i < beside->history_count; i++) {
        struct history *history = beside->histories[i];
        struct asset_history *asset;
        while ((asset = history_take_changed(history))) {
            const struct output_record record = {.output = OUTPUT_BAR_STATE,
                                                 .partition = history->partition,
                                                 .key = asset->asset,
                                                 .timestamp_ms = asset->timestamp_ms};
            arena_reset(&beside->arena);
            asset_history_encode(asset, version, &beside->arena, outputs_begin(beside->outputs, OUTPUT_BAR_STATE));
            if (!outputs_end(beside->outputs, sink, record, error))
                return false;
        }
    }
    return true;
}
