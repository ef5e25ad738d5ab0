#include "validate/validator.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/service.h"
#include "bus/dead_letter.h"
#include "bus/decoder.h"
#include "bus/registry.h"
#include "bus/transaction_loop.h"
#include "validate/counters.h"
#include "validate/judging.h"
#include "validate/raw_quote.h"
#include "validate/restore.h"
#include "validate/rule_book.h"
#include "validate/streams/beside.h"

#define STAGE "validate"
/** Longest wait for room in the producer's queue. */
#define SEND_WAIT_MS 5000
/** Records leave the queue together after that long, and what the queue may hold. */
#define LINGER_MS 2
#define QUEUE_MAX_BYTES ((int64_t)4 * 1024 * 1024)

struct validator {
    const struct config *config;
    struct rule_book rules;
    bool rules_announced; /* in this session */
    struct registry *registry;
    struct decoder *quotes;
    struct decoder *states;
    struct outputs outputs;
    struct partition_memory **partitions; /* assigned ones */
    size_t partition_count;
    struct beside *beside;                     /* what is read beside quotes */
    const char *topics[1 + BESIDE_TOPICS_MAX]; /* full names of the raw topics; quotes first */
    size_t topic_count;
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

const char *validator_group(const struct config *config)
{
    return group_name(config, NULL);
}

struct validator *validator_new(const struct config *config, struct error *error)
{
    struct validator *validator = xcalloc(1, sizeof(*validator));
    validator->config = config;
    validator->topics[0] = config_topic(config, RAW_TOPIC);
    validator->group = validator_group(config);
    validator->identity = group_name(config, config->validate.instance);
    outputs_init(&validator->outputs, config);
    counters_init(&validator->counters);
    const bool loaded = rule_book_load(&validator->rules, config->validate.rules_file, error);
    validator->registry = loaded ? registry_new(&config->registry, error) : NULL;
    validator->quotes = validator->registry ? decoder_new(validator->registry, quote_schema_json, error) : NULL;
    validator->states = validator->quotes ? decoder_new(validator->registry, asset_state_schema_json, error) : NULL;
    validator->beside =
        validator->states ? beside_new(config, validator->registry, &validator->outputs, &validator->rules, error) : NULL;
    if (!validator->beside) {
        validator_free(validator);
        return NULL;
    }
    validator->topic_count = 1 + beside_topics(validator->beside, &validator->topics[1]);
    counters_rules(&validator->counters, rule_settings_version(validator->rules.settings));
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
    beside_free(validator->beside);
    decoder_free(validator->states);
    decoder_free(validator->quotes);
    registry_free(validator->registry);
    rule_book_clear(&validator->rules);
    outputs_clear(&validator->outputs);
    arena_clear(&validator->arena);
    free(validator);
}

/** Whether a topic is that of the quotes. */
static bool is_quotes(const struct validator *validator, const char *topic)
{
    return strcmp(topic, validator->topics[0]) == 0;
}

/** Restores the memory of a new partition of the quotes. */
static bool restore_quotes(struct validator *validator, int32_t partition, int64_t committed_offset, struct error *error)
{
    const struct changelog changelog = {.kafka = &validator->config->kafka,
                                        .topic = validator->outputs.topics[OUTPUT_STATE],
                                        .decoder = validator->states,
                                        .committed_offset = committed_offset};
    const size_t known = partition_place(validator, partition);
    if (known < validator->partition_count)
        drop_partition(validator, known);
    struct partition_memory *memory = partition_memory_new(partition, validator->rules.settings);
    validator->partitions = xrealloc(validator->partitions, (validator->partition_count + 1) * sizeof(struct partition_memory *));
    validator->partitions[validator->partition_count++] = memory;
    const int64_t began_ms = clock_mono_ms();
    if (!restore_partition(memory, &changelog, error))
        return false;
    counters_restored(&validator->counters, memory->asset_count, clock_mono_ms() - began_ms);
    log_info(STAGE, "state restored", F_INT("partition", partition), F_INT("assets", memory->asset_count),
             F_INT("committed_offset", committed_offset));
    return true;
}

/** Restores the memory of new partitions. */
static bool on_assigned(void *ctx, const rd_kafka_topic_partition_list_t *committed, struct error *error)
{
    struct validator *validator = ctx;
    bool ok = true;
    for (int i = 0; ok && i < committed->cnt; i++) {
        const rd_kafka_topic_partition_t *entry = &committed->elems[i];
        ok = is_quotes(validator, entry->topic)
                 ? restore_quotes(validator, entry->partition, entry->offset, error)
                 : beside_assigned(validator->beside, entry->topic, entry->partition, entry->offset, error);
    }
    return ok;
}

/** Forgets the memory of partitions that somebody else judges now. */
static void on_revoked(void *ctx, const rd_kafka_topic_partition_list_t *partitions)
{
    struct validator *validator = ctx;
    for (int i = 0; i < partitions->cnt; i++) {
        const rd_kafka_topic_partition_t *entry = &partitions->elems[i];
        if (!is_quotes(validator, entry->topic)) {
            beside_revoked(validator->beside, entry->topic, entry->partition);
            continue;
        }
        const size_t place = partition_place(validator, entry->partition);
        if (place < validator->partition_count)
            drop_partition(validator, place);
    }
}

/** Sends a record that cannot be judged to the dead letters. */
static bool bury(struct validator *validator, const rd_kafka_message_t *message, struct producer *producer,
                 const struct error *why, struct error *error)
{
    const char *topic = rd_kafka_topic_name(message->rkt);
    const char *dead_letters =
        is_quotes(validator, topic) ? validator->outputs.dead_letters : beside_dead_letters(validator->beside, topic);
    const struct dead_letter letter = {.stage = STAGE,
                                       .instance = validator->config->validate.instance,
                                       .connect_stage = "VALUE_CONVERTER",
                                       .cause = why->cause,
                                       .message = why->message};
    counters_dead_letter(why->cause);
    log_warn(STAGE, "a record became a dead letter", F_STR("topic", topic), F_INT("partition", message->partition),
             F_INT("offset", message->offset), F_STR("cause", why->cause ? why->cause : ""), F_ERR(why));
    return dead_letter_send(producer, dead_letters, message, &letter, error);
}

/** The sink of the records: sends them within the open transaction. */
static bool send_record(void *ctx, const struct output_record *record, struct error *error)
{
    const struct outgoing outgoing = {.topic = record->topic,
                                      .partition = record->partition < 0 ? PARTITION_BY_KEY : record->partition,
                                      .key = record->key,
                                      .value = record->value,
                                      .timestamp_ms = record->timestamp_ms};
    return producer_send(ctx, &outgoing, SEND_WAIT_MS, error);
}

/** Puts the rule file on its topic before the first record that the session judges by it. */
static bool announce_rules(struct validator *validator, const struct raw_origin *origin, const struct output_sink *sink,
                           struct error *error)
{
    if (validator->rules_announced)
        return true;
    const struct rule_file file = {.version = rule_settings_version(validator->rules.settings),
                                   .content = buf_str(&validator->rules.content),
                                   .since_us = origin->timestamp_ms * US_PER_MS};
    validator->rules_announced = outputs_put_rules(&validator->outputs, sink, &file, error);
    return validator->rules_announced;
}

/** Judges a quote and sends what comes of it. */
static bool judge(struct validator *validator, const struct quote *quote, const struct raw_origin *origin,
                  struct producer *producer, struct error *error)
{
    struct judgement judgement;
    const struct output_sink sink = {.put = send_record, .ctx = producer};
    const size_t place = partition_place(validator, origin->partition);
    if (place == validator->partition_count)
        return error_set(error, ERROR_RETRY, "a record of partition %d came, which is not assigned", (int)origin->partition);
    if (!announce_rules(validator, origin, &sink, error) ||
        !judging_take(validator->partitions[place], quote, origin, &validator->arena, &validator->outputs, &sink, &judgement,
                      error))
        return false;
    counters_judged(&validator->counters, &judgement.clean);
    return true;
}

/** Processes one record of another topic than that of the quotes. */
static enum transaction_status take_beside(struct validator *validator, const rd_kafka_message_t *message,
                                           struct producer *producer, struct error *error)
{
    const struct output_sink sink = {.put = send_record, .ctx = producer};
    const struct raw_origin origin = raw_origin_of(message, rd_kafka_message_timestamp(message, NULL) * US_PER_MS);
    struct error why = {0};
    if (!announce_rules(validator, &origin, &sink, error))
        return TRANSACTION_FAILED;
    switch (beside_record(validator->beside, message, &sink, &why)) {
    case BESIDE_DONE:
        return TRANSACTION_DONE;
    case BESIDE_BURY:
        return bury(validator, message, producer, &why, error) ? TRANSACTION_DONE : TRANSACTION_FAILED;
    case BESIDE_WAIT:
        *error = why;
        return TRANSACTION_WAIT;
    case BESIDE_FAILED:
        break;
    }
    *error = why;
    return TRANSACTION_FAILED;
}

/** Processes one record: a quote is judged, anything else becomes a dead letter. */
static enum transaction_status on_record(void *ctx, const rd_kafka_message_t *message, struct producer *producer,
                                         struct error *error)
{
    struct validator *validator = ctx;
    struct quote quote;
    struct raw_origin origin;
    struct error why = {0};
    if (!is_quotes(validator, rd_kafka_topic_name(message->rkt)))
        return take_beside(validator, message, producer, error);
    arena_reset(&validator->arena);
    const enum decode_status status = raw_quote_read(validator->quotes, message, &validator->arena, &quote, &origin, &why);
    if (status == DECODE_WAIT) {
        *error = why;
        return TRANSACTION_WAIT;
    }
    counters_record(&validator->counters);
    const bool done = status == DECODE_OK ? judge(validator, &quote, &origin, producer, error)
                                          : bury(validator, message, producer, &why, error);
    return done ? TRANSACTION_DONE : TRANSACTION_FAILED;
}

/**
 * Reads the rule file again when that was asked for. What is remembered stays, and the next record is judged by the new rules; a
 * file with an error changes nothing.
 */
static void on_between(void *ctx)
{
    struct validator *validator = ctx;
    struct rule_book book;
    struct error error = {0};
    if (!service_take_reload())
        return;
    if (!rule_book_load(&book, validator->config->validate.rules_file, &error)) {
        counters_reload_failed(&validator->counters);
        log_error(STAGE, "the rule file was not taken; the rules stay as they were", F_ERR(&error),
                  F_SLICE("rules_version", rule_settings_version(validator->rules.settings)));
        return;
    }
    for (size_t i = 0; i < validator->partition_count; i++)
        partition_memory_use(validator->partitions[i], book.settings);
    rule_book_clear(&validator->rules);
    validator->rules = book;
    validator->rules_announced = false;
    counters_rules(&validator->counters, rule_settings_version(book.settings));
    log_info(STAGE, "judging by the rule file as it is now", F_SLICE("rules_version", rule_settings_version(book.settings)));
}

/** Writes the state and the latest price of each asset that changed since the last commit, once. */
static bool on_before_commit(void *ctx, struct producer *producer, struct error *error)
{
    struct validator *validator = ctx;
    const struct output_sink sink = {.put = send_record, .ctx = producer};
    const struct str version = rule_settings_version(validator->rules.settings);
    for (size_t i = 0; i < validator->partition_count; i++) {
        struct partition_memory *memory = validator->partitions[i];
        struct asset_memory *asset;
        while ((asset = partition_take_changed(memory))) {
            arena_reset(&validator->arena);
            if (!outputs_put_latest(&validator->outputs, &sink, asset, memory->partition, error) ||
                !outputs_put_state(&validator->outputs, &sink, asset, memory->partition, version, &validator->arena, error))
                return false;
        }
    }
    return beside_put_state(validator->beside, &sink, error);
}

/** What the transaction loop needs to know. */
static struct transaction_loop_options loop_options(const struct validator *validator)
{
    const struct validate_settings *settings = &validator->config->validate;
    return (struct transaction_loop_options){
        .name = STAGE,
        .consumer = {.client_id = validator->identity,
                     .group = validator->group,
                     .topics = validator->topics,
                     .topic_count = validator->topic_count,
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
    const struct transaction_stage stage = {.ctx = validator,
                                            .assigned = on_assigned,
                                            .revoked = on_revoked,
                                            .record = on_record,
                                            .between = on_between,
                                            .before_commit = on_before_commit};
    validator->rules_announced = false;
    const struct transaction_loop_options options = loop_options(validator);
    const bool ok = outputs_resolve(&validator->outputs, validator->registry, error) &&
                    transaction_loop_run(&validator->config->kafka, &options, &stage, error);
    while (validator->partition_count)
        drop_partition(validator, validator->partition_count - 1);
    beside_forget(validator->beside);
    return ok;
}
