#include "ingest/publisher.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/service.h"
#include "bus/decoder.h"
#include "bus/kafka_conf.h"
#include "bus/producer.h"
#include "bus/registry.h"
#include "ingest/records.h"

#define COMPONENT "ingest.publish"
/** Time for the broker's list of topics. */
#define METADATA_TIMEOUT_MS 3000
/** How long a full queue is waited for before the producer counts as broken. */
#define SEND_WAIT_MS 10000
/** Bound of the send queue; PUBLISHER_PENDING_MAX records are far below it. */
#define QUEUE_BYTES_MAX (INT64_C(32) * 1024 * 1024)
#define LINGER_MS 5

/** Place of the health events among the targets. */
#define HEALTH RECORD_KINDS
/** Place of what is there of histories. */
#define COVERAGE (RECORD_KINDS + 1)
#define TARGETS (RECORD_KINDS + 2)

/** A topic and the id of its schema. */
struct target {
    const char *topic;
    const char *schema_json;
    int32_t schema_id;
    bool known; /* schema_id is set */
};

struct publisher {
    const struct config *config;
    struct registry *registry;
    struct producer *producer;      /* NULL: not connected */
    struct target targets[TARGETS]; /* as in record_kinds, then health events and coverage */
    uint64_t sent;                  /* records since the producer was made */
    uint64_t settled;               /* of those, the ones that no longer wait */
    uint64_t failed;                /* of those, the ones that were not delivered */
    int64_t moved_ms;               /* when `settled` last grew, or nothing waited */
    bool unflushed;
    struct delivery *delivery; /* of the records that are being queued; NULL: nobody asks */
    struct buf value;
};

struct publisher *publisher_new(const struct config *config, struct error *error)
{
    struct registry *registry = registry_new(&config->registry, error);
    if (registry == NULL) {
        return NULL;
    }
    struct publisher *publisher = xcalloc(1, sizeof *publisher);
    publisher->config = config;
    publisher->registry = registry;
    for (size_t i = 0; i < RECORD_KINDS; i++) {
        publisher->targets[i] =
            (struct target){.topic = config_topic(config, record_kinds[i].topic), .schema_json = record_kinds[i].schema_json};
    }
    publisher->targets[HEALTH] =
        (struct target){.topic = config_topic(config, "ingest.health"), .schema_json = health_event_schema_json};
    publisher->targets[COVERAGE] =
        (struct target){.topic = config_topic(config, "ingest.coverage"), .schema_json = backfill_coverage_schema_json};
    return publisher;
}

void publisher_disconnect(struct publisher *publisher)
{
    producer_free(publisher->producer);
    publisher->producer = NULL;
}

void publisher_free(struct publisher *publisher)
{
    if (publisher == NULL) {
        return;
    }
    publisher_disconnect(publisher);
    registry_free(publisher->registry);
    buf_clear(&publisher->value);
    free(publisher);
}

/** Looks up the id of a topic's schema, once. */
static bool find_schema(struct publisher *publisher, struct target *target, struct error *error)
{
    char subject[256];
    if (target->known) {
        return true;
    }
    snprintf(subject, sizeof subject, "%s-value", target->topic);
    switch (registry_lookup(publisher->registry, subject, target->schema_json, &target->schema_id, error)) {
    case REGISTRY_OK:
        target->known = true;
        return true;
    case REGISTRY_UNKNOWN:
        return error_set(error, ERROR_NOT_FOUND, "the registry has no such schema under %s: run `quotebus topics apply`",
                         subject);
    default:
        return error_prefix(error, "cannot look up the schema of %s", target->topic);
    }
}

/** Whether a list of topics holds one. */
static bool has_topic(const rd_kafka_metadata_t *metadata, const char *topic)
{
    for (int i = 0; i < metadata->topic_cnt; i++) {
        if (strcmp(metadata->topics[i].topic, topic) == 0) {
            return true;
        }
    }
    return false;
}

/** Checks that all topics are there. All topics are asked for, since asking for one can make it. */
static bool find_topics(struct publisher *publisher, struct error *error)
{
    const rd_kafka_metadata_t *metadata = NULL;
    rd_kafka_resp_err_t code = rd_kafka_metadata(producer_handle(publisher->producer), 1, NULL, &metadata, METADATA_TIMEOUT_MS);
    bool found = true;
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR) {
        return error_set(error, ERROR_UNREACHABLE, "no list of topics from the broker %s: %s", publisher->config->kafka.brokers,
                         rd_kafka_err2str(code));
    }
    for (size_t i = 0; found && i < TARGETS; i++) {
        const char *topic = publisher->targets[i].topic;
        found = has_topic(metadata, topic) ||
                error_set(error, ERROR_NOT_FOUND, "there is no topic %s: run `quotebus topics apply`", topic);
    }
    rd_kafka_metadata_destroy(metadata);
    return found;
}

bool publisher_connect(struct publisher *publisher, struct error *error)
{
    const struct producer_options options = {
        .client_id = "quotebus-ingest", .linger_ms = LINGER_MS, .max_queued_bytes = QUEUE_BYTES_MAX};
    publisher_disconnect(publisher);
    for (size_t i = 0; i < TARGETS; i++) {
        if (!find_schema(publisher, &publisher->targets[i], error)) {
            return false;
        }
    }
    publisher->producer = producer_new(&publisher->config->kafka, &options, error);
    if (publisher->producer == NULL) {
        return false;
    }
    publisher->sent = 0;
    publisher->settled = 0;
    publisher->failed = 0;
    publisher->moved_ms = clock_mono_ms();
    publisher->unflushed = false;
    if (!find_topics(publisher, error)) {
        publisher_disconnect(publisher);
        return false;
    }
    return true;
}

/** Queues the record in publisher->value. */
static bool send_value(struct publisher *publisher, const struct target *target, struct str key, int64_t at_us,
                       struct error *error)
{
    const struct outgoing record = {
        .topic = target->topic,
        .partition = PARTITION_BY_KEY,
        .key = key,
        .value = buf_str(&publisher->value),
        .timestamp_ms = at_us / US_PER_MS,
        .delivery = publisher->delivery,
    };
    if (!producer_send(publisher->producer, &record, SEND_WAIT_MS, error)) {
        return error_prefix(error, "cannot send to %s", target->topic);
    }
    publisher->sent++;
    publisher->unflushed = true;
    return true;
}

/** Queues the records of one kind. */
static bool send_kind(struct publisher *publisher, size_t number, const struct parse_result *parsed, struct error *error)
{
    const struct record_kind *kind = &record_kinds[number];
    const struct target *target = &publisher->targets[number];
    for (size_t i = 0; i < records_count(kind, parsed); i++) {
        const void *record = records_at(kind, parsed, i);
        buf_reset(&publisher->value);
        wire_put_header(&publisher->value, target->schema_id);
        kind->encode(record, &publisher->value);
        if (!send_value(publisher, target, record_key(kind, record), record_fetched_at_us(kind, record), error)) {
            return false;
        }
        if (i == 0) {
            failpoint("ingest.after_send");
        }
    }
    return true;
}

bool publisher_records(struct publisher *publisher, const struct parse_result *parsed, struct delivery *delivery,
                       struct error *error)
{
    bool sent = true;
    publisher->delivery = delivery;
    for (size_t i = 0; sent && i < RECORD_KINDS; i++) {
        sent = send_kind(publisher, i, parsed, error);
    }
    publisher->delivery = NULL;
    return sent;
}

bool publisher_health(struct publisher *publisher, const struct health_event *event, struct error *error)
{
    const struct target *target = &publisher->targets[HEALTH];
    buf_reset(&publisher->value);
    wire_put_header(&publisher->value, target->schema_id);
    health_event_encode(event, &publisher->value);
    return send_value(publisher, target, event->provider, event->at_us, error);
}

bool publisher_coverage(struct publisher *publisher, const struct backfill_coverage *coverage, struct str key,
                        struct error *error)
{
    const struct target *target = &publisher->targets[COVERAGE];
    buf_reset(&publisher->value);
    wire_put_header(&publisher->value, target->schema_id);
    backfill_coverage_encode(coverage, &publisher->value);
    return send_value(publisher, target, key, coverage->updated_at_us, error);
}

/** Notes what the producer got rid of since the last look. */
static void note_progress(struct publisher *publisher, int64_t now_ms)
{
    size_t pending = producer_pending(publisher->producer);
    uint64_t settled = publisher->sent - pending;
    uint64_t failed = producer_failed(publisher->producer);
    if (settled != publisher->settled || pending == 0) {
        publisher->settled = settled;
        publisher->moved_ms = now_ms;
    }
    if (failed > publisher->failed) {
        log_warn(COMPONENT, "records were not delivered; their assets are fetched anew in a later slot",
                 F_INT("records", failed - publisher->failed));
        publisher->failed = failed;
    }
    if (pending == 0 && publisher->unflushed) {
        publisher->unflushed = false;
        failpoint("ingest.after_flush");
    }
}

bool publisher_poll(struct publisher *publisher, int64_t now_ms, struct error *error)
{
    if (!producer_poll(publisher->producer, error)) {
        error_prefix(error,
                     "a new producer is needed; %zu records were not acknowledged, their assets are fetched anew in a later slot",
                     producer_pending(publisher->producer));
        error->code = ERROR_RETRY; /* fatal for the producer, not for ingest */
        return false;
    }
    note_progress(publisher, now_ms);
    return true;
}

bool publisher_may_fetch(const struct publisher *publisher, int64_t now_ms, char *reason, size_t reason_size)
{
    size_t pending = producer_pending(publisher->producer);
    if (pending > PUBLISHER_PENDING_MAX) {
        snprintf(reason, reason_size, "fetching pauses: %zu records wait for the broker", pending);
        return false;
    }
    if (pending > 0 && now_ms - publisher->moved_ms > PUBLISHER_STALL_MS) {
        snprintf(reason, reason_size, "fetching pauses: the broker has acknowledged nothing for %d s, %zu records wait",
                 PUBLISHER_STALL_MS / 1000, pending);
        return false;
    }
    return true;
}

size_t publisher_pending(const struct publisher *publisher)
{
    return publisher->producer != NULL ? producer_pending(publisher->producer) : 0;
}

bool publisher_flush(struct publisher *publisher, int64_t timeout_ms, struct error *error)
{
    return producer_flush(publisher->producer, timeout_ms, error);
}
