/*
 * Quotes per second through the engine of validate (rules, memory, consensus), and with decoding and encoding around it.
 *
 *     bench_rules [--json]
 *
 * 500 assets with 4 sources each: random walks, one quote in a hundred off by 30%, one in five a repeated observation. The two
 * measurements take turns, so that a disturbance hits both, and the median of the turns counts. Takes about four seconds.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "validate/engine.h"

#define ASSETS 500
#define SOURCES 4
/** Quotes of a pass: each source of each asset that many times. */
#define ROUNDS 50
#define QUOTES (ASSETS * SOURCES * ROUNDS)
#define TURNS 9
#define START_US (INT64_C(1767625200) * US_PER_S)

static const char rules_text[] = "version: bench\nclasses:\n  equity: { currency: USD }\n";

struct bench {
    struct rule_settings *settings;
    struct quote *quotes;
    struct str *bodies;
    struct arena memory; /* of names and bodies */
    struct arena arena;  /* reset per record */
    struct buf out;
    size_t suspects;
    size_t prices;
};

/** A random walk of all assets, as their sources tell it, and the encoded records. */
static void make_quotes(struct bench *bench)
{
    static const char *const sources[SOURCES] = {"yahoo", "cnbc", "cboe", "alphavantage"};
    unsigned seed = 1;
    double prices[ASSETS];
    struct str names[ASSETS];
    for (size_t a = 0; a < ASSETS; a++) {
        buf_reset(&bench->out);
        buf_printf(&bench->out, "equity:A%zu", a);
        names[a] = arena_str(&bench->memory, buf_str(&bench->out));
        prices[a] = 20 + (double)(a % 97) * 5;
    }
    for (size_t i = 0; i < QUOTES; i++) {
        const size_t asset = i / SOURCES % ASSETS, source = i % SOURCES, round = i / (ASSETS * SOURCES);
        const int64_t at_us = START_US + (int64_t)(round - (rand_r(&seed) % 5 == 0 && round)) * 60 * US_PER_S + (int64_t)source;
        prices[asset] *= exp((rand_r(&seed) % 2001 - 1000) * 1e-6);
        const double price = rand_r(&seed) % 100 ? prices[asset] : prices[asset] * 1.3;
        bench->quotes[i] = (struct quote){.asset = names[asset],
                                          .source = str_from(sources[source]),
                                          .symbol = names[asset],
                                          .currency = STR("USD"),
                                          .price = price,
                                          .volume = SOME_DOUBLE(41234567),
                                          .observed_at_us = at_us,
                                          .observed_resolution_s = 1,
                                          .fetched_at_us = START_US + (int64_t)round * 60 * US_PER_S + (int64_t)source,
                                          .request_id = STR("yahoo-spark-019b7c3e5a10-0042"),
                                          .unit_factor = 1};
        buf_reset(&bench->out);
        quote_encode(&bench->quotes[i], &bench->out);
        bench->bodies[i] = arena_str(&bench->memory, buf_str(&bench->out));
    }
}

/** Encodes all that a judgement makes. */
static void encode(struct bench *bench, const struct judgement *judgement)
{
    buf_reset(&bench->out);
    clean_quote_encode(&judgement->clean, &bench->out);
    for (size_t i = 0; i < judgement->anomaly_count; i++)
        anomaly_encode(&judgement->anomalies[i], &bench->out);
    if (judgement->has_consensus)
        consensus_price_encode(&judgement->consensus, &bench->out);
}

/** Judges all quotes with an empty memory; returns quotes per second. */
static double pass(struct bench *bench, bool with_codec)
{
    struct partition_memory *memory = partition_memory_new(0, bench->settings);
    const int64_t began_us = clock_wall_us();
    bench->suspects = bench->prices = 0;
    for (size_t i = 0; i < QUOTES; i++) {
        struct judgement judgement;
        struct quote quote = bench->quotes[i];
        struct error error = {0};
        const struct raw_origin origin = {.offset = (int64_t)i, .timestamp_ms = 1};
        arena_reset(&bench->arena);
        if (with_codec && !quote_decode(bench->bodies[i], &bench->arena, &quote, &error)) {
            fprintf(stderr, "bench_rules: %s\n", error.message);
            exit(1);
        }
        engine_judge(memory, &quote, &origin, &bench->arena, &judgement);
        bench->suspects += judgement.clean.verdict == VERDICT_SUSPECT;
        bench->prices += judgement.has_consensus;
        if (with_codec)
            encode(bench, &judgement);
    }
    const double seconds = (double)(clock_wall_us() - began_us) / (double)US_PER_S;
    partition_memory_free(memory);
    return QUOTES / seconds;
}

/** Compares two rates, for qsort. */
static int compare(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

int main(int argc, char **argv)
{
    double engine[TURNS], codec[TURNS];
    struct error error = {0};
    struct bench bench = {.settings = rule_settings_parse("bench", str_from(rules_text), &error),
                          .quotes = xcalloc(QUOTES, sizeof(struct quote)),
                          .bodies = xcalloc(QUOTES, sizeof(struct str))};
    if (argc > 2 || (argc == 2 && strcmp(argv[1], "--json") != 0) || !bench.settings) {
        fprintf(stderr, "usage: bench_rules [--json]\n%s\n", error.message);
        return 2;
    }
    make_quotes(&bench);
    for (int i = 0; i < TURNS; i++) {
        engine[i] = pass(&bench, false);
        codec[i] = pass(&bench, true);
    }
    qsort(engine, TURNS, sizeof(*engine), compare);
    qsort(codec, TURNS, sizeof(*codec), compare);
    if (argc == 2)
        printf("{\"bench\":\"rules\",\"quotes\":%d,\"suspects\":%zu,\"prices\":%zu,\"engine_quotes_per_s\":%.0f,"
               "\"with_codec_quotes_per_s\":%.0f}\n",
               QUOTES, bench.suspects, bench.prices, engine[TURNS / 2], codec[TURNS / 2]);
    else
        printf("%d quotes of %d assets and %d sources: %zu suspect, %zu prices published\n"
               "engine                     %10.0f quotes/s\ndecode, engine, encode     %10.0f quotes/s\n",
               QUOTES, ASSETS, SOURCES, bench.suspects, bench.prices, engine[TURNS / 2], codec[TURNS / 2]);
    arena_clear(&bench.memory);
    arena_clear(&bench.arena);
    buf_clear(&bench.out);
    rule_settings_free(bench.settings);
    free(bench.quotes);
    free(bench.bodies);
    return 0;
}
