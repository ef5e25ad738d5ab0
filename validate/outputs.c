#include "validate/outputs.h"

#include <stdio.h>

#include "bus/decoder.h"

#define SUBJECT_MAX 300
#define DEAD_LETTERS "quotes.raw.dlq"

/** Topic and schema of each output. */
static const struct {
    const char *topic;
    const char *schema_json;
} kinds[OUTPUT_COUNT] = {
    [OUTPUT_CLEAN] = {"quotes.clean", clean_quote_schema_json},
    [OUTPUT_ANOMALIES] = {"quotes.anomalies", anomaly_schema_json},
    [OUTPUT_CONSENSUS] = {"prices.consensus", consensus_price_schema_json},
    [OUTPUT_LATEST] = {"prices.latest", consensus_price_schema_json},
    [OUTPUT_REPORTS] = {"validate.reports", report_schema_json},
    [OUTPUT_STATE] = {"validate.state", asset_state_schema_json},
    [OUTPUT_RULES] = {"validate.rules", rule_file_schema_json},
    [OUTPUT_BARS] = {"bars.clean", clean_bar_schema_json},
    [OUTPUT_BAR_ANOMALIES] = {"bars.anomalies", anomaly_schema_json},
    [OUTPUT_BAR_STATE] = {"validate.bars", bar_state_schema_json},
    [OUTPUT_FUNDAMENTALS] = {"fundamentals.clean", fundamentals_schema_json},
    [OUTPUT_INDICATORS] = {"indicators.clean", indicator_schema_json},
    [OUTPUT_RANKINGS] = {"rankings.clean", ranking_schema_json},
};

const char *output_schema_json(enum output output)
{
    return kinds[output].schema_json;
}

const char *output_full_name(const struct config *config, const char *name)
{
    return config_topic(config, arena_printf(config->memory, "%s%s", config->validate.output_prefix, name));
}

const char *output_topic(const struct config *config, enum output output)
{
    return output_full_name(config, kinds[output].topic);
}

void outputs_init(struct outputs *outputs, const struct config *config)
{
    *outputs = (struct outputs){.dead_letters = output_full_name(config, DEAD_LETTERS)};
    for (enum output output = 0; output < OUTPUT_COUNT; output++)
        outputs->topics[output] = output_topic(config, output);
}

void outputs_clear(struct outputs *outputs)
{
    buf_clear(&outputs->value);
}

bool outputs_resolve(struct outputs *outputs, struct registry *registry, struct error *error)
{
    for (int i = 0; !outputs->resolved && i < OUTPUT_COUNT; i++) {
        char subject[SUBJECT_MAX];
        snprintf(subject, sizeof(subject), "%s-value", outputs->topics[i]);
        const enum registry_status status =
            registry_lookup(registry, subject, kinds[i].schema_json, &outputs->schema_ids[i], error);
        if (status == REGISTRY_UNKNOWN)
            return error_set(error, ERROR_NOT_FOUND,
                             "the registry does not hold this program's schema of %.120s: run `quotebus topics apply`", subject);
        if (status != REGISTRY_OK)
            return error_prefix(error, "asking for the schema of %.120s", subject);
    }
    outputs->resolved = true;
    return true;
}

struct buf *outputs_begin(struct outputs *outputs, enum output output)
{
    buf_reset(&outputs->value);
    wire_put_header(&outputs->value, outputs->schema_ids[output]);
    return &outputs->value;
}

bool outputs_end(const struct outputs *outputs, const struct output_sink *sink, struct output_record record, struct error *error)
{
    record.topic = outputs->topics[record.output];
    record.value = buf_str(&outputs->value);
    return sink->put(sink->ctx, &record, error);
}

/** Keeps the consensus that was encoded last as the latest of its asset. */
static void keep_latest(const struct outputs *outputs, struct asset_memory *asset, int64_t timestamp_ms)
{
    const struct str consensus = buf_str(&outputs->value);
    buf_reset(&asset->latest);
    wire_put_header(&asset->latest, outputs->schema_ids[OUTPUT_LATEST]);
    const size_t header = asset->latest.len;
    buf_append(&asset->latest, consensus.ptr + header, consensus.len - header);
    asset->latest_timestamp_ms = timestamp_ms;
}

bool outputs_put_judgement(struct outputs *outputs, const struct output_sink *sink, const struct judgement *judgement,
                           const struct raw_origin *origin, struct error *error)
{
    struct output_record record = {.output = OUTPUT_CLEAN,
                                   .partition = origin->partition,
                                   .key = judgement->clean.asset,
                                   .timestamp_ms = origin->timestamp_ms};
    clean_quote_encode(&judgement->clean, outputs_begin(outputs, OUTPUT_CLEAN));
    bool put = outputs_end(outputs, sink, record, error);
    record.output = OUTPUT_ANOMALIES;
    for (size_t i = 0; put && i < judgement->anomaly_count; i++) {
        anomaly_encode(&judgement->anomalies[i], outputs_begin(outputs, OUTPUT_ANOMALIES));
        put = outputs_end(outputs, sink, record, error);
    }
    if (put && judgement->has_consensus) {
        record.output = OUTPUT_CONSENSUS;
        consensus_price_encode(&judgement->consensus, outputs_begin(outputs, OUTPUT_CONSENSUS));
        keep_latest(outputs, judgement->asset, origin->timestamp_ms);
        put = outputs_end(outputs, sink, record, error);
    }
    return put;
}

bool outputs_put_latest(struct outputs *outputs, const struct output_sink *sink, struct asset_memory *asset, int32_t partition,
                        struct error *error)
{
    if (asset->latest.len == 0)
        return true;
    const struct output_record record = {.output = OUTPUT_LATEST,
                                         .topic = outputs->topics[OUTPUT_LATEST],
                                         .partition = partition,
                                         .key = asset->asset,
                                         .value = buf_str(&asset->latest),
                                         .timestamp_ms = asset->latest_timestamp_ms};
    const bool put = sink->put(sink->ctx, &record, error);
    buf_clear(&asset->latest);
    return put;
}

bool outputs_put_report(struct outputs *outputs, const struct output_sink *sink, const struct report *report, struct error *error)
{
    report_encode(report, outputs_begin(outputs, OUTPUT_REPORTS));
    const struct output_record record = {.output = OUTPUT_REPORTS,
                                         .partition = report->raw_partition,
                                         .key = report->asset,
                                         .timestamp_ms = report->window_end_us / US_PER_MS};
    return outputs_end(outputs, sink, record, error);
}

bool outputs_put_state(struct outputs *outputs, const struct output_sink *sink, const struct asset_memory *asset,
                       int32_t partition, struct str rules_version, struct arena *arena, struct error *error)
{
    asset_encode(asset, rules_version, arena, outputs_begin(outputs, OUTPUT_STATE));
    const struct output_record record = {
        .output = OUTPUT_STATE, .partition = partition, .key = asset->asset, .timestamp_ms = asset->timestamp_ms};
    return outputs_end(outputs, sink, record, error);
}

bool outputs_put_rules(struct outputs *outputs, const struct output_sink *sink, const struct rule_file *file, struct error *error)
{
    rule_file_encode(file, outputs_begin(outputs, OUTPUT_RULES));
    const struct output_record record = {
        .output = OUTPUT_RULES, .partition = -1, .key = file->version, .timestamp_ms = file->since_us / US_PER_MS};
    return outputs_end(outputs, sink, record, error);
}
