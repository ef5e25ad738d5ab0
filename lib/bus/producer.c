#include "bus/producer.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/service.h"
#include "bus/kafka_conf.h"

#define COMPONENT "kafka.producer"
/** Longest wait for init_transactions, and the pieces it is cut into so that heartbeats and stops come through. */
#define INIT_TIMEOUT_MS 30000
#define INIT_STEP_MS 500
/** What kafka_conf sets; librdkafka wants it within the transaction timeout. */
#define SOCKET_TIMEOUT_MS 10000
/** Longest wait for the end of a transaction that is given up. */
#define ABORT_TIMEOUT_MS 1000
/** Longest sleep while the queue is full. */
#define FULL_STEP_MS 50
#define FLUSH_STEP_MS 1
/** Topics whose metadata is fetched at the first record, and the longest wait for it. */
#define TOPICS_MAX 32
#define METADATA_TIMEOUT_MS 1000

struct producer {
    rd_kafka_t *rk;
    bool transactional;
    int transaction_timeout_ms;
    uint64_t sent;   /* queued since it was made */
    uint64_t done;   /* answered for, delivered or not */
    uint64_t failed; /* not delivered */
    rd_kafka_resp_err_t last_failure;
    rd_kafka_topic_t *topics[TOPICS_MAX]; /* that were sent to */
    size_t topic_count;
};

/** Counts what became of a record. */
static void on_delivery(rd_kafka_t *rk, const rd_kafka_message_t *message, void *opaque)
{
    static _Atomic int64_t next_ms;
    struct producer *producer = opaque;
    struct delivery *delivery = message->_private;
    (void)rk;
    producer->done++;
    if (delivery) {
        delivery->waiting--;
        delivery->failed += message->err ? 1 : 0;
    }
    if (!message->err)
        return;
    producer->failed++;
    producer->last_failure = message->err;
    if (kafka_log_due(&next_ms))
        log_warn(COMPONENT, "a record was not delivered", F_STR("topic", rd_kafka_topic_name(message->rkt)),
                 F_INT("partition", message->partition), F_STR("cause", rd_kafka_err2name(message->err)),
                 F_INT("failed_since_start", producer->failed));
}

int32_t partition_of_key(struct str key, int32_t partitions)
{
    return rd_kafka_msg_partitioner_murmur2(NULL, key.ptr, key.len, partitions, NULL, NULL);
}

/** The settings of one producer on top of the common ones. */
static rd_kafka_conf_t *make_conf(const struct kafka_settings *settings, const struct producer_options *options,
                                  struct error *error)
{
    char linger[24];
    char queued_kbytes[24];
    char record_max[24];
    char transaction_timeout[24];
    char message_timeout[24];
    const bool transactional = options->transactional_id != NULL;
    const int64_t kbytes = options->max_queued_bytes / 1024;
    snprintf(linger, sizeof(linger), "%lld", (long long)options->linger_ms);
    snprintf(queued_kbytes, sizeof(queued_kbytes), "%lld", (long long)(kbytes > 0 ? kbytes : 1));
    snprintf(record_max, sizeof(record_max), "%d", KAFKA_RECORD_MAX_BYTES);
    snprintf(transaction_timeout, sizeof(transaction_timeout), "%lld", (long long)options->transaction_timeout_ms);
    snprintf(message_timeout, sizeof(message_timeout), "%lld",
             transactional ? (long long)options->transaction_timeout_ms * 3 / 4 : 0LL);
    const struct kafka_property properties[] = {
        {"enable.idempotence", "true"},
        {"acks", "all"},
        {"partitioner", "murmur2_random"},
        {"compression.type", "lz4"},
        {"linger.ms", linger},
        {"message.max.bytes", record_max},
        {"queue.buffering.max.kbytes", queued_kbytes},
        {"queue.buffering.max.messages", "50000"},
        {"message.timeout.ms", message_timeout},
        /* Records for a topic that is not there yet wait for it: transactions by their own timeout, others up to an hour. */
        {"topic.metadata.propagation.max.ms", transactional ? "10000" : "3600000"},
        /* The list ends here without a transactional id. */
        {transactional ? "transaction.timeout.ms" : NULL, transaction_timeout},
        /* The commit says that all was delivered: what is not told need not be kept until somebody asks. */
        {"delivery.report.only.error", "true"},
        {"transactional.id", options->transactional_id},
        {options->transaction_timeout_ms < SOCKET_TIMEOUT_MS ? "socket.timeout.ms" : NULL, transaction_timeout},
        {NULL, NULL},
    };
    rd_kafka_conf_t *conf = kafka_conf_new(settings, options->client_id, properties, error);
    if (conf)
        rd_kafka_conf_set_dr_msg_cb(conf, on_delivery);
    return conf;
}

/** Takes a librdkafka error over; true when there is none. An error of a fenced producer is ERROR_FENCED whatever its code. */
static bool succeeded(struct producer *producer, rd_kafka_error_t *problem, const char *what, struct error *error)
{
    if (!problem)
        return true;
    const rd_kafka_resp_err_t err = rd_kafka_error_code(problem);
    enum error_code code = kafka_error_code(err);
    if (rd_kafka_fatal_error(producer->rk, NULL, 0) && code != ERROR_FENCED)
        code = kafka_error_code(rd_kafka_fatal_error(producer->rk, NULL, 0)) == ERROR_FENCED ? ERROR_FENCED : ERROR_RETRY;
    error_cause(error, code, rd_kafka_err2name(err), "%s: %s", what, rd_kafka_error_string(problem));
    rd_kafka_error_destroy(problem);
    return false;
}

/** Waits for the transaction coordinator in steps. */
static bool init_transactions(struct producer *producer, struct error *error)
{
    const int64_t deadline_ms = clock_mono_ms() + INIT_TIMEOUT_MS;
    for (;;) {
        service_heartbeat();
        rd_kafka_error_t *problem = rd_kafka_init_transactions(producer->rk, INIT_STEP_MS);
        if (!problem || !rd_kafka_error_is_retriable(problem) || clock_mono_ms() >= deadline_ms || service_stopping())
            return succeeded(producer, problem, "becoming a transactional producer", error);
        rd_kafka_error_destroy(problem);
    }
}

struct producer *producer_new(const struct kafka_settings *settings, const struct producer_options *options, struct error *error)
{
    rd_kafka_conf_t *conf = make_conf(settings, options, error);
    if (!conf)
        return NULL;
    struct producer *producer = xcalloc(1, sizeof(*producer));
    producer->transactional = options->transactional_id != NULL;
    producer->transaction_timeout_ms = (int)options->transaction_timeout_ms;
    rd_kafka_conf_set_opaque(conf, producer);
    producer->rk = kafka_client_new(RD_KAFKA_PRODUCER, conf, error);
    if (!producer->rk || (producer->transactional && !init_transactions(producer, error))) {
        producer_free(producer);
        return NULL;
    }
    return producer;
}

/**
 * Ends the transaction that is open, if one is: readers of what it holds back need not wait for it to time out. It also takes
 * back partitions that are not registered with it yet: librdkafka 2.0.2 ends the process by an assertion when it is destroyed
 * while it registers some.
 */
static void abandon_transaction(const struct producer *producer)
{
    rd_kafka_error_t *problem = rd_kafka_abort_transaction(producer->rk, ABORT_TIMEOUT_MS);
    if (problem)
        rd_kafka_error_destroy(problem);
}

void producer_free(struct producer *producer)
{
    if (!producer)
        return;
    for (size_t i = 0; i < producer->topic_count; i++)
        rd_kafka_topic_destroy(producer->topics[i]);
    if (producer->rk) {
        if (producer->transactional)
            abandon_transaction(producer);
        rd_kafka_purge(producer->rk, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT | RD_KAFKA_PURGE_F_NON_BLOCKING);
        rd_kafka_destroy(producer->rk);
    }
    free(producer);
}

/** False when the producer cannot go on. */
static bool is_usable(struct producer *producer, struct error *error)
{
    char text[256];
    const rd_kafka_resp_err_t fatal = rd_kafka_fatal_error(producer->rk, text, sizeof(text));
    if (fatal)
        return error_cause(error, kafka_error_code(fatal) == ERROR_FENCED ? ERROR_FENCED : ERROR_RETRY, rd_kafka_err2name(fatal),
                           "the producer has failed for good: %s", text);
    if (producer->transactional && producer->failed)
        return error_cause(error, ERROR_RETRY, rd_kafka_err2name(producer->last_failure),
                           "%llu records of the transaction were not delivered: %s", (unsigned long long)producer->failed,
                           rd_kafka_err2str(producer->last_failure));
    return true;
}

/**
 * The handle of a topic, NULL when there are too many. At the first record its metadata is fetched: librdkafka itself would ask
 * for it up to a second later, which would be the latency of every first transaction.
 */
static rd_kafka_topic_t *meet_topic(struct producer *producer, const char *name)
{
    const rd_kafka_metadata_t *metadata;
    for (size_t i = 0; i < producer->topic_count; i++) {
        if (strcmp(rd_kafka_topic_name(producer->topics[i]), name) == 0)
            return producer->topics[i];
    }
    rd_kafka_topic_t *topic = producer->topic_count < TOPICS_MAX ? rd_kafka_topic_new(producer->rk, name, NULL) : NULL;
    if (!topic)
        return NULL;
    producer->topics[producer->topic_count++] = topic;
    if (!rd_kafka_metadata(producer->rk, 0, topic, &metadata, METADATA_TIMEOUT_MS))
        rd_kafka_metadata_destroy(metadata);
    return topic;
}

/** One attempt to queue, by the topic's handle or, without one, its name. The headers stay the caller's on failure. */
static rd_kafka_resp_err_t enqueue(struct producer *producer, rd_kafka_topic_t *topic, const struct outgoing *record)
{
    /* Headers go as one list: librdkafka 2.0.2 frees those given one by one twice when the partition does not exist. */
    const rd_kafka_vu_t by_handle = {.vtype = RD_KAFKA_VTYPE_RKT, .u.rkt = topic};
    const rd_kafka_vu_t by_name = {.vtype = RD_KAFKA_VTYPE_TOPIC, .u.cstr = record->topic};
    const rd_kafka_vu_t parts[] = {
        topic ? by_handle : by_name,
        {.vtype = RD_KAFKA_VTYPE_PARTITION, .u.i32 = record->partition},
        {.vtype = RD_KAFKA_VTYPE_MSGFLAGS, .u.i = RD_KAFKA_MSG_F_COPY},
        {.vtype = RD_KAFKA_VTYPE_TIMESTAMP, .u.i64 = record->timestamp_ms},
        {.vtype = RD_KAFKA_VTYPE_OPAQUE, .u.ptr = record->delivery},
        {.vtype = RD_KAFKA_VTYPE_KEY, .u.mem = {.ptr = (void *)record->key.ptr, .size = record->key.len}},
        {.vtype = RD_KAFKA_VTYPE_VALUE,
         .u.mem = {.ptr = record->tombstone ? NULL : (void *)(record->value.ptr ? record->value.ptr : ""),
                   .size = record->tombstone ? 0 : record->value.len}},
        {.vtype = RD_KAFKA_VTYPE_HEADERS, .u.headers = record->headers},
    };
    const size_t count = sizeof(parts) / sizeof(parts[0]) - (record->headers ? 0 : 1);
    rd_kafka_error_t *problem = rd_kafka_produceva(producer->rk, parts, count);
    const rd_kafka_resp_err_t err = problem ? rd_kafka_error_code(problem) : RD_KAFKA_RESP_ERR_NO_ERROR;
    if (problem)
        rd_kafka_error_destroy(problem);
    return err;
}

/** Serves delivery callbacks until there is room for the record, for `wait_ms` at the most. */
static rd_kafka_resp_err_t enqueue_later(struct producer *producer, rd_kafka_topic_t *topic, const struct outgoing *record,
                                         int64_t wait_ms, struct error *error)
{
    const int64_t deadline_ms = clock_mono_ms() + wait_ms;
    rd_kafka_resp_err_t err = RD_KAFKA_RESP_ERR__QUEUE_FULL;
    while (err == RD_KAFKA_RESP_ERR__QUEUE_FULL && is_usable(producer, error)) {
        const int64_t left_ms = deadline_ms - clock_mono_ms();
        if (left_ms <= 0)
            break;
        rd_kafka_poll(producer->rk, (int)(left_ms < FULL_STEP_MS ? left_ms : FULL_STEP_MS));
        err = enqueue(producer, topic, record);
    }
    return err;
}

bool producer_send(struct producer *producer, const struct outgoing *record, int64_t wait_ms, struct error *error)
{
    rd_kafka_topic_t *topic = meet_topic(producer, record->topic);
    rd_kafka_resp_err_t err = enqueue(producer, topic, record);
    if (err == RD_KAFKA_RESP_ERR__QUEUE_FULL)
        err = enqueue_later(producer, topic, record, wait_ms, error);
    if (!err) {
        producer->sent++;
        if (record->delivery)
            record->delivery->waiting++;
        return true;
    }
    if (record->headers)
        rd_kafka_headers_destroy(record->headers);
    return is_usable(producer, error) && kafka_error_set(error, err, "sending to %s", record->topic);
}

bool producer_poll(struct producer *producer, struct error *error)
{
    rd_kafka_poll(producer->rk, 0);
    return is_usable(producer, error);
}

bool producer_flush(struct producer *producer, int64_t timeout_ms, struct error *error)
{
    const uint64_t failed_before = producer->failed;
    const rd_kafka_resp_err_t err = rd_kafka_flush(producer->rk, (int)timeout_ms);
    if (!is_usable(producer, error))
        return false;
    if (err)
        return kafka_error_set(error, err, "waiting for %zu records to be acknowledged", producer_pending(producer));
    if (producer->failed > failed_before)
        return error_cause(error, ERROR_RETRY, rd_kafka_err2name(producer->last_failure), "%llu records were not delivered: %s",
                           (unsigned long long)(producer->failed - failed_before), rd_kafka_err2str(producer->last_failure));
    return true;
}

size_t producer_pending(const struct producer *producer)
{
    if (producer->transactional) /* success is not told */
        return (size_t)rd_kafka_outq_len(producer->rk);
    return (size_t)(producer->sent - producer->done);
}

uint64_t producer_failed(const struct producer *producer)
{
    return producer->failed;
}

bool producer_begin(struct producer *producer, struct error *error)
{
    return succeeded(producer, rd_kafka_begin_transaction(producer->rk), "beginning a transaction", error);
}

bool producer_send_offsets(struct producer *producer, const rd_kafka_topic_partition_list_t *next_offsets,
                           const rd_kafka_consumer_group_metadata_t *group, struct error *error)
{
    return succeeded(producer,
                     rd_kafka_send_offsets_to_transaction(producer->rk, next_offsets, group, producer->transaction_timeout_ms),
                     "adding offsets to the transaction", error);
}

/**
 * Waits for what is under way, in short steps: since success is not told, librdkafka itself would look every 10 ms only, and that
 * long each commit would take. What is left at the deadline is the commit's to say.
 */
static void await_deliveries(struct producer *producer)
{
    const int64_t deadline_ms = clock_mono_ms() + producer->transaction_timeout_ms;
    while (rd_kafka_flush(producer->rk, FLUSH_STEP_MS) == RD_KAFKA_RESP_ERR__TIMED_OUT && clock_mono_ms() < deadline_ms)
        ;
}

bool producer_commit(struct producer *producer, struct error *error)
{
    await_deliveries(producer);
    return succeeded(producer, rd_kafka_commit_transaction(producer->rk, producer->transaction_timeout_ms),
                     "committing the transaction", error);
}

rd_kafka_t *producer_handle(struct producer *producer)
{
    return producer->rk;
}
