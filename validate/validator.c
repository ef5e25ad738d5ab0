#include "validate/validator.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/metrics.h"
#include "bus/dead_letter.h"
#include "bus/decoder.h"
#include "bus/registry.h"
#include "bus/transaction_loop.h"
#include "validate/counters.h"
#include "validate/engine.h"
#include "validate/outputs.h"
#include "validate/restore.h"

#define STAGE "validate"
#define INPUT "quotes.raw"
/** Longest text of a quote that is judged; longer ones are garbage that would not fit into its clean record. */
#define TEXT_MAX 1024
/** Records leave the queue together after that long, and what the queue may hold. */
#define LINGER_MS 2
#define QUEUE_MAX_BYTES ((int64_t)64 * 1024 * 1024)

struct validator {
    const struct config *config;
    struct rule_settings *rules;
    struct registry *registry;
    struct decoder *quotes;
    struct decoder *states;
    struct outputs outputs;
    struct partition_memory **partitions; /* assigned ones */
    size_t partition_count;
    const char *input;    /* full name of the raw topic */
    const char *group;    /* full name */
    const char *identity; /* transactional.id */
    struct arena arena;   /* of the record under way */
    struct counters counters;
};

/** `<topic_prefix><output_prefix><group>[.<instance>]`, so that a shadow run never fences the live one. */
static const char *group_name(const struct config *config, const char *instance)
{
    struct buf text = {0};
    buf_printf(&text, "%s%s%s%s", config->validate.output_prefix, config->validate.group, instance ? "." : "",
               instance ? instance : "");
    const char *name = config_topic(config, arena_strdup(config->memory, buf_str(&text)));
    buf_clear(&text);
    return name;
}

struct validator *validator_new(const struct config *config, struct error *error)
{
    struct validator *validator = xcalloc(1, sizeof(*validator));
    validator->config = config;
    validator->input = config_topic(config, INPUT);
    validator->group = group_name(config, NULL);
    validator->identity = group_name(config, config->validate.instance);
    outputs_init(&validator->outputs, config);
    counters_init(&validator->counters);
    validator->rules = rule_settings_load(config->validate.rules_file, error);
    validator->registry = validator->rules ? registry_new(&config->registry, error) : NULL;
    validator->quotes = validator->registry ? decoder_new(validator->registry, quote_schema_json, error) : NULL;
    validator->states = validator->quotes ? decoder_new(validator->registry, asset_state_schema_json, error) : NULL;
    if (!validator->states) {
        validator_free(validator);
        return NULL;
    }
    return validator;
}

/** Forgets the memory of one partition, by its place in the list. */
static void drop_partition(struct validator *validator, size_t place)
{
    partition_memory_free(validator->partitions[place]);
    validator->partitions[place] = validator->partitions[--validator->partition_count];
}

/** The place of a partition in the list, or partition_count. */
static size_t partition_place(const struct validator *validator, int32_t number)
{
    size_t i = 0;
    while (i < validator->partition_count && validator->partitions[i]->partition != number)
        i++;
    return i;
}

void validator_free(struct validator *validator)
{
    if (!validator)
        return;
    while (validator->partition_count)
        drop_partition(validator, validator->partition_count - 1);
    free(validator->partitions);
    decoder_free(validator->states);
    decoder_free(validator->quotes);
    registry_free(validator->registry);
    rule_settings_free(validator->rules);
    outputs_clear(&validator->outputs);
    arena_clear(&validator->arena);
    free(validator);
}

/** Restores the memory of new partitions. */
static bool on_assigned(void *ctx, const rd_kafka_topic_partition_list_t *committed, struct error *error)
{
    struct validator *validator = ctx;
    for (int i = 0; i < committed->cnt; i++) {
        const rd_kafka_topic_partition_t *entry = &committed->elems[i];
        const size_t known = partition_place(validator, entry->partition);
        if (known < validator->partition_count)
            drop_partition(validator, known);
        struct partition_memory *memory = partition_memory_new(entry->partition, validator->rules);
        validator->partitions =
            xrealloc(validator->partitions, (validator->partition_count + 1) * sizeof(struct partition_memory *));
        validator->partitions[validator->partition_count++] = memory;
        if (!restore_partition(memory, &validator->config->kafka, validator->outputs.topics[OUTPUT_STATE], validator->states,
                               entry->offset, error))
            return false;
        counters_restored(&validator->counters, memory->asset_count);
        log_info(STAGE, "state restored", F_INT("partition", entry->partition), F_INT("assets", memory->asset_count),
                 F_INT("committed_offset", entry->offset));
    }
    return true;
}

/** Forgets the memory of partitions that somebody else judges now. */
static void on_revoked(void *ctx, const rd_kafka_topic_partition_list_t *partitions)
{
    struct validator *validator = ctx;
    for (int i = 0; i < partitions->cnt; i++) {
        const size_t place = partition_place(validator, partitions->elems[i].partition);
        if (place < validator->partition_count)
            drop_partition(validator, place);
    }
}

/** Whether all texts of the quote are short enough to be carried on. */
static bool check_texts(const struct quote *quote, struct error *error)
{
    const size_t lengths[] = {quote->asset.len,    quote->source.len,     quote->symbol.len,
                              quote->currency.len, quote->request_id.len, quote->usd_rate_source.value.len};
    for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
        if (lengths[i] > TEXT_MAX)
            return error_cause(error, ERROR_INVALID, "too_large", "a text of the quote has %zu bytes; at most %d are judged",
                               lengths[i], TEXT_MAX);
    }
    return true;
}

/** Reads a quote. TRANSACTION_FAILED: it is none, `error` says why. */
static enum transaction_status read_quote(struct validator *validator, const rd_kafka_message_t *message, struct quote *quote,
                                          struct error *error)
{
    struct str body;
    const struct str value = {.ptr = message->payload, .len = message->len};
    switch (decoder_body(validator->quotes, value, &validator->arena, &body, error)) {
    case DECODE_WAIT:
        return TRANSACTION_WAIT;
    case DECODE_INVALID:
        return TRANSACTION_FAILED;
    case DECODE_OK:
        break;
    }
    const bool read = quote_decode(body, &validator->arena, quote, error) && check_texts(quote, error);
    return read ? TRANSACTION_DONE : TRANSACTION_FAILED;
}

/** Sends a record that is no quote to the dead letters. */
static bool bury(struct validator *validator, const rd_kafka_message_t *message, struct producer *producer,
                 const struct error *why, struct error *error)
{
    const struct dead_letter letter = {.stage = STAGE,
                                       .instance = validator->config->validate.instance,
                                       .connect_stage = "VALUE_CONVERTER",
                                       .cause = why->cause,
                                       .message = why->message};
    counters_dead_letter(why->cause);
    log_warn(STAGE, "a record became a dead letter", F_INT("partition", message->partition), F_INT("offset", message->offset),
             F_STR("cause", why->cause ? why->cause : ""), F_ERR(why));
    return dead_letter_send(producer, validator->outputs.dead_letters, message, &letter, error);
}

/**
 * The record time stamp of what is made from a quote: its fetched_at. Not later than that of the raw record, since a broker
 * refuses times far ahead, and not before 1 ms, since librdkafka takes 0 for "now".
 */
static int64_t output_timestamp_ms(const rd_kafka_message_t *message, const struct quote *quote)
{
    const int64_t fetched_ms = quote->fetched_at_us / US_PER_MS;
    const int64_t raw_ms = rd_kafka_message_timestamp(message, NULL);
    const int64_t capped_ms = raw_ms > 0 && fetched_ms > raw_ms ? raw_ms : fetched_ms;
    return capped_ms > 0 ? capped_ms : 1;
}

/** Judges one record and sends what comes of it. */
static enum transaction_status on_record(void *ctx, const rd_kafka_message_t *message, struct producer *producer,
                                         struct error *error)
{
    struct validator *validator = ctx;
    struct quote quote;
    struct judgement judgement;
    struct error why = {0};
    arena_reset(&validator->arena);
    const enum transaction_status status = read_quote(validator, message, &quote, &why);
    if (status == TRANSACTION_WAIT) {
        *error = why;
        return TRANSACTION_WAIT;
    }
    counters_record(&validator->counters);
    if (status == TRANSACTION_FAILED)
        return bury(validator, message, producer, &why, error) ? TRANSACTION_DONE : TRANSACTION_FAILED;
    const size_t place = partition_place(validator, message->partition);
    if (place == validator->partition_count) {
        (void)error_set(error, ERROR_RETRY, "a record of partition %d came, which is not assigned", (int)message->partition);
        return TRANSACTION_FAILED;
    }
    const struct raw_origin origin = {
        .partition = message->partition, .offset = message->offset, .timestamp_ms = output_timestamp_ms(message, &quote)};
    engine_judge(validator->partitions[place], &quote, &origin, &validator->arena, &judgement);
    counters_judged(&validator->counters, &judgement.clean);
    return outputs_send(&validator->outputs, producer, &judgement, &origin, error) ? TRANSACTION_DONE : TRANSACTION_FAILED;
}

/** Writes the state of each asset that changed since the last commit, once. */
static bool on_before_commit(void *ctx, struct producer *producer, struct error *error)
{
    struct validator *validator = ctx;
    const struct str version = rule_settings_version(validator->rules);
    for (size_t i = 0; i < validator->partition_count; i++) {
        struct partition_memory *memory = validator->partitions[i];
        struct asset_memory *asset;
        while ((asset = partition_take_changed(memory))) {
            arena_reset(&validator->arena);
            if (!outputs_send_state(&validator->outputs, producer, asset, memory->partition, version, &validator->arena, error))
                return false;
        }
    }
    return true;
}

/** What the transaction loop needs to know. */
static struct transaction_loop_options loop_options(const struct validator *validator)
{
    const struct validate_settings *settings = &validator->config->validate;
    return (struct transaction_loop_options){
        .name = STAGE,
        .consumer = {.client_id = validator->identity,
                     .group = validator->group,
                     .topics = &validator->input,
                     .topic_count = 1,
                     .session_timeout_ms = settings->session_timeout_ms},
        .producer = {.client_id = validator->identity,
                     .transactional_id = validator->identity,
                     .transaction_timeout_ms = settings->transaction_timeout_ms,
                     .linger_ms = LINGER_MS,
                     .max_queued_bytes = QUEUE_MAX_BYTES},
        .max_records = settings->transaction_max_records,
        .interval_ms = settings->transaction_interval_ms,
    };
}

bool validator_session(void *ctx, struct error *error)
{
    struct validator *validator = ctx;
    const struct transaction_stage stage = {
        .ctx = validator, .assigned = on_assigned, .revoked = on_revoked, .record = on_record, .before_commit = on_before_commit};
    const struct transaction_loop_options options = loop_options(validator);
    const bool ok = outputs_resolve(&validator->outputs, validator->registry, error) &&
                    transaction_loop_run(&validator->config->kafka, &options, &stage, error);
    while (validator->partition_count)
        drop_partition(validator, validator->partition_count - 1);
    return ok;
}
