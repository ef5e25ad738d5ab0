#include "persist/stage.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/service.h"
#include "bus/consumer.h"
#include "persist/batch.h"
#include "persist/writer.h"

/** Longest wait for a record; the loop looks at the stop request after it. */
#define POLL_MS 100
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
    struct consumer *consumer;
    struct batch batch;
    int64_t due_ms;     /* when the batch has to be written */
    bool away;          /* no broker answers */
    int64_t checked_ms; /* when the connection was last looked at */
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

/** Stores the batch, and shows the offsets to lag tools. */
static bool flush(struct session *session, struct error *error)
{
    if (session->batch.message_count == 0)
        return true;
    if (!writer_write(session->writer, &session->batch, error))
        return false;
    batch_reset(&session->batch);
    rd_kafka_topic_partition_list_t *next = consumer_next_offsets(session->consumer);
    consumer_commit_for_display(session->consumer, next);
    rd_kafka_topic_partition_list_destroy(next);
    return true;
}

/** Says what this instance has: it is ready once it has a part of the work and a broker that gives it. */
static void show_state(const struct session *session)
{
    char reason[64] = "no broker answers";
    const size_t count = writer_partitions(session->writer);
    if (!session->away)
        snprintf(reason, sizeof(reason), "connected, %zu partitions assigned", count);
    service_set_ready(!session->away && count > 0, reason);
}

/** Says it when no broker answers any more, and when one does again. */
static void show_connection(struct session *session)
{
    const bool away = !consumer_connected(session->consumer);
    if (away == session->away)
        return;
    session->away = away;
    show_state(session);
}

/** New partitions begin where PostgreSQL says. */
static bool on_assigned(void *ctx, rd_kafka_topic_partition_list_t *partitions, struct error *error)
{
    struct session *session = ctx;
    if (!writer_assign(session->writer, partitions, error))
        return false;
    show_state(session);
    return true;
}

/** What was read of partitions that go is stored first; when they are lost already, another instance reads it again. */
static bool on_revoked(void *ctx, const rd_kafka_topic_partition_list_t *partitions, bool lost, struct error *error)
{
    struct session *session = ctx;
    if (lost && session->batch.message_count)
        return error_set(error, ERROR_FENCED, "partitions were lost with %zu records not stored: they are read again",
                         session->batch.message_count);
    if (!flush(session, error))
        return false;
    writer_release(session->writer, partitions);
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
    show_state(session);
    session->consumer = consumer_new(&config->kafka, &options, error);
    return session->consumer != NULL;
}

/** Records first, since they belong to the consumer; then the connection, so that no callback can write; then the rest. */
static void close_session(struct session *session)
{
    batch_reset(&session->batch);
    if (session->writer)
        writer_disconnect(session->writer);
    consumer_free(session->consumer);
    writer_free(session->writer);
    batch_clear(&session->batch);
}

/** Adds a record, waiting a while for the registry when its schema is not known. Takes the record over. */
static bool add_record(struct session *session, rd_kafka_message_t *message, struct error *error)
{
    const int64_t deadline_ms = clock_mono_ms() + REGISTRY_WAIT_MS;
    for (bool waited = false;; waited = true) {
        const enum batch_result result = batch_add(&session->batch, writer_dimensions(session->writer), message, error);
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
    if (session->batch.message_count == 0)
        return POLL_MS;
    const int64_t left_ms = session->due_ms - clock_mono_ms();
    return left_ms < 0 ? 0 : left_ms < POLL_MS ? left_ms : POLL_MS;
}

/** Polls once and puts what came into the batch. */
static bool take_record(struct session *session, struct error *error)
{
    rd_kafka_message_t *message;
    const enum consumer_result result = consumer_poll(session->consumer, poll_timeout_ms(session), &message, error);
    show_connection(session);
    if (result != CONSUMER_RECORD)
        return result == CONSUMER_NOTHING;
    if (session->batch.message_count == 0) {
        failpoint("persist.after_poll");
        session->due_ms = clock_mono_ms() + session->stage->config->persist.batch_interval_ms;
    }
    return add_record(session, message, error);
}

/** Stores the batch when it is full or its time has come; looks after the connection when there is none. */
static bool flush_when_due(struct session *session, struct error *error)
{
    const int64_t now_ms = clock_mono_ms();
    if (session->batch.message_count == 0) {
        if (now_ms - session->checked_ms < CHECK_EVERY_MS)
            return true;
        session->checked_ms = now_ms;
        return writer_check(session->writer, error);
    }
    if (now_ms < session->due_ms && !batch_full(&session->batch, session->stage->config->persist.batch_max_rows))
        return true;
    return flush(session, error);
}

/** Reads and stores until a stop is asked for; then stores what was read. */
static bool run(struct session *session, struct error *error)
{
    while (!service_stopping()) {
        service_heartbeat();
        if (!take_record(session, error) || !flush_when_due(session, error))
            return false;
    }
    return flush(session, error);
}

bool stage_session(void *ctx, struct error *error)
{
    struct session session = {.stage = ctx};
    const struct consumer_events events = {.ctx = &session, .assigned = on_assigned, .revoked = on_revoked};
    batch_init(&session.batch, &session.stage->feeds);
    const bool ok = open_session(&session, &events, error) && run(&session, error);
    close_session(&session);
    return ok;
}
