#include "board/feed.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/json_text.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/service.h"
#include "board/tick.h"
#include "bus/consumer.h"
#include "bus/decoder.h"
#include "bus/kafka_conf.h"

#define COMPONENT "board.feed"
#define SESSION_TIMEOUT_MS 10000
#define POLL_MS 50
#define WATERMARKS_TIMEOUT_MS 5000
/** Dead letters per topic that are read when the board starts. */
#define LETTERS_TAIL 50

/** What a record means to the board. */
enum stream { STREAM_PRICES, STREAM_ANOMALIES, STREAM_REFUSALS };

struct feed {
    struct config *config;
    struct hub *hub;
    struct refusals *refusals;
    const char **topics; /* full names: prices, anomalies, then dead letters */
    size_t topic_count;
    char group[256];
    struct metric *records[3];
    struct metric *undecodable;
};

/** What lives as long as one session. */
struct session {
    struct feed *feed;
    struct consumer *consumer;
    struct registry *registry;
    struct decoder *prices, *anomalies;
    struct tick *tick;
    struct arena arena;
    struct buf json;
    int64_t tick_at_ms, beat_at_ms;
};

/** The topics that are followed. */
static void choose_topics(struct feed *feed, const struct topic_table *table)
{
    feed->topics = xcalloc(table->count + 2, sizeof(feed->topics[0]));
    feed->topics[feed->topic_count++] = config_topic(feed->config, "prices.consensus");
    feed->topics[feed->topic_count++] = config_topic(feed->config, "quotes.anomalies");
    for (size_t i = 0; i < table->count; i++) {
        const char *name = table->topics[i].name;
        const size_t len = strlen(name), suffix = strlen(DEAD_LETTER_SUFFIX);
        if (len > suffix && strcmp(name + len - suffix, DEAD_LETTER_SUFFIX) == 0)
            feed->topics[feed->topic_count++] = config_topic(feed->config, name);
    }
}

struct feed *feed_new(struct config *config, const struct topic_table *topics, struct hub *hub, struct refusals *refusals,
                      struct error *error)
{
    static const char *const labels[] = {"stream=\"prices\"", "stream=\"anomalies\"", "stream=\"dead_letters\""};
    char host[128] = "";
    if (gethostname(host, sizeof(host) - 1)) {
        error_set(error, ERROR_FATAL, "asking for the name of this host failed");
        return NULL;
    }
    struct feed *feed = xcalloc(1, sizeof(*feed));
    *feed = (struct feed){.config = config, .hub = hub, .refusals = refusals};
    /* A group of its own, since every board wants every record; it commits nothing, so it is gone with its only member. */
    snprintf(feed->group, sizeof(feed->group), "%squotebus.board.%s.%d", config->kafka.topic_prefix, host, (int)getpid());
    choose_topics(feed, topics);
    for (size_t i = 0; i < 3; i++)
        feed->records[i] = metric_counter("quotebus_board_records_total", "Records that were read for the pages.", labels[i]);
    feed->undecodable = metric_counter("quotebus_board_undecodable_total", "Records that could not be decoded.", NULL);
    return feed;
}

void feed_free(struct feed *feed)
{
    if (!feed)
        return;
    free(feed->topics);
    free(feed);
}

/** What the topic of a record is. */
static enum stream stream_of(const struct feed *feed, const char *topic)
{
    if (strcmp(topic, feed->topics[STREAM_PRICES]) == 0)
        return STREAM_PRICES;
    return strcmp(topic, feed->topics[STREAM_ANOMALIES]) == 0 ? STREAM_ANOMALIES : STREAM_REFUSALS;
}

/** Prices and anomalies are followed from now on, dead letters from a few before (a callback of the consumer). */
static bool choose_starts(void *ctx, rd_kafka_topic_partition_list_t *partitions, struct error *error)
{
    const struct session *session = ctx;
    for (int i = 0; i < partitions->cnt; i++) {
        rd_kafka_topic_partition_t *partition = &partitions->elems[i];
        int64_t low, high;
        partition->offset = RD_KAFKA_OFFSET_END;
        if (stream_of(session->feed, partition->topic) != STREAM_REFUSALS)
            continue;
        const rd_kafka_resp_err_t err = rd_kafka_query_watermark_offsets(
            consumer_handle(session->consumer), partition->topic, partition->partition, &low, &high, WATERMARKS_TIMEOUT_MS);
        if (err)
            return kafka_error_set(error, err, "asking for the end of %.120s", partition->topic);
        partition->offset = high - low > LETTERS_TAIL ? high - LETTERS_TAIL : low;
    }
    return true;
}

/** Sends what the tick has, when it is time. */
static void flush(struct session *session, int64_t now_ms)
{
    struct buf *json = &session->json;
    if (now_ms - session->tick_at_ms < FEED_TICK_MS)
        return;
    session->tick_at_ms = now_ms;
    buf_reset(json);
    if (tick_take_prices(session->tick, json))
        hub_publish(session->feed->hub, "prices", buf_str(json));
    buf_reset(json);
    if (tick_take_anomalies(session->tick, json))
        hub_publish(session->feed->hub, "anomalies", buf_str(json));
}

/** Tells the pages that the line is alive, when it is time. */
static void beat(struct session *session, int64_t now_ms)
{
    if (now_ms - session->beat_at_ms < FEED_BEAT_MS)
        return;
    session->beat_at_ms = now_ms;
    buf_reset(&session->json);
    buf_append_str(&session->json, STR("{\"at\":"));
    json_put_time(&session->json, clock_wall_us());
    buf_append_str(&session->json, STR("}"));
    hub_publish(session->feed->hub, "beat", buf_str(&session->json));
}

/** Takes the price of a decoded body; a full tick is sent first. */
static bool take_price(struct session *session, struct str body, struct error *error)
{
    struct consensus_price price;
    if (!consensus_price_decode(body, &session->arena, &price, error))
        return false;
    if (!tick_add_price(session->tick, &price)) {
        session->tick_at_ms = 0;
        flush(session, clock_mono_ms());
        return tick_add_price(session->tick, &price);
    }
    return true;
}

/** Takes the anomaly of a decoded body. */
static bool take_anomaly(struct session *session, struct str body, struct error *error)
{
    struct anomaly anomaly;
    if (!anomaly_decode(body, &session->arena, &anomaly, error))
        return false;
    tick_add_anomaly(session->tick, &anomaly);
    return true;
}

/** Takes one record. False only when the registry is away. */
static bool take(struct session *session, const rd_kafka_message_t *message, struct error *error)
{
    struct feed *feed = session->feed;
    const enum stream stream = stream_of(feed, rd_kafka_topic_name(message->rkt));
    metric_add(feed->records[stream], 1);
    if (stream == STREAM_REFUSALS) {
        refusals_add(feed->refusals, message);
        return true;
    }
    struct str body;
    arena_reset(&session->arena);
    struct decoder *decoder = stream == STREAM_PRICES ? session->prices : session->anomalies;
    const struct str value = {.ptr = message->payload, .len = message->len};
    const enum decode_status status = decoder_body(decoder, value, &session->arena, &body, error);
    if (status == DECODE_WAIT)
        return false;
    if (status == DECODE_INVALID ||
        !(stream == STREAM_PRICES ? take_price(session, body, error) : take_anomaly(session, body, error))) {
        metric_add(feed->undecodable, 1);
        log_debug(COMPONENT, "left out", F_ERR(error));
        error_clear(error);
    }
    return true;
}

/** Says whether the pages get what is new. */
static void tell_ready(const struct session *session)
{
    if (!consumer_connected(session->consumer))
        service_set_ready(false, "no broker answers");
    else if (consumer_assigned_count(session->consumer) > 0)
        service_set_ready(true, "following");
    else
        service_set_ready(false, "waiting for partitions");
}

/** Reads and sends until a stop is asked for. */
static bool follow(struct session *session, struct error *error)
{
    while (!service_stopping()) {
        rd_kafka_message_t *message = NULL;
        service_heartbeat();
        const enum consumer_result result = consumer_poll(session->consumer, POLL_MS, &message, error);
        if (result == CONSUMER_FAILED)
            return false;
        if (result == CONSUMER_RECORD) {
            const bool taken = take(session, message, error);
            rd_kafka_message_destroy(message);
            if (!taken)
                return false;
        }
        const int64_t now_ms = clock_mono_ms();
        flush(session, now_ms);
        beat(session, now_ms);
        tell_ready(session);
    }
    return true;
}

bool feed_session(void *ctx, struct error *error)
{
    struct feed *feed = ctx;
    struct session session = {.feed = feed, .tick = tick_new()};
    const struct consumer_events events = {.ctx = &session, .assigned = choose_starts};
    const struct consumer_options options = {.client_id = "quotebus-board",
                                             .group = feed->group,
                                             .topics = feed->topics,
                                             .topic_count = feed->topic_count,
                                             .session_timeout_ms = SESSION_TIMEOUT_MS,
                                             .events = &events};
    bool ok = false;
    refusals_reset(feed->refusals);
    if (!(session.registry = registry_new(&feed->config->registry, error)) ||
        !(session.prices = decoder_new(session.registry, consensus_price_schema_json, error)) ||
        !(session.anomalies = decoder_new(session.registry, anomaly_schema_json, error)) ||
        !(session.consumer = consumer_new(&feed->config->kafka, &options, error)))
        goto out;
    ok = follow(&session, error);
out:
    consumer_free(session.consumer);
    decoder_free(session.anomalies);
    decoder_free(session.prices);
    registry_free(session.registry);
    tick_free(session.tick);
    arena_clear(&session.arena);
    buf_clear(&session.json);
    return ok;
}
