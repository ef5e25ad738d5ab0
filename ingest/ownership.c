#include "ingest/ownership.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/service.h"
#include "bus/decoder.h"
#include "bus/fence.h"
#include "bus/kafka_conf.h"
#include "bus/reader.h"
#include "bus/registry.h"

#define COMPONENT "ingest.ledger"
#define TOPIC "ingest.ledger"
/** Longest wait for room in the producer's queue, and what it may hold. */
#define SEND_WAIT_MS 2000
#define QUEUE_BYTES_MAX ((int64_t)4 * 1024 * 1024)
/** Longest wait for the number of partitions. */
#define METADATA_TIMEOUT_MS 5000
#define POLL_MS 200
/** Own records that one turn takes back from the consumer at most. */
#define TURN_RECORDS 200

/** The latest record of a key while a partition is read. */
struct kept {
    char *key;
    struct buf value; /* empty: a tombstone */
};

/** All keys of the partitions that are read. */
struct keeping {
    struct kept *items;
    size_t count;
};

struct ownership {
    const struct config *config;
    struct registry *registry;
    const struct ownership_events *events;
    struct decoder *decoder;
    const char *topic;
    const char *group;
    const char *identity; /* transactional.id */
    int32_t schema_id;
    int32_t partition_count;
    struct consumer *consumer;
    struct producer *producer;
    struct consumer_events consumer_events;
    int64_t began_ms;     /* of the last commit that succeeded */
    int64_t beginning_ms; /* of the one under way */
    bool over;            /* nothing may be committed any more */
    struct buf value;
    struct metric *commits;
    struct metric *duration;
};

/** Finds the metrics. */
static void find_metrics(struct ownership *ownership)
{
    ownership->commits = metric_counter("quotebus_ingest_ledger_commits_total", "Transactions of the ledger.", NULL);
    ownership->duration = metric_histogram("quotebus_ingest_ledger_commit_seconds",
                                           "From the begin of a transaction of the ledger to "
                                           "its commit: a call waits for so long.",
                                           NULL, metric_latency_bounds, metric_latency_bound_count);
}

struct ownership *ownership_new(const struct config *config, const struct ownership_events *events, struct error *error)
{
    struct ownership *ownership = xcalloc(1, sizeof *ownership);
    ownership->config = config;
    ownership->events = events;
    ownership->topic = config_topic(config, TOPIC);
    ownership->group = config_topic(config, config->ingest.group);
    ownership->identity = arena_printf(config->memory, "%s.%s", ownership->group, config->ingest.instance);
    ownership->schema_id = -1;
    find_metrics(ownership);
    ownership->registry = registry_new(&config->registry, error);
    ownership->decoder = ownership->registry != NULL ? decoder_new(ownership->registry, ledger_entry_schema_json, error) : NULL;
    if (ownership->decoder == NULL) {
        ownership_free(ownership);
        return NULL;
    }
    return ownership;
}

void ownership_disconnect(struct ownership *ownership)
{
    ownership->over = true;
    /* Before the consumer: leaving the group wakes the next owner, who should not wait for an open transaction to time out. */
    producer_free(ownership->producer);
    ownership->producer = NULL;
    consumer_free(ownership->consumer);
    ownership->consumer = NULL;
}

void ownership_leave(struct ownership *ownership)
{
    consumer_free(ownership->consumer);
    ownership->consumer = NULL;
    ownership_disconnect(ownership);
}

void ownership_free(struct ownership *ownership)
{
    if (ownership == NULL) {
        return;
    }
    ownership_disconnect(ownership);
    decoder_free(ownership->decoder);
    registry_free(ownership->registry);
    buf_clear(&ownership->value);
    free(ownership);
}

/** The place of a key, made when there is none yet. */
static struct kept *keep_key(struct keeping *keeping, struct str key)
{
    for (size_t i = 0; i < keeping->count; i++) {
        if (str_is(key, keeping->items[i].key)) {
            return &keeping->items[i];
        }
    }
    keeping->items = xrealloc(keeping->items, (keeping->count + 1) * sizeof *keeping->items);
    struct kept *kept = &keeping->items[keeping->count++];
    *kept = (struct kept){.key = xcalloc(1, key.len + 1)};
    memcpy(kept->key, key.ptr, key.len);
    return kept;
}

/** Keeps the value of a record as the latest of its key. */
static void keep(struct keeping *keeping, const rd_kafka_message_t *message)
{
    if (message->key == NULL) {
        return;
    }
    struct kept *kept = keep_key(keeping, (struct str){.ptr = message->key, .len = message->key_len});
    buf_reset(&kept->value);
    buf_append(&kept->value, message->payload != NULL ? message->payload : "", message->payload != NULL ? message->len : 0);
}

/** Forgets all keys. */
static void keeping_clear(struct keeping *keeping)
{
    for (size_t i = 0; i < keeping->count; i++) {
        free(keeping->items[i].key);
        buf_clear(&keeping->items[i].value);
    }
    free(keeping->items);
}

/** Reads partitions to their end as it stands now. */
static bool read_partitions(const struct ownership *ownership, const int32_t *partitions, size_t count, struct keeping *keeping,
                            struct error *error)
{
    const struct reader_options options = {
        .topic = ownership->topic, .partitions = partitions, .partition_count = count, .start = READER_BEGINNING};
    struct reader *reader = reader_new(&ownership->config->kafka, &options, error);
    enum reader_result result = reader != NULL ? READER_IDLE : READER_FAILED;
    while (result == READER_IDLE || result == READER_RECORD) {
        rd_kafka_message_t *message = NULL;
        service_heartbeat();
        result = reader_next(reader, POLL_MS, &message, error);
        if (result == READER_RECORD) {
            keep(keeping, message);
            rd_kafka_message_destroy(message);
        } else if (result == READER_IDLE && service_stopping()) {
            error_set(error, ERROR_RETRY, "a stop was asked for while the ledger was read");
            result = READER_FAILED;
        }
    }
    reader_free(reader);
    return result == READER_DONE;
}

/** Tells the owner the records that were kept. One that cannot be read is an error: going on would forget what was called. */
static bool tell_restored(const struct ownership *ownership, const struct keeping *keeping, struct error *error)
{
    struct arena arena = {0};
    bool fine = true;
    for (size_t i = 0; fine && i < keeping->count; i++) {
        struct ledger_entry entry;
        struct str body;
        if (keeping->items[i].value.len == 0) {
            continue;
        }
        arena_reset(&arena);
        fine = decoder_body(ownership->decoder, buf_str(&keeping->items[i].value), &arena, &body, error) == DECODE_OK &&
               ledger_entry_decode(body, &arena, &entry, error);
        if (fine) {
            ownership->events->restored(ownership->events->ctx, &entry);
        } else {
            error_prefix(error, "the record of %.80s in %.120s", keeping->items[i].key, ownership->topic);
        }
    }
    arena_clear(&arena);
    return fine;
}

/** The numbers of a list of partitions; freed by the caller. */
static int32_t *numbers_of(const rd_kafka_topic_partition_list_t *partitions)
{
    int32_t *numbers = xcalloc((size_t)partitions->cnt + 1, sizeof *numbers);
    for (int i = 0; i < partitions->cnt; i++) {
        numbers[i] = partitions->elems[i].partition;
    }
    return numbers;
}

/** New partitions: reads them, tells the owner, and lets the consumer begin behind what was read. */
static bool on_assigned(void *ctx, rd_kafka_topic_partition_list_t *partitions, struct error *error)
{
    struct ownership *ownership = ctx;
    struct keeping keeping = {0};
    int64_t began_ms = clock_mono_ms();
    if (ownership->over || partitions->cnt == 0) {
        return true;
    }
    int32_t *numbers = numbers_of(partitions);
    bool fine = read_partitions(ownership, numbers, (size_t)partitions->cnt, &keeping, error) &&
                tell_restored(ownership, &keeping, error);
    for (int i = 0; fine && i < partitions->cnt; i++) {
        partitions->elems[i].offset = RD_KAFKA_OFFSET_END;
        ownership->events->gained(ownership->events->ctx, numbers[i]);
    }
    if (fine) {
        log_info(COMPONENT, "partitions of the ledger were taken over", F_INT("partitions", partitions->cnt),
                 F_INT("records", keeping.count), F_INT("took_ms", clock_mono_ms() - began_ms));
    }
    keeping_clear(&keeping);
    free(numbers);
    return fine;
}

/** Partitions go: the owner writes what it knows while they are ours. */
static bool on_revoked(void *ctx, const rd_kafka_topic_partition_list_t *partitions, bool lost, struct error *error)
{
    struct ownership *ownership = ctx;
    bool gone = lost || ownership->over;
    int32_t *numbers = numbers_of(partitions);
    bool fine = ownership->events->leaving(ownership->events->ctx, numbers, (size_t)partitions->cnt, gone, error);
    free(numbers);
    if (fine && lost && !ownership->over) {
        fine = error_set(error, ERROR_FENCED, "the providers were given to another instance");
    }
    ownership->over = ownership->over || !fine;
    return fine;
}

/** Looks up the id of the ledger's schema, once. */
static bool find_schema(struct ownership *ownership, struct error *error)
{
    char subject[300];
    if (ownership->schema_id >= 0) {
        return true;
    }
    snprintf(subject, sizeof subject, "%s-value", ownership->topic);
    enum registry_status status =
        registry_lookup(ownership->registry, subject, ledger_entry_schema_json, &ownership->schema_id, error);
    if (status == REGISTRY_UNKNOWN) {
        return error_set(error, ERROR_NOT_FOUND, "the registry has no such schema under %s: run `quotebus topics apply`",
                         subject);
    }
    return status == REGISTRY_OK || error_prefix(error, "cannot look up the schema of %s", ownership->topic);
}

/** Asks how many partitions the ledger has. */
static bool find_partition_count(struct ownership *ownership, struct error *error)
{
    const rd_kafka_metadata_t *metadata = NULL;
    rd_kafka_t *handle = producer_handle(ownership->producer);
    rd_kafka_topic_t *topic = rd_kafka_topic_new(handle, ownership->topic, NULL);
    rd_kafka_resp_err_t code = rd_kafka_metadata(handle, 0, topic, &metadata, METADATA_TIMEOUT_MS);
    rd_kafka_topic_destroy(topic);
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR) {
        return kafka_error_set(error, code, "asking for the partitions of %s", ownership->topic);
    }
    bool found = metadata->topic_cnt == 1 && metadata->topics[0].err == RD_KAFKA_RESP_ERR_NO_ERROR;
    ownership->partition_count = found ? metadata->topics[0].partition_cnt : 0;
    rd_kafka_metadata_destroy(metadata);
    return ownership->partition_count > 0 ||
           error_set(error, ERROR_NOT_FOUND, "there is no topic %s: run `quotebus topics apply`", ownership->topic);
}

/** Makes the producer, instead of the one that there was; ends what that left open. */
static bool make_producer(struct ownership *ownership, struct error *error)
{
    const struct producer_options options = {.client_id = ownership->identity,
                                             .transactional_id = ownership->identity,
                                             .transaction_timeout_ms = ownership->config->ingest.transaction_timeout_ms,
                                             .linger_ms = 0,
                                             .max_queued_bytes = QUEUE_BYTES_MAX};
    producer_free(ownership->producer);
    ownership->producer = producer_new(&ownership->config->kafka, &options, error);
    return ownership->producer != NULL;
}

/** Makes both clients. */
static bool make_clients(struct ownership *ownership, struct error *error)
{
    const struct consumer_options consumer = {.client_id = ownership->identity,
                                              .group = ownership->group,
                                              .topics = &ownership->topic,
                                              .topic_count = 1,
                                              .session_timeout_ms = ownership->config->ingest.session_timeout_ms,
                                              .events = &ownership->consumer_events};
    if (!make_producer(ownership, error) || !find_partition_count(ownership, error)) {
        return false;
    }
    ownership->consumer = consumer_new(&ownership->config->kafka, &consumer, error);
    return ownership->consumer != NULL;
}

bool ownership_connect(struct ownership *ownership, struct error *error)
{
    ownership_disconnect(ownership);
    ownership->consumer_events = (struct consumer_events){.ctx = ownership, .assigned = on_assigned, .revoked = on_revoked};
    ownership->over = false;
    ownership->began_ms = 0;
    if (find_schema(ownership, error) && make_clients(ownership, error)) {
        return true;
    }
    ownership_disconnect(ownership);
    return false;
}

bool ownership_turn(struct ownership *ownership, struct error *error)
{
    enum consumer_result result = CONSUMER_RECORD;
    for (int i = 0; i < TURN_RECORDS && result == CONSUMER_RECORD; i++) {
        rd_kafka_message_t *own = NULL;
        result = consumer_poll(ownership->consumer, 0, &own, error);
        if (result == CONSUMER_RECORD) {
            rd_kafka_message_destroy(own);
        }
    }
    return result != CONSUMER_FAILED && producer_poll(ownership->producer, error);
}

bool ownership_ready(const struct ownership *ownership, char *reason, size_t reason_size)
{
    bool connected = consumer_connected(ownership->consumer);
    bool assigned = consumer_assigned_count(ownership->consumer) > 0;
    if (!connected || !assigned) {
        snprintf(reason, reason_size, "%s", connected ? "waiting for a share of the providers" : "no broker answers");
    }
    return connected && assigned;
}

int32_t ownership_partition(const struct ownership *ownership, const char *lane)
{
    return partition_of_key(str_from(lane), ownership->partition_count);
}

bool ownership_begin(struct ownership *ownership, struct error *error)
{
    ownership->beginning_ms = clock_mono_ms();
    if (!producer_begin(ownership->producer, error)) {
        return false;
    }
    failpoint("ingest.after_begin");
    return true;
}

bool ownership_put(struct ownership *ownership, const struct ledger_entry *entry, struct error *error)
{
    buf_reset(&ownership->value);
    wire_put_header(&ownership->value, ownership->schema_id);
    ledger_entry_encode(entry, &ownership->value);
    const struct outgoing record = {
        .topic = ownership->topic,
        .partition = partition_of_key(entry->lane, ownership->partition_count),
        .key = entry->lane,
        .value = buf_str(&ownership->value),
        .timestamp_ms = entry->at_us / US_PER_MS,
    };
    if (!producer_send(ownership->producer, &record, SEND_WAIT_MS, error)) {
        return error_prefix(error, "cannot record a call in %s", ownership->topic);
    }
    failpoint("ingest.after_record");
    return true;
}

/** Puts the group's offsets into the transaction, so that the broker refuses it when the group goes on without us. */
static bool send_offsets(struct ownership *ownership, struct error *error)
{
    rd_kafka_topic_partition_list_t *offsets = consumer_positions(ownership->consumer);
    bool sent = offsets->cnt > 0 ? fence_send_offsets(ownership->consumer, ownership->producer, offsets, error)
                                 : error_set(error, ERROR_FENCED, "no partition of the ledger is ours");
    rd_kafka_topic_partition_list_destroy(offsets);
    return sent;
}

/**
 * Whether the broker refused offsets only since a new generation of the group begins: the members of the old one have to hear of
 * it first. One that was thrown out is told something else (UNKNOWN_MEMBER_ID).
 */
static bool is_rebalance(const struct error *error)
{
    return error->cause != NULL &&
           (strcmp(error->cause, "REBALANCE_IN_PROGRESS") == 0 || strcmp(error->cause, "ILLEGAL_GENERATION") == 0);
}

enum commit_result ownership_commit(struct ownership *ownership, struct error *error)
{
    if (!send_offsets(ownership, error)) {
        if (!is_rebalance(error)) {
            return COMMIT_FAILED;
        }
        log_debug(COMPONENT, "a record has to wait until the group is shared out anew", F_STR("cause", error->cause));
        error_clear(error);
        return make_producer(ownership, error) ? COMMIT_LATER : COMMIT_FAILED;
    }
    failpoint("ingest.after_offsets");
    failpoint("ingest.before_commit");
    if (!producer_commit(ownership->producer, error)) {
        return COMMIT_FAILED;
    }
    failpoint("ingest.after_commit");
    ownership->began_ms = ownership->beginning_ms;
    metric_add(ownership->commits, 1);
    metric_observe(ownership->duration, (double)(clock_mono_ms() - ownership->began_ms) / 1000.0);
    return COMMIT_DONE;
}

bool ownership_is_fresh(const struct ownership *ownership, int64_t now_ms)
{
    return now_ms - ownership->began_ms < ownership->config->ingest.session_timeout_ms / 2;
}
