#include "bus/transaction_loop.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/service.h"
#include "bus/fence.h"

/** Longest wait for a record while nothing is open. */
#define IDLE_POLL_MS 100
/** Records between two looks at the clock. */
#define TURN_RECORDS 64
/** How many intervals a transaction may take while more records are at hand. */
#define BACKLOG_INTERVALS 20
/** A record that cannot be processed yet: first and longest pause between two tries, and how long before the session fails. */
#define WAIT_FIRST_MS 50
#define WAIT_STEP_MAX_MS 1000
#define WAIT_MAX_MS 30000

struct transaction_loop {
    const struct transaction_loop_options *options;
    const struct transaction_stage *stage;
    struct consumer *consumer;
    struct producer *producer;
    rd_kafka_message_t *held; /* delivered by the consumer, not processed: its offset must not be committed */
    int64_t wait_began_ms;    /* since when the held record waits; 0: it does not */
    int64_t pause_ms;         /* until it is tried again */
    bool open;                /* a transaction is */
    bool failed;              /* nothing may be committed any more */
    bool away;                /* no broker answers */
    int64_t records;          /* in the open transaction */
    int64_t began_ms;
    struct metric *transactions;
    struct metric *duration;
};

/** A failpoint of the stage. */
static void visit(const struct transaction_loop *loop, const char *point)
{
    char name[64];
    snprintf(name, sizeof(name), "%s.%s", loop->options->name, point);
    failpoint(name);
}

/** Begins a transaction unless one is open. */
static bool begin(struct transaction_loop *loop, struct error *error)
{
    if (loop->open)
        return true;
    if (!producer_begin(loop->producer, error))
        return false;
    loop->open = true;
    loop->records = 0;
    loop->began_ms = clock_mono_ms();
    visit(loop, "after_begin");
    return true;
}

/** The offsets to commit: behind all that was processed. Owned by the caller. */
static rd_kafka_topic_partition_list_t *processed_offsets(const struct transaction_loop *loop)
{
    rd_kafka_topic_partition_list_t *offsets = consumer_next_offsets(loop->consumer);
    if (!loop->held)
        return offsets;
    rd_kafka_topic_partition_t *entry =
        rd_kafka_topic_partition_list_find(offsets, rd_kafka_topic_name(loop->held->rkt), loop->held->partition);
    if (entry)
        entry->offset = loop->held->offset;
    return offsets;
}

/** Puts the input offsets into the transaction. */
static bool send_offsets(struct transaction_loop *loop, struct error *error)
{
    rd_kafka_topic_partition_list_t *offsets = processed_offsets(loop);
    const bool sent = fence_send_offsets(loop->consumer, loop->producer, offsets, error);
    rd_kafka_topic_partition_list_destroy(offsets);
    return sent;
}

/** Commits the open transaction, if there is one. */
static bool commit(struct transaction_loop *loop, struct error *error)
{
    if (!loop->open)
        return true;
    service_heartbeat();
    if (!loop->stage->before_commit(loop->stage->ctx, loop->producer, error) || !send_offsets(loop, error))
        return false;
    visit(loop, "after_offsets");
    visit(loop, "before_commit");
    if (!producer_commit(loop->producer, error))
        return false;
    loop->open = false;
    visit(loop, "after_commit");
    metric_add(loop->transactions, 1);
    metric_observe(loop->duration, (double)(clock_mono_ms() - loop->began_ms) / 1000.0);
    return true;
}

/** New partitions: what is open is committed first, since restoring may take longer than a transaction lives. */
static bool on_assigned(void *ctx, rd_kafka_topic_partition_list_t *partitions, struct error *error)
{
    struct transaction_loop *loop = ctx;
    if (loop->failed)
        return true;
    loop->failed = !commit(loop, error) || !loop->stage->assigned(loop->stage->ctx, partitions, error);
    if (!loop->failed)
        service_set_ready(true, "assigned");
    return !loop->failed;
}

/** Partitions go: what was done for them is committed while they are ours. Once they are lost it would be refused. */
static bool on_revoked(void *ctx, const rd_kafka_topic_partition_list_t *partitions, bool lost, struct error *error)
{
    struct transaction_loop *loop = ctx;
    bool ok = true;
    if (!loop->failed && lost)
        ok = error_set(error, ERROR_FENCED, "the partitions were given to another instance");
    else if (!loop->failed)
        ok = commit(loop, error);
    loop->failed = loop->failed || !ok;
    loop->stage->revoked(loop->stage->ctx, partitions);
    return ok;
}

/** The held record has to wait: commits what was done before it and pauses. False when it waits for too long. */
static bool wait_with_held(struct transaction_loop *loop, struct error *error)
{
    const int64_t now_ms = clock_mono_ms();
    if (loop->wait_began_ms == 0) {
        loop->wait_began_ms = now_ms;
        loop->pause_ms = WAIT_FIRST_MS;
        service_set_ready(false, error->message);
        log_warn(loop->options->name, "a record has to wait", F_ERR(error), F_INT("partition", loop->held->partition),
                 F_INT("offset", loop->held->offset));
    }
    if (now_ms - loop->wait_began_ms >= WAIT_MAX_MS)
        return error_prefix(error, "the record of partition %d, offset %lld waits for too long", (int)loop->held->partition,
                            (long long)loop->held->offset);
    error_clear(error);
    if (!commit(loop, error))
        return false;
    service_sleep(loop->pause_ms);
    loop->pause_ms = loop->pause_ms * 2 < WAIT_STEP_MAX_MS ? loop->pause_ms * 2 : WAIT_STEP_MAX_MS;
    return true;
}

/** Lets the stage process the held record in the open transaction. */
static bool process_held(struct transaction_loop *loop, struct error *error)
{
    if (!begin(loop, error))
        return false;
    switch (loop->stage->record(loop->stage->ctx, loop->held, loop->producer, error)) {
    case TRANSACTION_WAIT:
        return wait_with_held(loop, error);
    case TRANSACTION_FAILED:
        return false;
    case TRANSACTION_DONE:
        break;
    }
    if (loop->wait_began_ms)
        service_set_ready(true, "assigned");
    loop->wait_began_ms = 0;
    rd_kafka_message_destroy(loop->held);
    loop->held = NULL;
    loop->records++;
    visit(loop, "after_produce");
    return true;
}

/** How long the next poll may take: until the open transaction is due. */
static int64_t poll_ms(const struct transaction_loop *loop)
{
    if (!loop->open)
        return IDLE_POLL_MS;
    const int64_t left_ms = loop->began_ms + loop->options->interval_ms - clock_mono_ms();
    return left_ms < 0 ? 0 : left_ms < IDLE_POLL_MS ? left_ms : IDLE_POLL_MS;
}

/**
 * Whether the open transaction has to be committed. One costs the same however much is in it, so while more records are at hand
 * it may grow for a few intervals: they are late already, and catch up sooner.
 */
static bool is_due(const struct transaction_loop *loop, bool idle)
{
    if (!loop->open)
        return false;
    const int64_t age_ms = clock_mono_ms() - loop->began_ms;
    const int64_t interval_ms = loop->options->interval_ms;
    const int64_t safe_ms = loop->options->producer.transaction_timeout_ms / 2;
    const int64_t grown_ms = interval_ms * BACKLOG_INTERVALS < safe_ms ? interval_ms * BACKLOG_INTERVALS : safe_ms;
    const int64_t limit_ms = idle || grown_ms < interval_ms ? interval_ms : grown_ms;
    return loop->records >= loop->options->max_records || age_ms >= limit_ms;
}

/** Whether the transaction can take the next record right away. */
static bool has_room(const struct transaction_loop *loop)
{
    return !loop->held && (!loop->open || loop->records < loop->options->max_records);
}

/** Says it when no broker answers any more, and when one does again. */
static void show_connection(struct transaction_loop *loop)
{
    const bool away = !consumer_connected(loop->consumer);
    const bool assigned = consumer_assigned_count(loop->consumer) > 0;
    if (away != loop->away)
        service_set_ready(!away && assigned, away ? "no broker answers" : assigned ? "assigned" : "waiting for partitions");
    loop->away = away;
}

/** One turn: the records that are at hand, up to a number, and a commit when it is due. */
static bool turn(struct transaction_loop *loop, struct error *error)
{
    bool idle = false;
    int64_t timeout_ms = poll_ms(loop);
    service_heartbeat();
    if (loop->stage->between)
        loop->stage->between(loop->stage->ctx);
    for (int i = 0; i < TURN_RECORDS && !idle && (i == 0 || has_room(loop)) && !service_stopping(); i++) {
        if (!loop->held && consumer_poll(loop->consumer, timeout_ms, &loop->held, error) == CONSUMER_FAILED)
            return false;
        timeout_ms = 0;
        idle = !loop->held;
        if (loop->held && !process_held(loop, error))
            return false;
    }
    show_connection(loop);
    return !is_due(loop, idle) || commit(loop, error);
}

/** Turns until a stop or a failure; what is open at a stop is committed. */
static bool run(struct transaction_loop *loop, struct error *error)
{
    while (!service_stopping()) {
        if (!turn(loop, error))
            return false;
    }
    return commit(loop, error);
}

/** Makes both clients; the producer first, since it ends what a session before left open. */
static bool open_clients(struct transaction_loop *loop, const struct kafka_settings *settings,
                         const struct consumer_events *events, struct error *error)
{
    struct consumer_options consumer = loop->options->consumer;
    consumer.events = events;
    loop->producer = producer_new(settings, &loop->options->producer, error);
    if (!loop->producer)
        return false;
    loop->consumer = consumer_new(settings, &consumer, error);
    return loop->consumer != NULL;
}

/** Finds the metrics of the loop. */
static void find_metrics(struct transaction_loop *loop)
{
    static const double bounds_s[] = {0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10};
    char labels[64];
    const char *const pairs[] = {"stage", loop->options->name};
    metric_labels(labels, sizeof(labels), 1, pairs);
    loop->transactions = metric_counter("quotebus_transactions_total", "Transactions that were committed", labels);
    loop->duration = metric_histogram("quotebus_transaction_seconds", "From the first record of a transaction to its commit",
                                      labels, bounds_s, sizeof(bounds_s) / sizeof(bounds_s[0]));
}

bool transaction_loop_run(const struct kafka_settings *settings, const struct transaction_loop_options *options,
                          const struct transaction_stage *stage, struct error *error)
{
    struct transaction_loop loop = {.options = options, .stage = stage};
    const struct consumer_events events = {.ctx = &loop, .assigned = on_assigned, .revoked = on_revoked};
    find_metrics(&loop);
    const bool ok = open_clients(&loop, settings, &events, error) && run(&loop, error);
    loop.failed = loop.failed || !ok;
    if (loop.held)
        rd_kafka_message_destroy(loop.held);
    /* Before the consumer: leaving the group wakes its next owner, who should not wait for an open transaction to time out. */
    producer_free(loop.producer);
    consumer_free(loop.consumer);
    return ok;
}
