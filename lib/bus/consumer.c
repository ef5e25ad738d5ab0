#include "bus/consumer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/service.h"
#include "bus/fetch.h"
#include "bus/kafka_conf.h"

#define COMPONENT "kafka.consumer"
/** Longest wait for the committed offsets: an instance that died leaves a transaction open for its timeout. */
#define COMMITTED_TIMEOUT_MS 20000
#define COMMITTED_STEP_MS 1000
#define COMMITTED_PAUSE_MS 100
#define WATERMARKS_TIMEOUT_MS 5000
#define CLOSE_TIMEOUT_MS 5000
#define CLOSE_STEP_MS 100
#define DISPLAY_INTERVAL_MS 2000
#define LAG_INTERVAL_MS 1000
/** The clock is read once in so many records. */
#define ATTEND_EVERY 256
/** While all brokers are away: how often one is looked for, and the longest wait for its answer. */
#define PROBE_INTERVAL_MS 1000
#define PROBE_TIMEOUT_MS 200

/** One assigned partition. */
struct partition {
    char *topic;
    int32_t number;
    int64_t next_offset; /* all below was delivered, or lies before the start */
    int64_t end_offset;  /* the last end reached; control records may lie between next_offset and this */
    bool delivered;      /* something since the assignment */
    struct metric *lag;
};

struct consumer {
    rd_kafka_t *rk;
    const struct consumer_events *events;
    struct partition *partitions;
    size_t partition_count;
    bool failed;
    struct error failure;
    rd_kafka_topic_partition_list_t *display; /* offsets to commit for lag tools; NULL: none */
    int64_t next_display_ms;
    int64_t next_lag_ms;
    bool away; /* all brokers are */
    int64_t next_probe_ms;
    int unattended; /* records since the clock was read */
    struct fetch_burst burst;
};

/** Remembers the first failure; the session is over. */
static void fail(struct consumer *consumer, const struct error *error)
{
    if (!consumer->failed)
        consumer->failure = *error;
    consumer->failed = true;
}

/** An assigned partition, or NULL. */
static struct partition *find(const struct consumer *consumer, const char *topic, int32_t number)
{
    for (size_t i = 0; i < consumer->partition_count; i++) {
        struct partition *partition = &consumer->partitions[i];
        if (partition->number == number && strcmp(partition->topic, topic) == 0)
            return partition;
    }
    return NULL;
}

/** Begins to keep the offsets of a partition. */
static void add_partition(struct consumer *consumer, const rd_kafka_topic_partition_t *from)
{
    char labels[384];
    char number[16];
    snprintf(number, sizeof(number), "%d", from->partition);
    const char *const pairs[] = {"topic", from->topic, "partition", number};
    metric_labels(labels, sizeof(labels), 2, pairs);
    consumer->partitions = xrealloc(consumer->partitions, (consumer->partition_count + 1) * sizeof(*consumer->partitions));
    consumer->partitions[consumer->partition_count++] = (struct partition){
        .topic = xstrdup(from->topic),
        .number = from->partition,
        .next_offset = from->offset,
        .end_offset = from->offset,
        .lag =
            metric_gauge("quotebus_consumer_lag_records", "Records of an assigned partition that were not delivered yet", labels),
    };
}

/** Replaces the offsets that wait to be committed for lag tools; NULL for none. */
static void set_display(struct consumer *consumer, rd_kafka_topic_partition_list_t *offsets)
{
    if (consumer->display)
        rd_kafka_topic_partition_list_destroy(consumer->display);
    consumer->display = offsets;
}

/** Forgets a partition. */
static void drop_partition(struct consumer *consumer, const char *topic, int32_t number)
{
    struct partition *partition = find(consumer, topic, number);
    if (!partition)
        return;
    metric_set(partition->lag, 0);
    free(partition->topic);
    *partition = consumer->partitions[--consumer->partition_count];
}

/** Asks for the committed offsets; waits while transactions of the group are pending. */
static bool fetch_committed(struct consumer *consumer, rd_kafka_topic_partition_list_t *partitions, struct error *error)
{
    const int64_t deadline_ms = clock_mono_ms() + COMMITTED_TIMEOUT_MS;
    rd_kafka_resp_err_t err;
    for (;;) {
        service_heartbeat();
        err = rd_kafka_committed(consumer->rk, partitions, COMMITTED_STEP_MS);
        for (int i = 0; !err && i < partitions->cnt; i++)
            err = partitions->elems[i].err;
        if (!err || clock_mono_ms() >= deadline_ms || service_stopping())
            break;
        service_sleep(COMMITTED_PAUSE_MS);
    }
    return !err || kafka_error_set(error, err, "asking for the committed offsets of the group");
}

/** Says that retention was faster than we were. */
static void report_missed(const rd_kafka_topic_partition_t *partition, int64_t low)
{
    struct metric *missed = metric_counter("quotebus_consumer_records_missed_total",
                                           "Offsets that retention removed before they were consumed", NULL);
    metric_add(missed, (double)(low - partition->offset));
    log_error(COMPONENT, "retention removed records that were not consumed; going on at the first that is left",
              F_STR("topic", partition->topic), F_INT("partition", partition->partition),
              F_INT("wanted_offset", partition->offset), F_INT("first_offset", low));
}

/** Makes the start of a partition concrete and checks that it lies within it. */
static bool check_start(struct consumer *consumer, rd_kafka_topic_partition_t *partition, struct error *error)
{
    int64_t low;
    int64_t high;
    service_heartbeat();
    const rd_kafka_resp_err_t err = rd_kafka_query_watermark_offsets(consumer->rk, partition->topic, partition->partition, &low,
                                                                     &high, WATERMARKS_TIMEOUT_MS);
    if (err)
        return kafka_error_set(error, err, "asking for the first and last offset of %.120s [%d]", partition->topic,
                               partition->partition);
    if (partition->offset == RD_KAFKA_OFFSET_END) {
        partition->offset = high;
    } else if (partition->offset < 0) {
        partition->offset = low;
    } else if (partition->offset > high) {
        return error_set(error, ERROR_INVALID,
                         "%.120s [%d]: the next offset is %lld but the topic ends at %lld: it was made anew or lost records; set "
                         "the offset kept for it to %lld to go on",
                         partition->topic, partition->partition, (long long)partition->offset, (long long)high, (long long)high);
    } else if (partition->offset < low) {
        report_missed(partition, low);
        partition->offset = low;
    }
    return true;
}

/** Finds the starts of new partitions and tells the owner. */
static bool prepare(struct consumer *consumer, rd_kafka_topic_partition_list_t *partitions, struct error *error)
{
    const struct consumer_events *events = consumer->events;
    if (!fetch_committed(consumer, partitions, error))
        return false;
    if (events->assigned && !events->assigned(events->ctx, partitions, error))
        return false;
    for (int i = 0; i < partitions->cnt; i++) {
        if (!check_start(consumer, &partitions->elems[i], error))
            return false;
    }
    return true;
}

/** Errors of the client as a whole, from within consumer_poll and consumer_free. */
static void on_error(rd_kafka_t *rk, int err, const char *reason, void *opaque)
{
    struct consumer *consumer = opaque;
    if (err == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN)
        consumer->away = true;
    kafka_log_client_error(rk, err, reason, NULL);
}

/** Takes new partitions over. librdkafka waits for the assign call whatever happens. */
static void on_assigned(struct consumer *consumer, rd_kafka_topic_partition_list_t *partitions)
{
    struct error error = {0};
    consumer->away = false;
    if (!consumer->failed && !prepare(consumer, partitions, &error))
        fail(consumer, &error);
    for (int i = 0; i < partitions->cnt; i++) {
        if (!consumer->failed)
            add_partition(consumer, &partitions->elems[i]);
        /* What comes from a failed session is never delivered. */
        partitions->elems[i].err = RD_KAFKA_RESP_ERR_NO_ERROR;
    }
    rd_kafka_error_t *problem = rd_kafka_incremental_assign(consumer->rk, partitions);
    if (problem) {
        error_set(&error, ERROR_RETRY, "assigning partitions: %s", rd_kafka_error_string(problem));
        fail(consumer, &error);
        rd_kafka_error_destroy(problem);
    }
    if (!consumer->failed)
        log_info(COMPONENT, "partitions assigned", F_INT("new", partitions->cnt), F_INT("all", consumer->partition_count));
}

/** Tells the owner about those of the partitions that he knows, and forgets them. */
static void let_go(struct consumer *consumer, const rd_kafka_topic_partition_list_t *partitions, bool lost)
{
    struct error error = {0};
    const struct consumer_events *events = consumer->events;
    rd_kafka_topic_partition_list_t *known = rd_kafka_topic_partition_list_new(partitions->cnt);
    for (int i = 0; i < partitions->cnt; i++) {
        if (find(consumer, partitions->elems[i].topic, partitions->elems[i].partition))
            rd_kafka_topic_partition_list_add(known, partitions->elems[i].topic, partitions->elems[i].partition);
    }
    if (known->cnt > 0 && events->revoked && !events->revoked(events->ctx, known, lost, &error))
        fail(consumer, &error);
    for (int i = 0; i < known->cnt; i++)
        drop_partition(consumer, known->elems[i].topic, known->elems[i].partition);
    rd_kafka_topic_partition_list_destroy(known);
}

/** Lets partitions go. */
static void on_revoked(struct consumer *consumer, rd_kafka_topic_partition_list_t *partitions)
{
    struct error error = {0};
    const bool lost = rd_kafka_assignment_lost(consumer->rk);
    let_go(consumer, partitions, lost);
    set_display(consumer, NULL);
    rd_kafka_error_t *problem = rd_kafka_incremental_unassign(consumer->rk, partitions);
    if (problem) {
        error_set(&error, ERROR_RETRY, "giving partitions up: %s", rd_kafka_error_string(problem));
        fail(consumer, &error);
        rd_kafka_error_destroy(problem);
    }
    log_info(COMPONENT, lost ? "partitions lost" : "partitions revoked", F_INT("gone", partitions->cnt),
             F_INT("left", consumer->partition_count));
}

/** librdkafka's rebalance callback; runs within consumer_poll and consumer_free. */
static void on_rebalance(rd_kafka_t *rk, rd_kafka_resp_err_t err, rd_kafka_topic_partition_list_t *partitions, void *opaque)
{
    struct consumer *consumer = opaque;
    (void)rk;
    if (err == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS)
        on_assigned(consumer, partitions);
    else
        on_revoked(consumer, partitions);
}

/** What became of a commit for lag tools. */
static void on_commit(rd_kafka_t *rk, rd_kafka_resp_err_t err, rd_kafka_topic_partition_list_t *offsets, void *opaque)
{
    static _Atomic int64_t next_ms;
    (void)rk;
    (void)offsets;
    (void)opaque;
    if (err && err != RD_KAFKA_RESP_ERR__NO_OFFSET && kafka_log_due(&next_ms))
        log_warn(COMPONENT, "the group's offsets, shown by lag tools, could not be updated",
                 F_STR("cause", rd_kafka_err2name(err)));
}

/** The settings of one consumer on top of the common ones. */
static rd_kafka_conf_t *make_conf(const struct kafka_settings *settings, const struct consumer_options *options,
                                  struct error *error)
{
    char session_timeout[24];
    char heartbeat[24];
    snprintf(session_timeout, sizeof(session_timeout), "%lld", (long long)options->session_timeout_ms);
    snprintf(heartbeat, sizeof(heartbeat), "%lld", (long long)options->session_timeout_ms / 10 + 1);
    const struct kafka_property properties[] = {
        {"group.id", options->group},
        {"partition.assignment.strategy", "cooperative-sticky"},
        {"isolation.level", "read_committed"},
        {"session.timeout.ms", session_timeout},
        {"heartbeat.interval.ms", heartbeat},
        {"max.poll.interval.ms", "120000"},
        FETCH_PROPERTIES,
        {NULL, NULL},
    };
    rd_kafka_conf_t *conf = kafka_conf_new(settings, options->client_id, properties, error);
    if (conf) {
        rd_kafka_conf_set_rebalance_cb(conf, on_rebalance);
        rd_kafka_conf_set_offset_commit_cb(conf, on_commit);
        rd_kafka_conf_set_error_cb(conf, on_error);
    }
    return conf;
}

/** Subscribes to all topics of the options. */
static bool subscribe(struct consumer *consumer, const struct consumer_options *options, struct error *error)
{
    rd_kafka_topic_partition_list_t *topics = rd_kafka_topic_partition_list_new((int)options->topic_count);
    for (size_t i = 0; i < options->topic_count; i++)
        rd_kafka_topic_partition_list_add(topics, options->topics[i], RD_KAFKA_PARTITION_UA);
    const rd_kafka_resp_err_t err = rd_kafka_subscribe(consumer->rk, topics);
    rd_kafka_topic_partition_list_destroy(topics);
    return !err || kafka_error_set(error, err, "subscribing as group %.120s", options->group);
}

struct consumer *consumer_new(const struct kafka_settings *settings, const struct consumer_options *options, struct error *error)
{
    rd_kafka_conf_t *conf = make_conf(settings, options, error);
    if (!conf)
        return NULL;
    struct consumer *consumer = xcalloc(1, sizeof(*consumer));
    consumer->events = options->events;
    rd_kafka_conf_set_opaque(conf, consumer);
    consumer->rk = kafka_client_new(RD_KAFKA_CONSUMER, conf, error);
    if (!consumer->rk || rd_kafka_poll_set_consumer(consumer->rk) || !subscribe(consumer, options, error)) {
        consumer_free(consumer);
        return NULL;
    }
    return consumer;
}

/**
 * Leaves the group and serves the rebalance of that; false when it takes too long. rd_kafka_consumer_close has no bound. What a
 * queue yields here are events, even for those kinds that have a callback.
 */
static bool close_in_time(struct consumer *consumer)
{
    const int64_t deadline_ms = clock_mono_ms() + CLOSE_TIMEOUT_MS;
    rd_kafka_queue_t *queue = rd_kafka_queue_new(consumer->rk);
    rd_kafka_error_t *problem = rd_kafka_consumer_close_queue(consumer->rk, queue);
    if (problem)
        rd_kafka_error_destroy(problem);
    while (!rd_kafka_consumer_closed(consumer->rk) && clock_mono_ms() < deadline_ms) {
        service_heartbeat();
        rd_kafka_event_t *event = rd_kafka_queue_poll(queue, CLOSE_STEP_MS);
        if (rd_kafka_event_type(event) == RD_KAFKA_EVENT_REBALANCE)
            on_rebalance(consumer->rk, rd_kafka_event_error(event), rd_kafka_event_topic_partition_list(event), consumer);
        rd_kafka_event_destroy(event);
    }
    rd_kafka_queue_destroy(queue);
    return rd_kafka_consumer_closed(consumer->rk);
}

void consumer_free(struct consumer *consumer)
{
    if (!consumer)
        return;
    if (consumer->rk) {
        const bool closed = close_in_time(consumer);
        if (!closed)
            log_warn(COMPONENT, "the group could not be left in time; its coordinator will notice by the session timeout");
        rd_kafka_destroy_flags(consumer->rk, closed ? 0 : RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
    }
    while (consumer->partition_count)
        drop_partition(consumer, consumer->partitions[0].topic, consumer->partitions[0].number);
    free(consumer->partitions);
    set_display(consumer, NULL);
    free(consumer);
}

/** Updates the lag metrics once in a while, from what the last fetches told. */
static void update_lag(struct consumer *consumer, int64_t now_ms)
{
    if (now_ms < consumer->next_lag_ms)
        return;
    consumer->next_lag_ms = now_ms + LAG_INTERVAL_MS;
    for (size_t i = 0; i < consumer->partition_count; i++) {
        const struct partition *partition = &consumer->partitions[i];
        int64_t low;
        int64_t high;
        if (rd_kafka_get_watermark_offsets(consumer->rk, partition->topic, partition->number, &low, &high) || high < 0)
            continue;
        const int64_t reached = partition->next_offset > partition->end_offset ? partition->next_offset : partition->end_offset;
        metric_set(partition->lag, high > reached ? (double)(high - reached) : 0.0);
    }
}

/** Asks whether a broker answers again: a partition without new records would not tell. */
static void look_for_brokers(struct consumer *consumer, int64_t now_ms)
{
    const struct rd_kafka_metadata *metadata;
    if (!consumer->away || now_ms < consumer->next_probe_ms)
        return;
    consumer->next_probe_ms = now_ms + PROBE_INTERVAL_MS;
    if (rd_kafka_metadata(consumer->rk, 0, NULL, &metadata, PROBE_TIMEOUT_MS))
        return;
    rd_kafka_metadata_destroy(metadata);
    consumer->away = false;
}

/** Sends the offsets for lag tools when it is time. */
static void commit_display(struct consumer *consumer, int64_t now_ms)
{
    if (!consumer->display || now_ms < consumer->next_display_ms)
        return;
    consumer->next_display_ms = now_ms + DISPLAY_INTERVAL_MS;
    rd_kafka_commit(consumer->rk, consumer->display, 1);
    set_display(consumer, NULL);
}

/** What is done now and then, by the clock. */
static void attend(struct consumer *consumer)
{
    const int64_t now_ms = clock_mono_ms();
    consumer->unattended = 0;
    commit_display(consumer, now_ms);
    update_lag(consumer, now_ms);
    look_for_brokers(consumer, now_ms);
}

/** An event that is not a record: the end of a partition, trouble that passes (logged once in a while), or a failure. */
static void take_event(struct consumer *consumer, const rd_kafka_message_t *event)
{
    static _Atomic int64_t next_ms;
    struct error error = {0};
    const char *topic = event->rkt ? rd_kafka_topic_name(event->rkt) : "";
    struct partition *partition = find(consumer, topic, event->partition);
    switch (event->err) {
    case RD_KAFKA_RESP_ERR__PARTITION_EOF:
        if (partition)
            partition->end_offset = event->offset;
        break;
    case RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET:
    case RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE:
    case RD_KAFKA_RESP_ERR__MAX_POLL_EXCEEDED:
    case RD_KAFKA_RESP_ERR__FATAL:
    case RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID:
        error_cause(&error, ERROR_RETRY, rd_kafka_err2name(event->err), "consuming %.120s [%d] at offset %lld: %s", topic,
                    event->partition, (long long)(partition ? partition->next_offset : event->offset),
                    rd_kafka_message_errstr(event));
        fail(consumer, &error);
        break;
    default:
        if (kafka_log_due(&next_ms))
            log_warn(COMPONENT, "cannot consume now; trying again", F_STR("topic", topic), F_INT("partition", event->partition),
                     F_STR("cause", rd_kafka_err2name(event->err)), F_STR("reason", rd_kafka_message_errstr(event)));
    }
}

/** Takes a record in; false when it must not be delivered. */
static bool take_record(struct consumer *consumer, const rd_kafka_message_t *message)
{
    struct error error = {0};
    const char *topic = rd_kafka_topic_name(message->rkt);
    struct partition *partition = find(consumer, topic, message->partition);
    if (!partition)
        return false;
    if (message->offset < partition->next_offset) {
        error_set(&error, ERROR_RETRY, "%.120s [%d]: offset %lld came again, %lld was expected", topic, message->partition,
                  (long long)message->offset, (long long)partition->next_offset);
        fail(consumer, &error);
        return false;
    }
    partition->next_offset = message->offset + 1;
    partition->delivered = true;
    consumer->away = false;
    return true;
}

enum consumer_result consumer_poll(struct consumer *consumer, int64_t timeout_ms, rd_kafka_message_t **message,
                                   struct error *error)
{
    rd_kafka_message_t *polled = consumer->failed ? NULL : fetch_poll(consumer->rk, &consumer->burst, timeout_ms);
    bool deliver = false;
    *message = NULL;
    if (polled && polled->err)
        take_event(consumer, polled);
    else if (polled && !consumer->failed)
        deliver = take_record(consumer, polled);
    if (!deliver || ++consumer->unattended >= ATTEND_EVERY)
        attend(consumer);
    if (deliver) {
        *message = polled;
        return CONSUMER_RECORD;
    }
    if (polled)
        rd_kafka_message_destroy(polled);
    if (!consumer->failed)
        return CONSUMER_NOTHING;
    *error = consumer->failure;
    return CONSUMER_FAILED;
}

/** The next offset of the partitions, or of those that something was delivered from. */
static rd_kafka_topic_partition_list_t *list_offsets(const struct consumer *consumer, bool delivered_only)
{
    rd_kafka_topic_partition_list_t *offsets = rd_kafka_topic_partition_list_new((int)consumer->partition_count);
    for (size_t i = 0; i < consumer->partition_count; i++) {
        const struct partition *partition = &consumer->partitions[i];
        if (partition->delivered || !delivered_only)
            rd_kafka_topic_partition_list_add(offsets, partition->topic, partition->number)->offset = partition->next_offset;
    }
    return offsets;
}

rd_kafka_topic_partition_list_t *consumer_next_offsets(const struct consumer *consumer)
{
    return list_offsets(consumer, true);
}

rd_kafka_topic_partition_list_t *consumer_positions(const struct consumer *consumer)
{
    return list_offsets(consumer, false);
}

void consumer_commit_for_display(struct consumer *consumer, const rd_kafka_topic_partition_list_t *next_offsets)
{
    set_display(consumer, next_offsets->cnt > 0 ? rd_kafka_topic_partition_list_copy(next_offsets) : NULL);
}

rd_kafka_consumer_group_metadata_t *consumer_group_metadata(struct consumer *consumer)
{
    return rd_kafka_consumer_group_metadata(consumer->rk);
}

bool consumer_connected(const struct consumer *consumer)
{
    return !consumer->away;
}

size_t consumer_assigned_count(const struct consumer *consumer)
{
    return consumer->partition_count;
}

rd_kafka_t *consumer_handle(struct consumer *consumer)
{
    return consumer->rk;
}
