#include "bus/kafka_stats.h"

#include <jansson.h>
#include <string.h>

#include "base/metrics.h"

/** Room for a label with a client's name. */
#define LABEL_MAX 160
#define US_PER_SECOND 1e6

/** A number of an object; 0 without one. */
static double number_of(const json_t *object, const char *name)
{
    return json_number_value(json_object_get(object, name));
}

/** Adds what is told of one broker. */
static void add_broker(struct kafka_stats *stats, const json_t *broker)
{
    const double round_trip_s = number_of(json_object_get(broker, "rtt"), "p99") / US_PER_SECOND;
    stats->failed_requests += number_of(broker, "txerrs") + number_of(broker, "rxerrs");
    stats->timed_out_requests += number_of(broker, "req_timeouts");
    if (round_trip_s > stats->round_trip_s)
        stats->round_trip_s = round_trip_s;
}

bool kafka_stats_read(struct str json, struct kafka_stats *stats)
{
    const char *name;
    json_t *broker;
    json_t *root = json_loadb(json.ptr, json.len, 0, NULL);
    *stats = (struct kafka_stats){0};
    if (!json_is_object(root)) {
        json_decref(root);
        return false;
    }
    stats->sent_bytes = number_of(root, "tx_bytes");
    stats->received_bytes = number_of(root, "rx_bytes");
    stats->requests = number_of(root, "tx");
    stats->queued_messages = number_of(root, "msg_cnt");
    json_object_foreach(json_object_get(root, "brokers"), name, broker)
    {
        add_broker(stats, broker);
    }
    json_decref(root);
    return true;
}

/** The label of a client: its name without the number that librdkafka appends. */
static void client_label(const char *name, char label[LABEL_MAX])
{
    char text[LABEL_MAX / 2];
    size_t len = strcspn(name, "#");
    len = len < sizeof(text) ? len : sizeof(text) - 1;
    memcpy(text, name, len);
    text[len] = '\0';
    const char *const pairs[] = {"client", text};
    metric_labels(label, LABEL_MAX, 1, pairs);
}

int kafka_stats_take(rd_kafka_t *rk, char *json, size_t json_len, void *opaque)
{
    struct kafka_stats stats;
    char label[LABEL_MAX];
    (void)opaque;
    if (!kafka_stats_read((struct str){.ptr = json, .len = json_len}, &stats))
        return 0;
    client_label(rd_kafka_name(rk), label);
    metric_set(metric_counter("quotebus_kafka_sent_bytes_total", "Bytes that a client sent to brokers.", label),
               stats.sent_bytes);
    metric_set(metric_counter("quotebus_kafka_received_bytes_total", "Bytes that a client got from brokers.", label),
               stats.received_bytes);
    metric_set(metric_counter("quotebus_kafka_requests_total", "Requests that a client sent.", label), stats.requests);
    metric_set(
        metric_counter("quotebus_kafka_failed_requests_total", "Requests that could not be sent or were not answered.", label),
        stats.failed_requests);
    metric_set(metric_counter("quotebus_kafka_timed_out_requests_total", "Requests that were given up.", label),
               stats.timed_out_requests);
    metric_set(metric_gauge("quotebus_kafka_queued_messages", "Messages of a producer that are not acknowledged yet.", label),
               stats.queued_messages);
    metric_set(metric_gauge("quotebus_kafka_round_trip_seconds", "Round trip to the slowest broker, 99th percentile.", label),
               stats.round_trip_s);
    return 0; /* the text is librdkafka's to free */
}
