/*
 * How long quotes take from their fetch to quotes.clean, as a consumer of committed records sees them.
 *
 *     bench_latency [--quotes N] [--skip N] [--set PATH=VALUE]...
 *
 * Waits for new clean quotes, leaves the first ones out, and takes the time between fetched_at and arrival. The quotes must be
 * fetched on the same machine as they are sent (bench_load --rate). The last line is one JSON object, in milliseconds.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/config.h"
#include "bus/decoder.h"
#include "bus/reader.h"
#include "bus/registry.h"
#include "quotebus_records.h"

#define SETTINGS_MAX 32
#define POLL_MS 200
/** Longest wait without a record. */
#define SILENCE_MS 30000

struct latency {
    size_t quotes;
    size_t skip;
    const char *settings[SETTINGS_MAX];
    size_t setting_count;
    double *ms; /* of each quote */
    size_t count;
    struct decoder *decoder;
    struct arena arena;
};

/** Reads the command line. */
static bool read_arguments(struct latency *latency, int argc, char **argv)
{
    static const struct option known[] = {
        {"quotes", 1, NULL, 'q'}, {"skip", 1, NULL, 's'}, {"set", 1, NULL, 'x'}, {NULL, 0, NULL, 0}};
    int option;
    while ((option = getopt_long(argc, argv, "", known, NULL)) != -1) {
        if (option == 'q')
            latency->quotes = (size_t)strtoul(optarg, NULL, 10);
        else if (option == 's')
            latency->skip = (size_t)strtoul(optarg, NULL, 10);
        else if (option == 'x' && latency->setting_count < SETTINGS_MAX)
            latency->settings[latency->setting_count++] = optarg;
        else
            return false;
    }
    return optind == argc && latency->quotes > 0;
}

/** Takes the age of one clean quote. */
static bool take(struct latency *latency, const rd_kafka_message_t *message, struct error *error)
{
    struct str body;
    struct clean_quote quote;
    const int64_t now_us = clock_wall_us();
    arena_reset(&latency->arena);
    if (decoder_body(latency->decoder, (struct str){.ptr = message->payload, .len = message->len}, &latency->arena, &body,
                     error) != DECODE_OK ||
        !clean_quote_decode(body, &latency->arena, &quote, error))
        return false;
    if (latency->skip > 0)
        latency->skip--;
    else
        latency->ms[latency->count++] = (double)(now_us - quote.fetched_at_us) / (double)US_PER_MS;
    return true;
}

/** Takes the quotes as they come. */
static bool watch(struct latency *latency, struct reader *reader, struct error *error)
{
    int64_t heard_ms = clock_mono_ms();
    bool ok = true;
    while (ok && latency->count < latency->quotes) {
        rd_kafka_message_t *message = NULL;
        const enum reader_result result = reader_next(reader, POLL_MS, &message, error);
        if (result == READER_RECORD) {
            heard_ms = clock_mono_ms();
            ok = take(latency, message, error);
            rd_kafka_message_destroy(message);
        } else if (result != READER_IDLE || clock_mono_ms() - heard_ms > SILENCE_MS) {
            ok = result != READER_IDLE ? false : error_set(error, ERROR_UNREACHABLE, "no clean quote came within 30 s");
        }
    }
    return ok;
}

/** Compares two times, for qsort. */
static int compare(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/** Prints the quantiles. */
static void report(const struct latency *latency)
{
    const double *ms = latency->ms;
    const size_t n = latency->count;
    qsort(latency->ms, n, sizeof(*ms), compare);
    printf("{\"quotes\":%zu,\"p50_ms\":%.1f,\"p90_ms\":%.1f,\"p99_ms\":%.1f,\"max_ms\":%.1f}\n", n, ms[n / 2], ms[n * 9 / 10],
           ms[n * 99 / 100], ms[n - 1]);
}

int main(int argc, char **argv)
{
    struct latency latency = {.quotes = 10000};
    struct error error = {0};
    if (!read_arguments(&latency, argc, argv)) {
        fprintf(stderr, "usage: bench_latency [--quotes N] [--skip N] [--set PATH=VALUE]...\n");
        return 2;
    }
    latency.ms = xcalloc(latency.quotes, sizeof(*latency.ms));
    const struct config_options options = {.settings = latency.settings, .setting_count = latency.setting_count};
    struct config *config = config_load(&options, &error);
    struct registry *registry = config ? registry_new(&config->registry, &error) : NULL;
    latency.decoder = registry ? decoder_new(registry, clean_quote_schema_json, &error) : NULL;
    struct reader *reader = NULL;
    if (latency.decoder) {
        const char *name = arena_printf(config->memory, "%squotes.clean", config->validate.output_prefix);
        const struct reader_options from = {
            .topic = config_topic(config, name), .partition = READER_ALL_PARTITIONS, .start = READER_END, .follow = true};
        reader = reader_new(&config->kafka, &from, &error);
    }
    const bool ok = reader && watch(&latency, reader, &error);
    if (ok)
        report(&latency);
    else
        fprintf(stderr, "bench_latency: %s\n", error.message);
    reader_free(reader);
    decoder_free(latency.decoder);
    registry_free(registry);
    arena_clear(&latency.arena);
    config_free(config);
    free(latency.ms);
    return ok ? 0 : 1;
}
