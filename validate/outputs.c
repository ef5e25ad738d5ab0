#include "validate/outputs.h"

#include <stdio.h>

#include "bus/decoder.h"

/** Longest wait for room in the producer's queue. */
#define SEND_WAIT_MS 5000
#define SUBJECT_MAX 300

/** Topic and schema of each output. */
static const struct {
    const char *topic;
    const char *schema_json;
} kinds[OUTPUT_COUNT] = {
    [OUTPUT_CLEAN] = {"quotes.clean", clean_quote_schema_json},
    [OUTPUT_ANOMALIES] = {"quotes.anomalies", anomaly_schema_json},
    [OUTPUT_CONSENSUS] = {"prices.consensus", consensus_price_schema_json},
    [OUTPUT_LATEST] = {"prices.latest", consensus_price_schema_json},
    [OUTPUT_STATE] = {"validate.state", asset_state_schema_json},
};

void outputs_init(struct outputs *outputs, const struct config *config)
{
    struct buf name = {0};
    *outputs = (struct outputs){0};
    for (int i = 0; i <= OUTPUT_COUNT; i++) {
        buf_reset(&name);
        buf_printf(&name, "%s%s", config->validate.output_prefix, i < OUTPUT_COUNT ? kinds[i].topic : "quotes.raw.dlq");
        const char *topic = config_topic(config, arena_strdup(config->memory, buf_str(&name)));
        *(i < OUTPUT_COUNT ? &outputs->topics[i] : &outputs->dead_letters) = topic;
    }
    buf_clear(&name);
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

/** Begins a value for an output. */
static struct buf *begin_value(struct outputs *outputs, enum output output)
{
    buf_reset(&outputs->value);
    wire_put_header(&outputs->value, outputs->schema_ids[output]);
    return &outputs->value;
}

/** Sends the value that was begun. */
static bool send_value(struct outputs *outputs, struct producer *producer, enum output output, int32_t partition, struct str key,
                       int64_t timestamp_ms, struct error *error)
{
    const struct outgoing record = {.topic = outputs->topics[output],
                                    .partition = partition,
                                    .key = key,
                                    .value = buf_str(&outputs->value),
                                    .timestamp_ms = timestamp_ms};
    return producer_send(producer, &record, SEND_WAIT_MS, error);
}

bool outputs_send(struct outputs *outputs, struct producer *producer, const struct judgement *judgement,
                  const struct raw_origin *origin, struct error *error)
{
    const struct str key = judgement->clean.asset;
    clean_quote_encode(&judgement->clean, begin_value(outputs, OUTPUT_CLEAN));
    bool sent = send_value(outputs, producer, OUTPUT_CLEAN, origin->partition, key, origin->timestamp_ms, error);
    for (size_t i = 0; sent && i < judgement->anomaly_count; i++) {
        anomaly_encode(&judgement->anomalies[i], begin_value(outputs, OUTPUT_ANOMALIES));
        sent = send_value(outputs, producer, OUTPUT_ANOMALIES, origin->partition, key, origin->timestamp_ms, error);
    }
    for (enum output output = OUTPUT_CONSENSUS; sent && judgement->has_consensus && output <= OUTPUT_LATEST; output++) {
        consensus_price_encode(&judgement->consensus, begin_value(outputs, output));
        sent = send_value(outputs, producer, output, origin->partition, key, origin->timestamp_ms, error);
    }
    return sent;
}

bool outputs_send_state(struct outputs *outputs, struct producer *producer, const struct asset_memory *asset, int32_t partition,
                        struct str rules_version, struct arena *arena, struct error *error)
{
    asset_encode(asset, rules_version, arena, begin_value(outputs, OUTPUT_STATE));
    return send_value(outputs, producer, OUTPUT_STATE, partition, asset->asset, asset->timestamp_ms, error);
}
