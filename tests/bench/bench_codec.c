/*
 * Records per second of the generated codec beside avro-c's generic values, over the same quotes in the same run.
 *
 *     bench_codec [--json]
 *
 * avro-c encodes values that are filled already and decodes into one value that is reused, which is its fastest way. The four
 * measurements take turns, so that a disturbance hits all of them, and the median of the turns counts. Takes about four seconds.
 */
#include <avro.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "quotebus_records.h"

/** Quotes per pass; together they stay in the cache, as a batch in a stage does. */
#define QUOTES 256
/** Turns of each measurement, and how long one takes. */
#define TURNS 9
#define TURN_US 100000

/** All that the measurements work on. */
struct bench {
    struct quote quotes[QUOTES];
    struct str bodies[QUOTES];
    struct arena memory; /* of the bodies */
    struct arena arena;  /* reset per pass */
    struct buf out;
    avro_schema_t schema;
    avro_value_iface_t *iface;
    avro_value_t filled[QUOTES];
    avro_value_t value;
    avro_reader_t reader;
    avro_writer_t writer;
    char buffer[4096];
    double sum; /* uses what was decoded */
};

/** One kind of work on all quotes. */
struct measurement {
    const char *name;
    void (*pass)(struct bench *bench);
    double rates[TURNS];
};

/** Ends the bench when avro-c refuses what it must be able to do. */
static void must(int failed)
{
    if (failed) {
        fprintf(stderr, "bench_codec: avro-c: %s\n", avro_strerror());
        exit(1);
    }
}

/** A quote as the providers give them: stocks with all fields, crypto with some. */
static struct quote quote_of(size_t i)
{
    static const struct {
        struct str asset, source, symbol;
        double price;
    } assets[] = {
        {STR("equity:AAPL"), STR("yahoo"), STR("AAPL"), 232.14},
        {STR("equity:GOOGL"), STR("alphavantage"), STR("GOOGL"), 201.37},
        {STR("crypto:BTC"), STR("coingecko"), STR("bitcoin"), 64123.45},
        {STR("crypto:XRP"), STR("yahoo"), STR("XRP-USD"), 0.5123},
        {STR("fx:EURUSD"), STR("yahoo"), STR("EURUSD=X"), 1.0843},
    };
    const size_t at = i % (sizeof(assets) / sizeof(assets[0]));
    const int64_t now_us = INT64_C(1767322800000000) + (int64_t)i * 1234567;
    const double price = assets[at].price * (1 + 0.0001 * (double)(i % 100));
    struct quote quote = {
        .asset = assets[at].asset,
        .source = assets[at].source,
        .symbol = assets[at].symbol,
        .currency = STR("USD"),
        .price = price,
        .volume = SOME_DOUBLE(41234567),
        .observed_at_us = now_us - 1500000,
        .observed_resolution_s = 1,
        .fetched_at_us = now_us,
        .request_id = STR("yahoo-spark-019b7c3e5a10-0042"),
        .unit_factor = 1,
    };
    if (at < 2) {
        quote.open = SOME_DOUBLE(price * 0.99);
        quote.high = SOME_DOUBLE(price * 1.01);
        quote.low = SOME_DOUBLE(price * 0.98);
        quote.previous_close = SOME_DOUBLE(price * 0.995);
    } else {
        quote.market_cap = SOME_DOUBLE(price * 19e6);
    }
    return quote;
}

/** Makes quotes, bodies and avro-c's values of the same. */
static void bench_init(struct bench *bench)
{
    must(avro_schema_from_json_length(quote_schema_json, strlen(quote_schema_json), &bench->schema));
    bench->iface = avro_generic_class_from_schema(bench->schema);
    bench->reader = avro_reader_memory("", 0);
    bench->writer = avro_writer_memory(bench->buffer, sizeof(bench->buffer));
    must(avro_generic_value_new(bench->iface, &bench->value));
    for (size_t i = 0; i < QUOTES; i++) {
        bench->quotes[i] = quote_of(i);
        buf_reset(&bench->out);
        quote_encode(&bench->quotes[i], &bench->out);
        bench->bodies[i] = arena_str(&bench->memory, buf_str(&bench->out));
        must(avro_generic_value_new(bench->iface, &bench->filled[i]));
        avro_reader_memory_set_source(bench->reader, bench->bodies[i].ptr, (int64_t)bench->bodies[i].len);
        must(avro_value_read(bench->reader, &bench->filled[i]));
    }
}

/** Frees what bench_init made. */
static void bench_clear(struct bench *bench)
{
    for (size_t i = 0; i < QUOTES; i++)
        avro_value_decref(&bench->filled[i]);
    avro_value_decref(&bench->value);
    avro_value_iface_decref(bench->iface);
    avro_schema_decref(bench->schema);
    avro_reader_free(bench->reader);
    avro_writer_free(bench->writer);
    arena_clear(&bench->memory);
    arena_clear(&bench->arena);
    buf_clear(&bench->out);
}

/** One pass of each measurement follows. */
static void encode_generated(struct bench *bench)
{
    buf_reset(&bench->out);
    for (size_t i = 0; i < QUOTES; i++)
        quote_encode(&bench->quotes[i], &bench->out);
}

static void encode_avro_c(struct bench *bench)
{
    for (size_t i = 0; i < QUOTES; i++) {
        avro_writer_reset(bench->writer);
        must(avro_value_write(bench->writer, &bench->filled[i]));
    }
}

static void decode_generated(struct bench *bench)
{
    struct error error = {0};
    arena_reset(&bench->arena);
    for (size_t i = 0; i < QUOTES; i++) {
        struct quote quote;
        if (!quote_decode(bench->bodies[i], &bench->arena, &quote, &error)) {
            fprintf(stderr, "bench_codec: %s\n", error.message);
            exit(1);
        }
        bench->sum += quote.price;
    }
}

static void decode_avro_c(struct bench *bench)
{
    for (size_t i = 0; i < QUOTES; i++) {
        avro_reader_memory_set_source(bench->reader, bench->bodies[i].ptr, (int64_t)bench->bodies[i].len);
        must(avro_value_read(bench->reader, &bench->value));
    }
}

/** Repeats passes for one turn; returns records per second. */
static double turn(struct bench *bench, void (*pass)(struct bench *bench))
{
    const int64_t begun_us = clock_wall_us();
    int64_t taken_us = 0;
    double records = 0;
    while (taken_us < TURN_US) {
        pass(bench);
        records += QUOTES;
        taken_us = clock_wall_us() - begun_us;
    }
    return records * 1e6 / (double)taken_us;
}

/** Order for qsort. */
static int compare_doubles(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/** The median of a measurement's turns. */
static double median_rate(struct measurement *measurement)
{
    qsort(measurement->rates, TURNS, sizeof(double), compare_doubles);
    return measurement->rates[TURNS / 2];
}

int main(int argc, char **argv)
{
    const bool json = argc == 2 && strcmp(argv[1], "--json") == 0;
    if (argc > 2 || (argc == 2 && !json)) {
        fprintf(stderr, "usage: bench_codec [--json]\n");
        return 2;
    }
    struct measurement all[] = {
        {.name = "encode", .pass = encode_generated},
        {.name = "encode (avro-c)", .pass = encode_avro_c},
        {.name = "decode", .pass = decode_generated},
        {.name = "decode (avro-c)", .pass = decode_avro_c},
    };
    struct bench *bench = xcalloc(1, sizeof(*bench));
    bench_init(bench);
    for (size_t at = 0; at < TURNS; at++) {
        for (size_t i = 0; i < 4; i++)
            all[i].rates[at] = turn(bench, all[i].pass);
    }
    double rates[4];
    for (size_t i = 0; i < 4; i++)
        rates[i] = median_rate(&all[i]);
    if (json) {
        printf("{\"encode_per_s\":%.0f,\"avro_c_encode_per_s\":%.0f,\"encode_ratio\":%.2f,"
               "\"decode_per_s\":%.0f,\"avro_c_decode_per_s\":%.0f,\"decode_ratio\":%.2f}\n",
               rates[0], rates[1], rates[0] / rates[1], rates[2], rates[3], rates[2] / rates[3]);
    } else {
        for (size_t i = 0; i < 4; i++)
            printf("%-16s %12.0f records/s\n", all[i].name, rates[i]);
        printf("encode %.1f times, decode %.1f times as fast as avro-c\n", rates[0] / rates[1], rates[2] / rates[3]);
    }
    const bool used = isfinite(bench->sum);
    bench_clear(bench);
    free(bench);
    return used ? 0 : 1;
}
