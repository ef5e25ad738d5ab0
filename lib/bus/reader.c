#include "bus/reader.h"

#include <stdlib.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/service.h"
#include "bus/fetch.h"
#include "bus/kafka_conf.h"

#define COMPONENT "kafka.reader"
#define STALL_DEFAULT_MS 30000
/** librdkafka wants a group even where none is joined. */
#define GROUP "quotebus.reader"

/** One partition to read. */
struct span {
    int32_t number;
    int64_t next_offset;
    int64_t end_offset; /* read up to here, exclusive */
    bool done;
};

struct reader {
    rd_kafka_t *rk;
    char *topic;
    struct span *spans;
    size_t span_count;
    size_t open_count; /* spans that are not done */
    bool follow;
    int64_t stall_ms;
    int64_t waited_ms; /* without progress, while asked for records */
    struct fetch_burst burst;
    struct error failure;
};

/** A consumer that joins no group. */
static rd_kafka_t *make_client(const struct kafka_settings *settings, bool read_uncommitted, struct error *error)
{
    const struct kafka_property properties[] = {
        {"group.id", GROUP},
        {"isolation.level", read_uncommitted ? "read_uncommitted" : "read_committed"},
        FETCH_PROPERTIES,
        {NULL, NULL},
    };
    rd_kafka_conf_t *conf = kafka_conf_new(settings, GROUP, properties, error);
    return conf ? kafka_client_new(RD_KAFKA_CONSUMER, conf, error) : NULL;
}

/** Frees a client that is in no group: there is nothing to leave, and closing could take long. */
static void free_client(rd_kafka_t *rk)
{
    if (rk)
        rd_kafka_destroy_flags(rk, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
}

/** Whether a partition is to be read. */
static bool is_wanted(const struct reader_options *options, int32_t number)
{
    if (!options->partitions)
        return options->partition == READER_ALL_PARTITIONS || options->partition == number;
    for (size_t i = 0; i < options->partition_count; i++) {
        if (options->partitions[i] == number)
            return true;
    }
    return false;
}

/** Takes the wanted partitions out of the topic's metadata. */
static bool take_partitions(struct reader *reader, const struct rd_kafka_metadata_topic *found,
                            const struct reader_options *options, struct error *error)
{
    if (found->err)
        return kafka_error_set(error, found->err, "reading topic %.200s", reader->topic);
    reader->spans = xcalloc((size_t)found->partition_cnt + 1, sizeof(*reader->spans));
    for (int i = 0; i < found->partition_cnt; i++) {
        if (is_wanted(options, found->partitions[i].id))
            reader->spans[reader->span_count++].number = found->partitions[i].id;
    }
    return reader->span_count > 0 ||
           error_set(error, ERROR_NOT_FOUND, "topic %.200s has %d partitions, there is no partition %d", reader->topic,
                     found->partition_cnt, options->partitions ? options->partitions[0] : options->partition);
}

/** Asks which partitions there are. */
static bool find_partitions(struct reader *reader, rd_kafka_t *probe, const struct reader_options *options, struct error *error)
{
    const rd_kafka_metadata_t *metadata;
    rd_kafka_topic_t *topic = rd_kafka_topic_new(probe, reader->topic, NULL);
    if (!topic)
        return kafka_error_set(error, rd_kafka_last_error(), "reading topic %.200s", reader->topic);
    const rd_kafka_resp_err_t err = rd_kafka_metadata(probe, 0, topic, &metadata, (int)reader->stall_ms);
    bool ok = !err || kafka_error_set(error, err, "asking for the partitions of %.200s", reader->topic);
    if (ok) {
        ok = metadata->topic_cnt == 1 ? take_partitions(reader, &metadata->topics[0], options, error)
                                      : error_set(error, ERROR_NOT_FOUND, "there is no topic %.200s", reader->topic);
        rd_kafka_metadata_destroy(metadata);
    }
    rd_kafka_topic_destroy(topic);
    return ok;
}

/** The first offset at or after a time; the end when there is none. */
static bool find_time(const struct reader *reader, rd_kafka_t *probe, struct span *span, int64_t time_ms, struct error *error)
{
    rd_kafka_topic_partition_list_t *times = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_t *time = rd_kafka_topic_partition_list_add(times, reader->topic, span->number);
    time->offset = time_ms;
    rd_kafka_resp_err_t err = rd_kafka_offsets_for_times(probe, times, (int)reader->stall_ms);
    if (!err)
        err = time->err;
    span->next_offset = time->offset >= 0 ? time->offset : span->end_offset;
    rd_kafka_topic_partition_list_destroy(times);
    return !err || kafka_error_set(error, err, "looking for a time in %.200s [%d]", reader->topic, span->number);
}

/** Where a read begins that holds offsets `low` to `high`; may lie outside of them. */
static int64_t start_of(const struct reader_options *options, int64_t low, int64_t high)
{
    const int64_t value = options->start_value;
    switch (options->start) {
    case READER_END:
        return high;
    case READER_OFFSET:
        return value;
    case READER_LAST:
        return value < high ? high - value : low;
    default:
        return low;
    }
}

/** Finds start and end of one partition. */
static bool find_span(const struct reader *reader, rd_kafka_t *probe, const struct reader_options *options, struct span *span,
                      struct error *error)
{
    int64_t low;
    int64_t high;
    service_heartbeat();
    const rd_kafka_resp_err_t err =
        rd_kafka_query_watermark_offsets(probe, reader->topic, span->number, &low, &high, (int)reader->stall_ms);
    if (err)
        return kafka_error_set(error, err, "asking for the first and last offset of %.200s [%d]", reader->topic, span->number);
    span->end_offset = high;
    span->next_offset = start_of(options, low, high);
    if (options->start == READER_TIME && !find_time(reader, probe, span, options->start_value, error))
        return false;
    if (span->next_offset < low)
        span->next_offset = low;
    if (span->next_offset > high)
        span->next_offset = high;
    return true;
}

/**
 * Finds all spans by a client of its own that sees uncommitted records: to the reading one a partition would end before the
 * first open transaction.
 */
static bool find_spans(struct reader *reader, const struct kafka_settings *settings, const struct reader_options *options,
                       struct error *error)
{
    rd_kafka_t *probe = make_client(settings, true, error);
    bool ok = probe && find_partitions(reader, probe, options, error);
    for (size_t i = 0; ok && i < reader->span_count; i++)
        ok = find_span(reader, probe, options, &reader->spans[i], error);
    free_client(probe);
    return ok;
}

/** Begins to fetch what is not empty. */
static bool begin(struct reader *reader, struct error *error)
{
    rd_kafka_topic_partition_list_t *partitions = rd_kafka_topic_partition_list_new((int)reader->span_count);
    for (size_t i = 0; i < reader->span_count; i++) {
        struct span *span = &reader->spans[i];
        span->done = !reader->follow && span->next_offset >= span->end_offset;
        if (span->done)
            continue;
        reader->open_count++;
        rd_kafka_topic_partition_list_add(partitions, reader->topic, span->number)->offset = span->next_offset;
    }
    const rd_kafka_resp_err_t err = rd_kafka_assign(reader->rk, partitions);
    rd_kafka_topic_partition_list_destroy(partitions);
    return !err || kafka_error_set(error, err, "reading %.200s", reader->topic);
}

struct reader *reader_new(const struct kafka_settings *settings, const struct reader_options *options, struct error *error)
{
    struct reader *reader = xcalloc(1, sizeof(*reader));
    reader->topic = xstrdup(options->topic);
    reader->follow = options->follow;
    reader->stall_ms = options->stall_ms > 0 ? options->stall_ms : STALL_DEFAULT_MS;
    if (!find_spans(reader, settings, options, error))
        goto fail;
    reader->rk = make_client(settings, options->read_uncommitted, error);
    if (!reader->rk || rd_kafka_poll_set_consumer(reader->rk) || !begin(reader, error))
        goto fail;
    return reader;
fail:
    reader_free(reader);
    return NULL;
}

void reader_free(struct reader *reader)
{
    if (!reader)
        return;
    free_client(reader->rk);
    free(reader->spans);
    free(reader->topic);
    free(reader);
}

/** The span of a partition, or NULL. */
static struct span *find(const struct reader *reader, int32_t number)
{
    for (size_t i = 0; i < reader->span_count; i++) {
        if (reader->spans[i].number == number)
            return &reader->spans[i];
    }
    return NULL;
}

/** A partition was read up to `offset`, exclusive. */
static void advance(struct reader *reader, struct span *span, int64_t offset)
{
    if (offset > span->next_offset) {
        span->next_offset = offset;
        reader->waited_ms = 0;
    }
    if (!reader->follow && !span->done && offset >= span->end_offset) {
        span->done = true;
        reader->open_count--;
    }
}

/** An event that is not a record: the end of a partition, a failure, or trouble that passes (logged once in a while). */
static void take_event(struct reader *reader, const rd_kafka_message_t *event)
{
    static _Atomic int64_t next_ms;
    struct span *span = event->rkt ? find(reader, event->partition) : NULL;
    switch (event->err) {
    case RD_KAFKA_RESP_ERR__PARTITION_EOF:
        if (span)
            advance(reader, span, event->offset);
        break;
    case RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET:
    case RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE:
    case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
    case RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION:
    case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR__FATAL:
        kafka_error_set(&reader->failure, event->err, "reading %.200s [%d] at offset %lld", reader->topic, event->partition,
                        (long long)(span ? span->next_offset : event->offset));
        break;
    default:
        if (kafka_log_due(&next_ms))
            log_warn(COMPONENT, "cannot read now; trying again", F_STR("topic", reader->topic),
                     F_STR("cause", rd_kafka_err2name(event->err)), F_STR("reason", rd_kafka_message_errstr(event)));
    }
}

/** Takes a record in; false when it lies outside of what is read. */
static bool take_record(struct reader *reader, const rd_kafka_message_t *message)
{
    struct span *span = find(reader, message->partition);
    if (!span || span->done || message->offset < span->next_offset)
        return false;
    const bool within = reader->follow || message->offset < span->end_offset;
    advance(reader, span, message->offset + 1);
    return within;
}

/** Notes a fruitless wait. False when it lasted too long. */
static bool bear_waiting(struct reader *reader, int64_t waited_ms)
{
    reader->waited_ms += waited_ms;
    if (reader->follow || reader->waited_ms < reader->stall_ms)
        return true;
    for (size_t i = 0; i < reader->span_count; i++) {
        const struct span *span = &reader->spans[i];
        if (!span->done)
            return error_set(&reader->failure, ERROR_UNREACHABLE,
                             "reading %.200s [%d]: nothing came for %lld s at offset %lld of %lld: the broker is away or a "
                             "transaction is open",
                             reader->topic, span->number, (long long)reader->stall_ms / 1000, (long long)span->next_offset,
                             (long long)span->end_offset);
    }
    return true;
}

enum reader_result reader_next(struct reader *reader, int64_t timeout_ms, rd_kafka_message_t **message, struct error *error)
{
    const int64_t began_ms = clock_mono_ms();
    *message = NULL;
    while (!reader->failure.code && (reader->follow || reader->open_count > 0)) {
        const int64_t left_ms = began_ms + timeout_ms - clock_mono_ms();
        rd_kafka_message_t *polled = fetch_poll(reader->rk, &reader->burst, left_ms > 0 ? left_ms : 0);
        if (!polled) {
            if (!bear_waiting(reader, clock_mono_ms() - began_ms))
                break;
            return READER_IDLE;
        }
        if (!polled->err && take_record(reader, polled)) {
            *message = polled;
            return READER_RECORD;
        }
        if (polled->err)
            take_event(reader, polled);
        rd_kafka_message_destroy(polled);
    }
    if (!reader->failure.code)
        return READER_DONE;
    *error = reader->failure;
    return READER_FAILED;
}
