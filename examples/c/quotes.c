/*
 * Prints judged quotes with libquotebus.
 *
 *     cc quotes.c -o quotes $(pkg-config --cflags --libs quotebus)
 *     ./quotes 127.0.0.1:9092 http://127.0.0.1:8081/apis/ccompat/v7 "" 20 crypto:BTC crypto:ETH
 *
 * Arguments: brokers, registry, topic prefix, how many, then assets (none: all). SPDX-License-Identifier: Apache-2.0
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include <quotebus.h>

static const char *const verdicts[] = {"PASS", "SUSPECT", "REJECT"};

/** Prints one quote with the names of the rules that fired. */
static void print(const struct quotebus_quote *quote)
{
    printf("%-14s %-12s %14.6f %s %s", quote->asset, quote->source, quote->price, quote->currency, verdicts[quote->verdict]);
    for (size_t i = 0; i < quote->flag_count; i++)
        printf(" %s", quote->flags[i]);
    printf("\n");
}

int main(int argc, char **argv)
{
    char error[QUOTEBUS_ERROR_MAX];
    struct quotebus_record record;
    if (argc < 5) {
        fprintf(stderr, "usage: quotes BROKERS REGISTRY PREFIX COUNT [ASSET...]\n");
        return 2;
    }
    const struct quotebus_options options = {
        .size = sizeof(options),
        .brokers = argv[1],
        .registry_url = argv[2],
        .topic_prefix = argv[3],
        .topic = QUOTEBUS_QUOTES,
        .assets = argc > 5 ? (const char *const *)&argv[5] : NULL, /* argv ends with NULL, as the list has to */
        .start = QUOTEBUS_START_BEGINNING,
    };
    struct quotebus *bus = quotebus_open(&options, error);
    if (bus == NULL) {
        fprintf(stderr, "%s\n", error);
        return 1;
    }
    enum quotebus_result result = QUOTEBUS_IDLE;
    for (long left = atol(argv[4]); left > 0 && result != QUOTEBUS_FAILED;) {
        result = quotebus_next(bus, 1000, &record);
        if (result == QUOTEBUS_RECORD) {
            print(&record.quote);
            left--;
        } else if (result != QUOTEBUS_IDLE) {
            fprintf(stderr, "%s\n", quotebus_error(bus));
        }
    }
    quotebus_close(bus);
    return result == QUOTEBUS_FAILED;
}
