/*
 * The loop that validate is measured against: consume, produce, commit with librdkafka and nothing else.
 *
 *     bench_bare --like PREFIX --quotes N --transaction-records N --clean N --anomalies N --consensus N --reports N
 *                --latest N --state N [--set PATH=VALUE]...
 *
 * Reads quotes.raw in transactions of a given size. For N quotes it writes as many records to each topic of
 * validate.output_prefix as a run of validate did, evenly: copies of records of that run (its output_prefix is PREFIX) under the
 * key and in the partition of the quote; those of prices.latest and validate.state stand at the end of each transaction. Nothing
 * is decoded. Consumes in batches with librdkafka's own fetch settings, which is its fastest way. The last line is one JSON
 * object.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/config.h"
#include "bus/kafka_conf.h"
#include "bus/reader.h"

/** Copies of records that are kept per output; more than a batch of the producer holds. */
#define SAMPLES_MAX 4096
#define BATCH_MAX 1000
#define PARTITIONS_MAX 64
#define SETTINGS_MAX 32
#define POLL_MS 200
#define TRANSACTION_MS 60000
#define QUEUE_WAIT_MS 50

/** A topic that is written. */
struct output {
    const char *name;
    long total; /* records for all quotes */
    long sent;
    rd_kafka_topic_t *topic;
    struct str samples[SAMPLES_MAX];
    long sample_count;
};

/** From LATEST on they are written at the end of a transaction. */
enum { CLEAN, ANOMALIES, CONSENSUS, REPORTS, LATEST, STATE, OUTPUTS };

struct bare {
    struct config *config;
    const char *like;
    const char *settings[SETTINGS_MAX];
    size_t setting_count;
    long quotes;
    long per_transaction;
    struct output outputs[OUTPUTS];
    struct arena memory; /* of the samples */
    rd_kafka_t *consumer;
    rd_kafka_queue_t *queue;
    rd_kafka_t *producer;
    int64_t next_offsets[PARTITIONS_MAX]; /* 0: nothing was read */
    long done;
    long bytes;
    long transactions;
};

/** Ends the bench. */
static void give_up(const char *what, const char *why)
{
    fprintf(stderr, "bench_bare: %s: %s\n", what, why);
    exit(1);
}

/** Ends the bench on an error of a call about transactions. */
static void must(rd_kafka_error_t *problem, const char *what)
{
    if (problem)
        give_up(what, rd_kafka_error_string(problem));
}

/** Reads the command line. */
static bool read_arguments(struct bare *bare, int argc, char **argv)
{
    static const struct option known[] = {{"clean", 1, NULL, CLEAN},
                                          {"anomalies", 1, NULL, ANOMALIES},
                                          {"consensus", 1, NULL, CONSENSUS},
                                          {"reports", 1, NULL, REPORTS},
                                          {"latest", 1, NULL, LATEST},
                                          {"state", 1, NULL, STATE},
                                          {"like", 1, NULL, 'l'},
                                          {"quotes", 1, NULL, 'q'},
                                          {"transaction-records", 1, NULL, 't'},
                                          {"set", 1, NULL, 'x'},
                                          {NULL, 0, NULL, 0}};
    int option;
    while ((option = getopt_long(argc, argv, "", known, NULL)) != -1) {
        if (option >= CLEAN && option < OUTPUTS)
            bare->outputs[option].total = strtol(optarg, NULL, 10);
        else if (option == 'l')
            bare->like = optarg;
        else if (option == 'q')
            bare->quotes = strtol(optarg, NULL, 10);
        else if (option == 't')
            bare->per_transaction = strtol(optarg, NULL, 10);
        else if (option == 'x' && bare->setting_count < SETTINGS_MAX)
            bare->settings[bare->setting_count++] = optarg;
        else
            return false;
    }
    return optind == argc && bare->like && bare->quotes > 0 && bare->per_transaction > 0;
}

/** The full name of an output of a run. */
static const char *topic_name(const struct bare *bare, const char *run, const char *name)
{
    return config_topic(bare->config, arena_printf(bare->config->memory, "%s%s", run, name));
}

/** Takes copies of the first records of an output of the run. */
static void take_samples(struct bare *bare, struct output *output)
{
    struct error error = {0};
    const struct reader_options options = {
        .topic = topic_name(bare, bare->like, output->name), .partition = READER_ALL_PARTITIONS, .start = READER_BEGINNING};
    struct reader *reader = reader_new(&bare->config->kafka, &options, &error);
    enum reader_result result = READER_IDLE;
    while (reader && output->sample_count < SAMPLES_MAX && (result == READER_IDLE || result == READER_RECORD)) {
        rd_kafka_message_t *message = NULL;
        result = reader_next(reader, POLL_MS, &message, &error);
        if (result != READER_RECORD)
            continue;
        output->samples[output->sample_count++] =
            arena_str(&bare->memory, (struct str){.ptr = message->payload, .len = message->len});
        rd_kafka_message_destroy(message);
    }
    reader_free(reader);
    if (output->total > 0 && output->sample_count == 0)
        give_up(options.topic, error.message[0] ? error.message : "it is empty");
}

/** Makes a client. */
static rd_kafka_t *connect_client(const struct bare *bare, rd_kafka_type_t type, const struct kafka_property *properties)
{
    struct error error = {0};
    rd_kafka_conf_t *conf = kafka_conf_new(&bare->config->kafka, "bench-bare", properties, &error);
    rd_kafka_t *rk = conf ? kafka_client_new(type, conf, &error) : NULL;
    if (!rk)
        give_up("connecting", error.message);
    return rk;
}

/** Makes consumer and producer. */
static void connect_clients(struct bare *bare)
{
    const char *group = topic_name(bare, bare->config->validate.output_prefix, "bare");
    const struct kafka_property consumer[] = {{"group.id", group},
                                              {"enable.auto.commit", "false"},
                                              {"auto.offset.reset", "earliest"},
                                              {"isolation.level", "read_committed"},
                                              {NULL, NULL}};
    const struct kafka_property producer[] = {{"transactional.id", group},
                                              {"compression.type", "lz4"},
                                              {"linger.ms", "2"},
                                              {"delivery.report.only.error", "true"},
                                              {NULL, NULL}};
    bare->producer = connect_client(bare, RD_KAFKA_PRODUCER, producer);
    must(rd_kafka_init_transactions(bare->producer, TRANSACTION_MS), "becoming a transactional producer");
    bare->consumer = connect_client(bare, RD_KAFKA_CONSUMER, consumer);
    rd_kafka_poll_set_consumer(bare->consumer);
    bare->queue = rd_kafka_queue_get_consumer(bare->consumer);
    rd_kafka_topic_partition_list_t *topics = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(topics, config_topic(bare->config, "quotes.raw"), RD_KAFKA_PARTITION_UA);
    const rd_kafka_resp_err_t err = rd_kafka_subscribe(bare->consumer, topics);
    rd_kafka_topic_partition_list_destroy(topics);
    if (err)
        give_up("subscribing", rd_kafka_err2str(err));
}

/** Writes records of an output until as many stand there as belong to the quotes so far. */
static void write_share(struct bare *bare, struct output *output, const rd_kafka_message_t *quote)
{
    const long wanted = (long)((__int128)output->total * bare->done / bare->quotes);
    for (; output->sent < wanted; output->sent++) {
        const struct str value = output->samples[output->sent % output->sample_count];
        const rd_kafka_vu_t parts[] = {
            {.vtype = RD_KAFKA_VTYPE_RKT, .u.rkt = output->topic},
            {.vtype = RD_KAFKA_VTYPE_PARTITION, .u.i32 = quote->partition},
            {.vtype = RD_KAFKA_VTYPE_MSGFLAGS, .u.i = RD_KAFKA_MSG_F_COPY},
            {.vtype = RD_KAFKA_VTYPE_TIMESTAMP, .u.i64 = rd_kafka_message_timestamp(quote, NULL)},
            {.vtype = RD_KAFKA_VTYPE_KEY, .u.mem = {.ptr = quote->key, .size = quote->key_len}},
            {.vtype = RD_KAFKA_VTYPE_VALUE, .u.mem = {.ptr = (void *)value.ptr, .size = value.len}},
        };
        rd_kafka_error_t *problem;
        while ((problem = rd_kafka_produceva(bare->producer, parts, sizeof(parts) / sizeof(parts[0])))) {
            if (rd_kafka_error_code(problem) != RD_KAFKA_RESP_ERR__QUEUE_FULL)
                give_up("producing", rd_kafka_error_string(problem));
            rd_kafka_error_destroy(problem);
            rd_kafka_poll(bare->producer, QUEUE_WAIT_MS);
        }
        bare->bytes += (long)value.len;
    }
}

/** Commits what is open, with the offsets that were reached. */
static void commit(struct bare *bare)
{
    const char *topic = config_topic(bare->config, "quotes.raw");
    rd_kafka_topic_partition_list_t *offsets = rd_kafka_topic_partition_list_new(PARTITIONS_MAX);
    for (int32_t i = 0; i < PARTITIONS_MAX; i++) {
        if (bare->next_offsets[i])
            rd_kafka_topic_partition_list_add(offsets, topic, i)->offset = bare->next_offsets[i];
    }
    rd_kafka_consumer_group_metadata_t *group = rd_kafka_consumer_group_metadata(bare->consumer);
    must(rd_kafka_send_offsets_to_transaction(bare->producer, offsets, group, TRANSACTION_MS), "sending offsets");
    must(rd_kafka_commit_transaction(bare->producer, TRANSACTION_MS), "committing");
    rd_kafka_consumer_group_metadata_destroy(group);
    rd_kafka_topic_partition_list_destroy(offsets);
    bare->transactions++;
}

/** One quote: its share of all outputs, and a commit where a transaction is full. */
static void take_quote(struct bare *bare, const rd_kafka_message_t *quote)
{
    if (quote->partition >= PARTITIONS_MAX)
        give_up("reading", "the topic has more partitions than this bench knows");
    if (bare->done % bare->per_transaction == 0)
        must(rd_kafka_begin_transaction(bare->producer), "beginning a transaction");
    bare->done++;
    bare->next_offsets[quote->partition] = quote->offset + 1;
    for (int i = 0; i < LATEST; i++)
        write_share(bare, &bare->outputs[i], quote);
    if (bare->done % bare->per_transaction == 0 || bare->done == bare->quotes) {
        write_share(bare, &bare->outputs[LATEST], quote);
        write_share(bare, &bare->outputs[STATE], quote);
        commit(bare);
    }
}

/** Reads all quotes; returns the seconds from the first one on. */
static double run(struct bare *bare)
{
    rd_kafka_message_t *messages[BATCH_MAX];
    int64_t began_us = 0;
    while (bare->done < bare->quotes) {
        const ssize_t count = rd_kafka_consume_batch_queue(bare->queue, POLL_MS, messages, BATCH_MAX);
        if (count > 0 && began_us == 0)
            began_us = clock_wall_us();
        for (ssize_t i = 0; i < count; i++) {
            if (!messages[i]->err && bare->done < bare->quotes)
                take_quote(bare, messages[i]);
            rd_kafka_message_destroy(messages[i]);
        }
    }
    return (double)(clock_wall_us() - began_us) / (double)US_PER_S;
}

/** Prints what was measured. */
static void report(const struct bare *bare, double seconds)
{
    struct rusage usage;
    long records = 0;
    getrusage(RUSAGE_SELF, &usage);
    const double cpu_us = (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * (double)US_PER_S +
                          (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
    for (int i = 0; i < OUTPUTS; i++)
        records += bare->outputs[i].sent;
    printf("{\"quotes\":%ld,\"seconds\":%.3f,\"quotes_per_s\":%.0f,\"records\":%ld,\"bytes\":%ld,\"transactions\":%ld,"
           "\"cpu_us_per_quote\":%.3f}\n",
           bare->done, seconds, (double)bare->done / seconds, records, bare->bytes, bare->transactions,
           cpu_us / (double)bare->done);
}

/** Leaves the group and frees all. */
static void clear(struct bare *bare)
{
    rd_kafka_queue_destroy(bare->queue);
    rd_kafka_consumer_close(bare->consumer);
    rd_kafka_destroy(bare->consumer);
    for (int i = 0; i < OUTPUTS; i++)
        rd_kafka_topic_destroy(bare->outputs[i].topic);
    rd_kafka_destroy(bare->producer);
    arena_clear(&bare->memory);
    config_free(bare->config);
}

int main(int argc, char **argv)
{
    static const char *const names[OUTPUTS] = {"quotes.clean",     "quotes.anomalies", "prices.consensus",
                                               "validate.reports", "prices.latest",    "validate.state"};
    static struct bare bare;
    struct error error = {0};
    if (!read_arguments(&bare, argc, argv)) {
        fprintf(stderr, "usage: see the head of tests/bench/bench_bare.c\n");
        return 2;
    }
    const struct config_options options = {.settings = bare.settings, .setting_count = bare.setting_count};
    bare.config = config_load(&options, &error);
    if (!bare.config)
        give_up("configuration", error.message);
    connect_clients(&bare);
    for (int i = 0; i < OUTPUTS; i++) {
        bare.outputs[i].name = names[i];
        take_samples(&bare, &bare.outputs[i]);
        bare.outputs[i].topic =
            rd_kafka_topic_new(bare.producer, topic_name(&bare, bare.config->validate.output_prefix, names[i]), NULL);
    }
    const double seconds = run(&bare);
    report(&bare, seconds);
    clear(&bare);
    return 0;
}
