#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "bus/consumer.h"
#include "bus/decoder.h"
#include "bus/reader.h"
#include "bus/registry.h"
#include "client/convert.h"
#include "client/quotebus.h"
#include "quotebus_records.h"

#define CLIENT_ID "libquotebus"
/** What is taken of texts and lists that the user gives. */
#define PROPERTIES_MAX 100
#define ASSETS_MAX 100000
#define TIMEOUT_MAX_MS 60000
#define SESSION_TIMEOUT_MS 10000
#define REGISTRY_TIMEOUT_MS 5000
/** Wait for the broker's answer about offsets. */
#define OFFSETS_WAIT_MS 5000

struct quotebus {
    struct kafka_settings kafka; /* texts in `memory` */
    enum quotebus_topic kind;
    enum quotebus_start start;
    int64_t start_ms;
    unsigned verdicts; /* bits; 0: all */
    const char **assets;
    size_t asset_count; /* 0: all */
    const char *topic;
    struct registry *registry;
    struct decoder *decoder;
    struct reader *reader;     /* without a group */
    struct consumer *consumer; /* with one */
    struct consumer_events events;
    rd_kafka_topic_partition_list_t *begun; /* partitions whose start was chosen once: later assignments go on where they were */
    rd_kafka_message_t *message;            /* waits for the registry */
    struct arena memory;                    /* of the whole life */
    struct arena scratch;                   /* of one record */
    struct error error;
};

const char *quotebus_version(void)
{
    return QUOTEBUS_VERSION;
}

const char *quotebus_error(const struct quotebus *bus)
{
    return bus->error.message;
}

/** Number of texts of a list that NULL ends; 0 for NULL. */
static size_t list_count(const char *const *list)
{
    size_t count = 0;
    while (list && list[count])
        count++;
    return count;
}

/** Copies texts. */
static char **copy_list(struct arena *memory, const char *const *list, size_t count)
{
    char **copy = arena_alloc(memory, (count + 1) * sizeof(*copy));
    for (size_t i = 0; i < count; i++)
        copy[i] = arena_strdup(memory, str_from(list[i]));
    return copy;
}

/** Compares two texts behind pointers, for qsort and bsearch. */
static int compare_texts(const void *left, const void *right)
{
    return strcmp(*(const char *const *)left, *(const char *const *)right);
}

/** Takes the options over. ERROR_USAGE. */
static bool take_options(struct quotebus *bus, const struct quotebus_options *options, struct error *error)
{
    const size_t property_count = list_count(options->properties);
    bus->asset_count = list_count(options->assets);
    if (options->size != sizeof(*options))
        return error_set(error, ERROR_USAGE, "options.size is %zu, this library (%s) has %zu: build against its header",
                         options->size, QUOTEBUS_VERSION, sizeof(*options));
    if (!options->brokers || !options->registry_url)
        return error_set(error, ERROR_USAGE, "options.brokers and options.registry_url are needed");
    if (property_count > PROPERTIES_MAX || bus->asset_count > ASSETS_MAX)
        return error_set(error, ERROR_LIMIT, "at most %d properties and %d assets are taken", PROPERTIES_MAX, ASSETS_MAX);
    if ((unsigned)options->topic > QUOTEBUS_PRICES || (unsigned)options->start > QUOTEBUS_START_TIME)
        return error_set(error, ERROR_USAGE, "options.topic or options.start is none of its enumeration");
    bus->kafka = (struct kafka_settings){
        .brokers = arena_strdup(&bus->memory, str_from(options->brokers)),
        .properties = {.items = copy_list(&bus->memory, options->properties, property_count), .count = property_count},
    };
    bus->kind = options->topic;
    bus->start = options->start;
    bus->start_ms = options->start_time_us / US_PER_MS;
    bus->verdicts = options->verdicts;
    bus->assets = (const char **)copy_list(&bus->memory, options->assets, bus->asset_count);
    qsort(bus->assets, bus->asset_count, sizeof(*bus->assets), compare_texts);
    const char *name = bus->kind == QUOTEBUS_QUOTES ? "quotes.clean" : "prices.consensus";
    bus->topic = arena_printf(&bus->memory, "%s%s", options->topic_prefix ? options->topic_prefix : "", name);
    return true;
}

/** The offset at which a partition begins by the user's choice. */
static bool chosen_start(struct quotebus *bus, rd_kafka_topic_partition_t *partition, struct error *error)
{
    int64_t low, high;
    rd_kafka_t *rk = consumer_handle(bus->consumer);
    rd_kafka_resp_err_t err =
        rd_kafka_query_watermark_offsets(rk, partition->topic, partition->partition, &low, &high, OFFSETS_WAIT_MS);
    int64_t offset = bus->start == QUOTEBUS_START_BEGINNING ? low : high;
    if (!err && bus->start == QUOTEBUS_START_TIME) {
        rd_kafka_topic_partition_list_t *asked = rd_kafka_topic_partition_list_new(1);
        rd_kafka_topic_partition_list_add(asked, partition->topic, partition->partition)->offset = bus->start_ms;
        err = rd_kafka_offsets_for_times(rk, asked, OFFSETS_WAIT_MS);
        offset = asked->elems[0].offset >= 0 ? asked->elems[0].offset : high;
        rd_kafka_topic_partition_list_destroy(asked);
    }
    if (err)
        return error_set(error, ERROR_UNREACHABLE, "%s [%d]: where to begin: %s", partition->topic, partition->partition,
                         rd_kafka_err2str(err));
    partition->offset = offset;
    return true;
}

/** New partitions of a group member: each begins where the user chose, but only once. */
static bool on_assigned(void *ctx, rd_kafka_topic_partition_list_t *partitions, struct error *error)
{
    struct quotebus *bus = ctx;
    for (int i = 0; bus->start != QUOTEBUS_START_COMMITTED && i < partitions->cnt; i++) {
        rd_kafka_topic_partition_t *partition = &partitions->elems[i];
        if (rd_kafka_topic_partition_list_find(bus->begun, partition->topic, partition->partition))
            continue;
        if (!chosen_start(bus, partition, error))
            return false;
        rd_kafka_topic_partition_list_add(bus->begun, partition->topic, partition->partition);
    }
    return true;
}

/** Connects as a member of a group. */
static bool join(struct quotebus *bus, const char *group, struct error *error)
{
    bus->events = (struct consumer_events){.ctx = bus, .assigned = on_assigned};
    bus->begun = rd_kafka_topic_partition_list_new(1);
    const struct consumer_options options = {.client_id = CLIENT_ID,
                                             .group = arena_strdup(&bus->memory, str_from(group)),
                                             .topics = &bus->topic,
                                             .topic_count = 1,
                                             .session_timeout_ms = SESSION_TIMEOUT_MS,
                                             .events = &bus->events};
    bus->consumer = consumer_new(&bus->kafka, &options, error);
    return bus->consumer != NULL;
}

/** Connects without a group. */
static bool read_alone(struct quotebus *bus, struct error *error)
{
    static const enum reader_start starts[] = {[QUOTEBUS_START_COMMITTED] = READER_END,
                                               [QUOTEBUS_START_BEGINNING] = READER_BEGINNING,
                                               [QUOTEBUS_START_END] = READER_END,
                                               [QUOTEBUS_START_TIME] = READER_TIME};
    const struct reader_options options = {.topic = bus->topic,
                                           .partition = READER_ALL_PARTITIONS,
                                           .start = starts[bus->start],
                                           .start_value = bus->start_ms,
                                           .follow = true};
    bus->reader = reader_new(&bus->kafka, &options, error);
    return bus->reader != NULL;
}

/** Makes all parts. */
static bool set_up(struct quotebus *bus, const struct quotebus_options *options, struct error *error)
{
    if (!log_configure(LOG_FORMAT_LOGFMT, "off", NULL, 0, error) || !take_options(bus, options, error))
        return false;
    const struct registry_settings registry = {.url = arena_strdup(&bus->memory, str_from(options->registry_url)),
                                               .timeout_ms = REGISTRY_TIMEOUT_MS};
    bus->registry = registry_new(&registry, error);
    if (!bus->registry)
        return false;
    bus->decoder =
        decoder_new(bus->registry, bus->kind == QUOTEBUS_QUOTES ? clean_quote_schema_json : consensus_price_schema_json, error);
    return bus->decoder && (options->group ? join(bus, options->group, error) : read_alone(bus, error));
}

struct quotebus *quotebus_open(const struct quotebus_options *options, char *error)
{
    struct error failure = {0};
    struct quotebus *bus = xcalloc(1, sizeof(*bus));
    if (set_up(bus, options, &failure))
        return bus;
    if (error)
        snprintf(error, QUOTEBUS_ERROR_MAX, "%s", failure.message);
    quotebus_close(bus);
    return NULL;
}

void quotebus_close(struct quotebus *bus)
{
    if (!bus)
        return;
    if (bus->message)
        rd_kafka_message_destroy(bus->message);
    reader_free(bus->reader);
    consumer_free(bus->consumer);
    decoder_free(bus->decoder);
    registry_free(bus->registry);
    if (bus->begun)
        rd_kafka_topic_partition_list_destroy(bus->begun);
    arena_clear(&bus->scratch);
    arena_clear(&bus->memory);
    free(bus);
}

/** Waits for a message. False: there is none, and *result says what that is. */
static bool poll_message(struct quotebus *bus, int64_t timeout_ms, enum quotebus_result *result)
{
    *result = QUOTEBUS_IDLE;
    if (bus->reader) {
        const enum reader_result read = reader_next(bus->reader, timeout_ms, &bus->message, &bus->error);
        if (read == READER_FAILED)
            *result = QUOTEBUS_FAILED;
        return read == READER_RECORD;
    }
    const enum consumer_result polled = consumer_poll(bus->consumer, timeout_ms, &bus->message, &bus->error);
    if (polled == CONSUMER_FAILED)
        *result = QUOTEBUS_FAILED;
    return polled == CONSUMER_RECORD;
}

/** Whether the user wants records of that key: the asset's id. */
static bool wants_asset(const struct quotebus *bus, const rd_kafka_message_t *message)
{
    if (bus->asset_count == 0)
        return true;
    char key[128];
    if (!message->key || message->key_len >= sizeof(key))
        return false;
    memcpy(key, message->key, message->key_len);
    key[message->key_len] = '\0';
    const char *wanted = key;
    return bsearch(&wanted, bus->assets, bus->asset_count, sizeof(*bus->assets), compare_texts) != NULL;
}

/** Decodes bus->message into `record`. */
static enum decode_status decode(struct quotebus *bus, struct quotebus_record *record)
{
    struct str body;
    const struct str value = {.ptr = bus->message->payload, .len = bus->message->len};
    arena_reset(&bus->scratch);
    error_clear(&bus->error);
    const enum decode_status status = decoder_body(bus->decoder, value, &bus->scratch, &body, &bus->error);
    if (status != DECODE_OK)
        return status;
    *record = (struct quotebus_record){.kind = bus->kind, .partition = bus->message->partition, .offset = bus->message->offset};
    const bool ok = bus->kind == QUOTEBUS_QUOTES ? convert_quote(body, &bus->scratch, &record->quote, &bus->error)
                                                 : convert_price(body, &bus->scratch, &record->price, &bus->error);
    return ok ? DECODE_OK : DECODE_INVALID;
}

/** Whether the user wants a decoded record. */
static bool wants(const struct quotebus *bus, const struct quotebus_record *record)
{
    return bus->verdicts == 0 || record->kind != QUOTEBUS_QUOTES ||
           (bus->verdicts & QUOTEBUS_VERDICT_BIT(record->quote.verdict)) != 0;
}

/** Takes the next message; false: it was passed over, and *result says what that is. */
static bool next_message(struct quotebus *bus, int64_t timeout_ms, struct quotebus_record *record, enum quotebus_result *result)
{
    if (!bus->message && !poll_message(bus, timeout_ms, result))
        return false;
    *result = QUOTEBUS_IDLE;
    const bool wanted = wants_asset(bus, bus->message);
    const enum decode_status status = wanted ? decode(bus, record) : DECODE_INVALID;
    if (status == DECODE_WAIT)
        return false; /* the same message again, once the registry answers */
    if (wanted && status == DECODE_INVALID) {
        error_prefix(&bus->error, "%s [%d] offset %lld", bus->topic, bus->message->partition, (long long)bus->message->offset);
        *result = QUOTEBUS_INVALID;
    }
    rd_kafka_message_destroy(bus->message);
    bus->message = NULL;
    return status == DECODE_OK && wants(bus, record);
}

enum quotebus_result quotebus_next(struct quotebus *bus, int timeout_ms, struct quotebus_record *record)
{
    enum quotebus_result result;
    const int64_t deadline_ms = clock_mono_ms() + (timeout_ms < 0                ? 0
                                                   : timeout_ms > TIMEOUT_MAX_MS ? TIMEOUT_MAX_MS
                                                                                 : timeout_ms);
    do {
        const int64_t left_ms = deadline_ms - clock_mono_ms();
        if (next_message(bus, left_ms > 0 ? left_ms : 0, record, &result))
            return QUOTEBUS_RECORD;
    } while (result == QUOTEBUS_IDLE && !bus->message && clock_mono_ms() < deadline_ms);
    return result;
}

int quotebus_commit(struct quotebus *bus)
{
    if (!bus->consumer) {
        error_set(&bus->error, ERROR_USAGE, "without a group there is no position to keep");
        return -1;
    }
    rd_kafka_topic_partition_list_t *offsets = consumer_next_offsets(bus->consumer);
    rd_kafka_resp_err_t err = RD_KAFKA_RESP_ERR_NO_ERROR;
    if (offsets->cnt > 0)
        err = rd_kafka_commit(consumer_handle(bus->consumer), offsets, 0);
    rd_kafka_topic_partition_list_destroy(offsets);
    if (err)
        error_set(&bus->error, ERROR_RETRY, "the position could not be kept: %s", rd_kafka_err2str(err));
    return err ? -1 : 0;
}
