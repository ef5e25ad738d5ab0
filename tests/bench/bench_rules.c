/*
 * Quotes per second through the engine of validate (rules, memory, consensus), and with decoding and encoding around it.
 *
 *     bench_rules [--json]
 *
 * 500 assets with 4 sources each (quote_stream.h). The two measurements take turns, so that a disturbance hits both, and the
 * median of the turns counts. Takes about four seconds.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "quote_stream.h"
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
    struct quote_stream stream; /* owns the texts of the quotes */
    struct quote *quotes;
    struct str *bodies;
    struct arena memory; /* of the bodies */
    struct arena arena;  /* reset per record */
    struct buf out;
    size_t suspects;
    size_t prices;
    uint64_t fingerprint; /* of all that is published: what makes it faster must leave it as it is */
};

/** What a pass does besides judging. */
enum kind { ENGINE, CODEC, FINGERPRINT };

/** Takes the quotes of a stream, and encodes them. */
static void make_quotes(struct bench *bench)
{
    quote_stream_init(&bench->stream, ASSETS, SOURCES, START_US, 60 * US_PER_S);
    for (size_t i = 0; i < QUOTES; i++) {
        bench->quotes[i] = quote_stream_next(&bench->stream);
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

/** Mixes what was encoded last into the fingerprint (FNV-1a). */
static void mix(struct bench *bench)
{
    for (size_t i = 0; i < bench->out.len; i++)
        bench->fingerprint = (bench->fingerprint ^ bench->out.data[i]) * UINT64_C(1099511628211);
}

/** Seconds of processor time so far: what else runs on the machine does not count. */
static double cpu_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

/** Judges all quotes with an empty memory; returns quotes per second of a core. */
static double pass(struct bench *bench, enum kind kind)
{
    struct partition_memory *memory = partition_memory_new(0, bench->settings);
    const double began_s = cpu_s();
    bench->suspects = bench->prices = 0;
    for (size_t i = 0; i < QUOTES; i++) {
        struct judgement judgement;
        struct quote quote = bench->quotes[i];
        struct error error = {0};
        const struct raw_origin origin = {.offset = (int64_t)i, .timestamp_ms = 1};
        arena_reset(&bench->arena);
        if (kind == CODEC && !quote_decode(bench->bodies[i], &bench->arena, &quote, &error)) {
            fprintf(stderr, "bench_rules: %s\n", error.message);
            exit(1);
        }
        engine_judge(memory, &quote, &origin, &bench->arena, &judgement);
        bench->suspects += judgement.clean.verdict == VERDICT_SUSPECT;
        bench->prices += judgement.has_consensus;
        if (kind != ENGINE)
            encode(bench, &judgement);
        if (kind == FINGERPRINT)
            mix(bench);
    }
    const double seconds = cpu_s() - began_s;
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
    (void)pass(&bench, FINGERPRINT);
    for (int i = 0; i < TURNS; i++) {
        engine[i] = pass(&bench, ENGINE);
        codec[i] = pass(&bench, CODEC);
    }
    qsort(engine, TURNS, sizeof(*engine), compare);
    qsort(codec, TURNS, sizeof(*codec), compare);
    if (argc == 2)
        printf("{\"bench\":\"rules\",\"quotes\":%d,\"suspects\":%zu,\"prices\":%zu,\"fingerprint\":\"%016llx\",\"engine_quotes_"
               "per_s\":%.0f,"
               "\"with_codec_quotes_per_s\":%.0f}\n",
               QUOTES, bench.suspects, bench.prices, (unsigned long long)bench.fingerprint, engine[TURNS / 2], codec[TURNS / 2]);
    else
        printf("%d quotes of %d assets and %d sources: %zu suspect, %zu prices published, fingerprint %016llx\n"
               "engine                     %10.0f quotes/s\ndecode, engine, encode     %10.0f quotes/s\n",
               QUOTES, ASSETS, SOURCES, bench.suspects, bench.prices, (unsigned long long)bench.fingerprint, engine[TURNS / 2],
               codec[TURNS / 2]);
    arena_clear(&bench.memory);
    arena_clear(&bench.arena);
    buf_clear(&bench.out);
    rule_settings_free(bench.settings);
    quote_stream_clear(&bench.stream);
    free(bench.quotes);
    free(bench.bodies);
    return 0;
}
