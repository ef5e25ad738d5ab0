#include "persist/stage.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/service.h"
#include "bus/consumer.h"
#include "persist/overlap.h"
#include "persist/writer.h"

/** Longest wait for a record; the loop looks at the stop request after it. */
#define POLL_MS 100
/** Longest wait for a record while the batch is due but the one before is not stored yet. */
#define BUSY_POLL_MS 5
/** A batch that takes longer makes the stage not ready. */
#define SLOW_MS 5000
/** How often an idle session looks after its connection to PostgreSQL. */
#define CHECK_EVERY_MS 1000
/** How long a record whose schema is not known yet waits for the registry, and how often it asks. */
#define REGISTRY_WAIT_MS 10000
#define REGISTRY_RETRY_MS 250

struct stage {
    struct config *config;
    struct registry *registry;
    struct feeds feeds;
    const char **topics; /* full names, one per feed */
    char client_id[100];
};

/** What is thrown away after a failure. */
struct session {
    struct stage *stage;
    struct writer *writer;
    struct overlap *overlap;
    struct overlap_events overlap_events;
    struct consumer *consumer;
    int64_t due_ms;         /* when the batch has to be handed over */
    size_t partition_count; /* assigned */
    bool busy;              /* a batch is in hand, as of the last look */
    bool away;              /* no broker answers */
    bool slow;              /* PostgreSQL has worked on one batch for SLOW_MS */
    int64_t checked_ms;     /* when the connection was last looked at */
};

struct stage *stage_new(struct config *config, struct error *error)
{
    struct stage *stage = xcalloc(1, sizeof(*stage));
    stage->config = config;
    stage->registry = registry_new(&config->registry, error);
    if (!stage->registry || !feeds_init(&stage->feeds, config, stage->registry, error)) {
        stage_free(stage);
        return NULL;
    }
    stage->topics = xcalloc(stage->feeds.count, sizeof(*stage->topics));
    for (size_t i = 0; i < stage->feeds.count; i++)
        stage->topics[i] = stage->feeds.items[i].topic;
    snprintf(stage->client_id, sizeof(stage->client_id), "quotebus-persist-%s", config->persist.instance);
    return stage;
}

void stage_free(struct stage *stage)
{
    if (!stage)
        return;
    feeds_clear(&stage->feeds);
    registry_free(stage->registry);
    free(stage->topics);
    free(stage);
}

/** Says what this instance has: it is ready once it has a part of the work and a broker that gives it. */
static void show_state(const struct session *session)
{
    char reason[64];
    if (session->away || session->slow) {
        service_set_ready(false, session->away ? "no broker answers" : "PostgreSQL works on one batch for a long time");
        return;
    }
    snprintf(reason, sizeof(reason), "connected, %zu partitions assigned", session->partition_count);
    service_set_ready(session->partition_count > 0, reason);
}

/** Says it when a broker or PostgreSQL does not answer any more, and when it does again. */
static void show_changes(struct session *session)
{
    const bool away = !consumer_connected(session->consumer);
    const bool slow = overlap_age_ms(session->overlap) >= SLOW_MS;
    if (away == session->away && slow == session->slow)
        return;
    session->away = away;
    session->slow = slow;
    show_state(session);
}

/** A batch was stored: shows its offsets to lag tools. */
static void on_stored(void *ctx, const struct batch *batch)
{
    struct session *session = ctx;
    rd_kafka_topic_partition_list_t *next = rd_kafka_topic_partition_list_new((int)batch->positions.count);
    for (size_t i = 0; i < batch->positions.count; i++) {
        const struct position *at = &batch->positions.items[i];
        rd_kafka_topic_partition_list_add(next, at->topic, at->partition)->offset = at->next;
    }
    consumer_commit_for_display(session->consumer, next);
    rd_kafka_topic_partition_list_destroy(next);
}

/** A call waits for PostgreSQL. */
static void on_waiting(void *ctx)
{
    service_heartbeat();
    show_changes(ctx);
}

/** Stores all that was read. */
static bool flush(struct session *session, struct error *error)
{
    return overlap_hand_over(session->overlap, error) && overlap_settle(session->overlap, error);
}

/** New partitions begin where PostgreSQL says. */
static bool on_assigned(void *ctx, rd_kafka_topic_partition_list_t *partitions, struct error *error)
{
    struct session *session = ctx;
    if (!overlap_settle(session->overlap, error) || !writer_assign(session->writer, partitions, error))
        return false;
    session->partition_count = writer_partitions(session->writer);
    show_state(session);
    return true;
}

/** What was read of partitions that go is stored first; when they are lost already, another instance reads it again. */
static bool on_revoked(void *ctx, const rd_kafka_topic_partition_list_t *partitions, bool lost, struct error *error)
{
    struct session *session = ctx;
    bool busy = false;
    if (!session->overlap) /* the session has ended */
        return true;
    if (lost && (!overlap_check(session->overlap, &busy, error) || busy || overlap_filling(session->overlap)->message_count))
        return error_set(error, ERROR_FENCED, "partitions were lost with records that are not stored: they are read again");
    if (!flush(session, error))
        return false;
    writer_release(session->writer, partitions);
    session->partition_count = writer_partitions(session->writer);
    show_state(session);
    return true;
}

/** Connects to both sides. */
static bool open_session(struct session *session, const struct consumer_events *events, struct error *error)
{
    const struct stage *stage = session->stage;
    const struct config *config = stage->config;
    const struct consumer_options options = {
        .client_id = stage->client_id,
        .group = config_topic(config, config->persist.group),
        .topics = stage->topics,
        .topic_count = stage->feeds.count,
        .session_timeout_ms = config->persist.session_timeout_ms,
        .events = events,
    };
    session->writer = writer_new(config, error);
    if (!session->writer)
        return false;
    session->overlap = overlap_new(session->writer, &stage->feeds, &session->overlap_events, error);
    if (!session->overlap)
        return false;
    show_state(session);
    session->consumer = consumer_new(&config->kafka, &options, error);
    return session->consumer != NULL;
}

/** Records first, since they belong to the consumer; then the connection, so that no callback can write; then the rest. */
static void close_session(struct session *session)
{
    overlap_free(session->overlap);
    session->overlap = NULL;
    if (session->writer)
        writer_disconnect(session->writer);
    consumer_free(session->consumer);
    writer_free(session->writer);
}

/** Adds a record, waiting a while for the registry when its schema is not known. Takes the record over. */
static bool add_record(struct session *session, rd_kafka_message_t *message, struct error *error)
{
    const int64_t deadline_ms = clock_mono_ms() + REGISTRY_WAIT_MS;
    for (bool waited = false;; waited = true) {
        const enum batch_result result =
            batch_add(overlap_filling(session->overlap), overlap_dimensions(session->overlap), message, error);
        if (result == BATCH_TAKEN) {
            if (waited)
                show_state(session);
            return true;
        }
        if (result == BATCH_FAILED || service_stopping() || clock_mono_ms() >= deadline_ms)
            break;
        service_set_ready(false, error->message);
        if (!flush(session, error))
            break;
        service_heartbeat();
        service_sleep(REGISTRY_RETRY_MS);
    }
    rd_kafka_message_destroy(message);
    return false;
}

/** How long the next poll may wait. */
static int64_t poll_timeout_ms(const struct session *session)
{
    if (overlap_filling(session->overlap)->message_count == 0)
        return POLL_MS;
    const int64_t left_ms = session->due_ms - clock_mono_ms();
    const int64_t least_ms = session->busy ? BUSY_POLL_MS : 0;
    return left_ms < least_ms ? least_ms : left_ms < POLL_MS ? left_ms : POLL_MS;
}

/** Polls once and puts what came into the batch. */
static bool take_record(struct session *session, struct error *error)
{
    rd_kafka_message_t *message;
    const enum consumer_result result = consumer_poll(session->consumer, poll_timeout_ms(session), &message, error);
    if (result != CONSUMER_RECORD)
        return result == CONSUMER_NOTHING;
    if (overlap_filling(session->overlap)->message_count == 0) {
        failpoint("persist.after_poll");
        session->due_ms = clock_mono_ms() + session->stage->config->persist.batch_interval_ms;
    }
    return add_record(session, message, error);
}

/** Looks after the connection while there is nothing to write. */
static bool check_idle(struct session *session, struct error *error)
{
    const int64_t now_ms = clock_mono_ms();
    if (session->busy || now_ms - session->checked_ms < CHECK_EVERY_MS)
        return true;
    session->checked_ms = now_ms;
    return writer_check(session->writer, error);
}

/**
 * Hands the batch over when it is full, or when its time has come and PostgreSQL is free: until then it goes on filling.
 */
static bool hand_over_when_due(struct session *session, struct error *error)
{
    const struct batch *batch = overlap_filling(session->overlap);
    if (!overlap_check(session->overlap, &session->busy, error))
        return false;
    if (batch->message_count == 0)
        return check_idle(session, error);
    if (!batch_full(batch, session->stage->config->persist.batch_max_rows) &&
        (session->busy || clock_mono_ms() < session->due_ms))
        return true;
    return overlap_hand_over(session->overlap, error);
}

/** Reads and stores until a stop is asked for; then stores what was read. */
static bool run(struct session *session, struct error *error)
{
    while (!service_stopping()) {
        service_heartbeat();
        if (!take_record(session, error) || !hand_over_when_due(session, error))
            return false;
        show_changes(session);
    }
    return flush(session, error);
}

bool stage_session(void *ctx, struct error *error)
{
    struct session session = {.stage = ctx};
    const struct consumer_events events = {.ctx = &session, .assigned = on_assigned, .revoked = on_revoked};
    session.overlap_events = (struct overlap_events){.ctx = &session, .stored = on_stored, .waiting = on_waiting};
    const bool ok = open_session(&session, &events, error) && run(&session, error);
    close_session(&session);
    return ok;
}
