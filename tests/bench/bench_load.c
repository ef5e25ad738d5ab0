/*
 * Writes quotes to quotes.raw: as fast as it goes, or at a rate.
 *
 *     bench_load [--quotes N] [--assets A] [--sources S] [--rate PER_S] [--set PATH=VALUE]...
 *
 * Without a rate the quotes are a poll of every source each minute, the last one now. With a rate each quote is fetched at the
 * moment it is sent. SIGTERM ends it early. The last line is one JSON object: how many were acknowledged, in what time.
 */
#include <getopt.h>
#include <string.h>

#include "base/config.h"
#include "base/service.h"
#include "bus/decoder.h"
#include "bus/producer.h"
#include "bus/registry.h"
#include "quote_stream.h"

#define ROUND_US (60 * US_PER_S)
#define SETTINGS_MAX 32
#define LINGER_MS 2
#define QUEUE_MAX_BYTES (INT64_C(64) * 1024 * 1024)
#define SEND_WAIT_MS 30000
#define FLUSH_MS 60000
/** Pause between two bursts at a rate. */
#define TICK_MS 1

struct load {
    size_t quotes;
    size_t assets;
    size_t sources;
    double rate; /* per second; 0: no bound */
    const char *settings[SETTINGS_MAX];
    size_t setting_count;
    struct producer *producer;
    const char *topic;
    int32_t schema_id;
    struct buf value;
};

/** A whole number of at least 1; 0 when it is none. */
static size_t number(const char *text)
{
    char *end;
    const long long value = strtoll(text, &end, 10);
    return *end == '\0' && value > 0 ? (size_t)value : 0;
}

/** Reads the command line. */
static bool read_arguments(struct load *load, int argc, char **argv)
{
    static const struct option known[] = {{"quotes", 1, NULL, 'q'}, {"assets", 1, NULL, 'a'}, {"sources", 1, NULL, 's'},
                                          {"rate", 1, NULL, 'r'},   {"set", 1, NULL, 'x'},    {NULL, 0, NULL, 0}};
    int option;
    while ((option = getopt_long(argc, argv, "", known, NULL)) != -1) {
        if (option == 'q')
            load->quotes = number(optarg);
        else if (option == 'a')
            load->assets = number(optarg);
        else if (option == 's')
            load->sources = number(optarg);
        else if (option == 'r')
            load->rate = (double)number(optarg);
        else if (option == 'x' && load->setting_count < SETTINGS_MAX)
            load->settings[load->setting_count++] = optarg;
        else
            return false;
    }
    return optind == argc && load->quotes && load->assets && load->sources;
}

/** Sends one quote. */
static bool send_quote(struct load *load, const struct quote *quote, struct error *error)
{
    buf_reset(&load->value);
    wire_put_header(&load->value, load->schema_id);
    quote_encode(quote, &load->value);
    const struct outgoing record = {.topic = load->topic,
                                    .partition = PARTITION_BY_KEY,
                                    .key = quote->asset,
                                    .value = buf_str(&load->value),
                                    .timestamp_ms = quote->fetched_at_us / US_PER_MS};
    return producer_send(load->producer, &record, SEND_WAIT_MS, error);
}

/** How many quotes may have been sent by now. */
static size_t due(const struct load *load, int64_t began_us)
{
    if (load->rate == 0)
        return load->quotes;
    const double allowed = load->rate * (double)(clock_wall_us() - began_us) / (double)US_PER_S;
    return allowed < (double)load->quotes ? (size_t)allowed : load->quotes;
}

/** Sends all quotes and waits for their acknowledgement; *sent is their number. */
static bool send_all(struct load *load, size_t *sent, struct error *error)
{
    struct quote_stream stream;
    const size_t per_round = load->assets * load->sources;
    const int64_t began_us = clock_wall_us();
    const int64_t round_us = load->rate == 0 ? ROUND_US : (int64_t)((double)per_round / load->rate * (double)US_PER_S);
    const int64_t rounds = (int64_t)(load->quotes / per_round);
    bool ok = true;
    quote_stream_init(&stream, load->assets, load->sources, began_us - rounds * round_us, round_us);
    while (ok && *sent < load->quotes && !service_stopping()) {
        const size_t until = due(load, began_us);
        while (ok && *sent < until) {
            struct quote quote = quote_stream_next(&stream);
            if (load->rate > 0) {
                const int64_t age_us = quote.fetched_at_us - quote.observed_at_us;
                quote.fetched_at_us = clock_wall_us();
                quote.observed_at_us = quote.fetched_at_us - age_us;
            }
            ok = send_quote(load, &quote, error);
            *sent += ok;
        }
        ok = ok && producer_poll(load->producer, error);
        if (ok && *sent < load->quotes)
            service_sleep(TICK_MS);
    }
    quote_stream_clear(&stream);
    return ok && producer_flush(load->producer, FLUSH_MS, error);
}

/** Connects, sends, says what was done. */
static bool run(struct load *load, const struct config *config, struct error *error)
{
    size_t sent = 0;
    const struct producer_options options = {
        .client_id = "bench-load", .linger_ms = LINGER_MS, .max_queued_bytes = QUEUE_MAX_BYTES};
    load->topic = config_topic(config, "quotes.raw");
    struct buf subject = {0};
    buf_printf(&subject, "%s-value", load->topic);
    buf_append(&subject, "", 1);
    struct registry *registry = registry_new(&config->registry, error);
    bool ok = registry &&
              registry_lookup(registry, (const char *)subject.data, quote_schema_json, &load->schema_id, error) == REGISTRY_OK;
    load->producer = ok ? producer_new(&config->kafka, &options, error) : NULL;
    const int64_t began_us = clock_wall_us();
    ok = load->producer && send_all(load, &sent, error);
    if (ok)
        printf("{\"quotes\":%zu,\"seconds\":%.3f}\n", sent, (double)(clock_wall_us() - began_us) / (double)US_PER_S);
    producer_free(load->producer);
    registry_free(registry);
    buf_clear(&subject);
    buf_clear(&load->value);
    return ok;
}

int main(int argc, char **argv)
{
    struct load load = {.quotes = 2000000, .assets = 500, .sources = 4};
    struct error error = {0};
    const struct http_settings no_endpoints = {.listen = (char *)"", .stop_timeout_ms = FLUSH_MS};
    if (!read_arguments(&load, argc, argv)) {
        fprintf(stderr, "usage: bench_load [--quotes N] [--assets A] [--sources S] [--rate PER_S] [--set PATH=VALUE]...\n");
        return 2;
    }
    const struct config_options options = {.settings = load.settings, .setting_count = load.setting_count};
    struct config *config = config_load(&options, &error);
    const bool ok = config && service_start("bench-load", &no_endpoints, &error) && run(&load, config, &error);
    if (!ok)
        fprintf(stderr, "bench_load: %s\n", error.message);
    service_stop();
    config_free(config);
    return ok ? 0 : 1;
}
