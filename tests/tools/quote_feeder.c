/*
 * Writes quotes to a topic as validate would, for benches and fault tests of what reads quotes.clean.
 *
 *     quote_feeder BROKERS TOPIC SCHEMA_ID COUNT [RATE]
 *
 * 500 assets with 4 sources each, poll after poll: COUNT records, each with a key (asset, source, fetched_at) of its own. Without
 * RATE as fast as the broker takes them, with polls 60 s apart from a fixed time on, so that two days are touched. With RATE
 * (records per second) fetched_at is now, for measuring latency. Prints the records and seconds it took.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "bus/decoder.h"
#include "bus/producer.h"
#include "quotebus_records.h"

#define ASSETS 500
#define SOURCES 4
#define POLL_S 60
/** 2026-01-02T16:00:00Z */
#define START_US (INT64_C(1767369600) * US_PER_S)
/** Quotes of one response: they share its id. */
#define RESPONSE 50
#define SEND_WAIT_MS 30000
#define QUEUE_BYTES_MAX (INT64_C(64) * 1024 * 1024)

struct feeder {
    struct producer *producer;
    const char *topic;
    int32_t schema_id;
    int64_t count;
    int64_t rate; /* records per second; 0: all at once */
    double prices[ASSETS];
    unsigned seed;
    struct buf value;
};

/** The quote of one number. Its texts are in `memory`. */
static struct clean_quote make_quote(struct feeder *feeder, int64_t number, int64_t fetched_at_us, struct arena *memory)
{
    static const char *const sources[SOURCES] = {"yahoo", "cnbc", "cboe", "coingecko"};
    const int64_t asset = number / SOURCES % ASSETS;
    double *price = &feeder->prices[asset];
    *price *= 1 + (rand_r(&feeder->seed) % 2001 - 1000) * 1e-6;
    const char *symbol = arena_printf(memory, "A%lld", (long long)asset);
    return (struct clean_quote){
        .asset = str_from(arena_printf(memory, "equity:%s", symbol)),
        .source = str_from(sources[number % SOURCES]),
        .symbol = str_from(symbol),
        .currency = STR("USD"),
        .price = *price,
        .bid = SOME_DOUBLE(*price - 0.01),
        .ask = SOME_DOUBLE(*price + 0.01),
        .open = SOME_DOUBLE(*price * 0.99),
        .high = SOME_DOUBLE(*price * 1.01),
        .low = SOME_DOUBLE(*price * 0.98),
        .previous_close = SOME_DOUBLE(*price * 0.995),
        .volume = SOME_DOUBLE((double)(rand_r(&feeder->seed) % 10000000)),
        .observed_at_us = fetched_at_us - 1500000,
        .observed_resolution_s = 1,
        .fetched_at_us = fetched_at_us,
        .request_id = str_from(arena_printf(memory, "%032llx", (unsigned long long)(number / RESPONSE) * 0x9e3779b97f4a7c15U)),
        .unit_factor = 1,
        .verdict = VERDICT_PASS,
        .reference_price = SOME_DOUBLE(*price * 1.0001),
        .deviation_bps = SOME_DOUBLE(-1.0),
        .score = 1,
        .source_count = SOURCES,
        .rules_version = STR("2026-01-01-5f1c2d3e"),
        .raw_partition = (int32_t)(asset % SOURCES),
        .raw_offset = number,
    };
}

/** Sends one quote. */
static bool send_quote(struct feeder *feeder, const struct clean_quote *quote, struct error *error)
{
    buf_reset(&feeder->value);
    wire_put_header(&feeder->value, feeder->schema_id);
    clean_quote_encode(quote, &feeder->value);
    const struct outgoing record = {.topic = feeder->topic,
                                    .partition = PARTITION_BY_KEY,
                                    .key = quote->asset,
                                    .value = buf_str(&feeder->value),
                                    .timestamp_ms = quote->fetched_at_us / US_PER_MS};
    return producer_send(feeder->producer, &record, SEND_WAIT_MS, error);
}

/** Waits until a record of that number is due. */
static void wait_due(const struct feeder *feeder, int64_t number, int64_t begun_ms)
{
    const int64_t wait_ms = begun_ms + number * 1000 / feeder->rate - clock_mono_ms();
    if (wait_ms > 0)
        nanosleep(&(struct timespec){.tv_sec = wait_ms / 1000, .tv_nsec = wait_ms % 1000 * 1000000}, NULL);
}

/** Sends all quotes and waits for the broker. */
static bool feed(struct feeder *feeder, struct error *error)
{
    struct arena memory = {0};
    const int64_t begun_ms = clock_mono_ms();
    bool ok = true;
    for (int64_t i = 0; ok && i < feeder->count; i++) {
        if (feeder->rate)
            wait_due(feeder, i, begun_ms);
        const int64_t poll = i / (ASSETS * SOURCES);
        const int64_t at_us = feeder->rate ? clock_wall_us() : START_US + poll * POLL_S * US_PER_S + i % (ASSETS * SOURCES);
        const struct clean_quote quote = make_quote(feeder, i, at_us, &memory);
        ok = send_quote(feeder, &quote, error) && producer_poll(feeder->producer, error);
        arena_reset(&memory);
    }
    arena_clear(&memory);
    ok = ok && producer_flush(feeder->producer, SEND_WAIT_MS, error);
    if (ok)
        printf("%lld records, %.3f s\n", (long long)feeder->count, (double)(clock_mono_ms() - begun_ms) / 1000);
    return ok;
}

int main(int argc, char **argv)
{
    if (argc < 5 || argc > 6) {
        fprintf(stderr, "usage: quote_feeder BROKERS TOPIC SCHEMA_ID COUNT [RATE]\n");
        return 2;
    }
    struct error error = {0};
    const struct kafka_settings kafka = {.brokers = argv[1], .topic_prefix = ""};
    struct feeder feeder = {.topic = argv[2],
                            .schema_id = (int32_t)strtol(argv[3], NULL, 10),
                            .count = strtoll(argv[4], NULL, 10),
                            .rate = argc > 5 ? strtoll(argv[5], NULL, 10) : 0,
                            .seed = 1};
    for (size_t i = 0; i < ASSETS; i++)
        feeder.prices[i] = 20 + (double)(i % 97) * 5;
    const struct producer_options options = {
        .client_id = "quote-feeder", .linger_ms = feeder.rate ? 0 : 20, .max_queued_bytes = QUEUE_BYTES_MAX};
    feeder.producer = producer_new(&kafka, &options, &error);
    const bool ok = feeder.producer && feed(&feeder, &error);
    if (!ok)
        fprintf(stderr, "quote_feeder: %s\n", error.message);
    producer_free(feeder.producer);
    buf_clear(&feeder.value);
    return ok ? 0 : error_exit_status(error.code);
}
