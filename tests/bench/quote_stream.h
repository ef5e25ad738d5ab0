/*
 * The quotes that the benches of validate work on: random walks of many assets as several sources tell them, one quote in a
 * hundred off by 30%, one in five an observation of the round before. The same seed gives the same quotes.
 *
 * Each bench is one program, so this is a header. Threads: one.
 */
#ifndef QUOTEBUS_BENCH_QUOTE_STREAM_H
#define QUOTEBUS_BENCH_QUOTE_STREAM_H

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/steady.h"
#include "quotebus_records.h"

/** Longest name of an asset or a source, with the NUL. */
#define STREAM_NAME_MAX 32
/** One price in that many is wrong, one observation in that many is old. */
#define STREAM_WRONG_EVERY 100
#define STREAM_LATE_EVERY 5

struct quote_stream {
    size_t assets;
    size_t sources;
    int64_t start_us; /**< time of the first round */
    int64_t round_us; /**< time between two quotes of one source of one asset */
    size_t next;      /**< number of the next quote */
    unsigned seed;
    double *prices;
    char (*asset_names)[STREAM_NAME_MAX];
    char (*source_names)[STREAM_NAME_MAX];
};

/** Begins a stream whose first round is at `start_us`; freed by quote_stream_clear. */
static inline void quote_stream_init(struct quote_stream *stream, size_t assets, size_t sources, int64_t start_us,
                                     int64_t round_us)
{
    *stream = (struct quote_stream){.assets = assets, .sources = sources, .start_us = start_us, .round_us = round_us, .seed = 1};
    stream->prices = xcalloc(assets, sizeof(*stream->prices));
    stream->asset_names = xcalloc(assets, sizeof(*stream->asset_names));
    stream->source_names = xcalloc(sources, sizeof(*stream->source_names));
    for (size_t i = 0; i < assets; i++) {
        snprintf(stream->asset_names[i], STREAM_NAME_MAX, "equity:A%zu", i);
        stream->prices[i] = 20 + (double)(i % 97) * 5;
    }
    for (size_t i = 0; i < sources; i++)
        snprintf(stream->source_names[i], STREAM_NAME_MAX, "source-%zu", i);
}

static inline void quote_stream_clear(struct quote_stream *stream)
{
    free(stream->prices);
    free(stream->asset_names);
    free(stream->source_names);
}

/** The next quote: all sources of an asset, then the next asset. Its texts live as long as the stream. */
static inline struct quote quote_stream_next(struct quote_stream *stream)
{
    const size_t source = stream->next % stream->sources;
    const size_t asset = stream->next / stream->sources % stream->assets;
    const size_t round = stream->next++ / (stream->sources * stream->assets);
    const bool late = rand_r(&stream->seed) % STREAM_LATE_EVERY == 0 && round > 0;
    const int64_t fetched_at_us = stream->start_us + (int64_t)round * stream->round_us + (int64_t)source;
    stream->prices[asset] *= steady_exp((rand_r(&stream->seed) % 2001 - 1000) * 1e-6);
    const double wrong = rand_r(&stream->seed) % STREAM_WRONG_EVERY ? 1 : 1.3;
    return (struct quote){.asset = str_from(stream->asset_names[asset]),
                          .source = str_from(stream->source_names[source]),
                          .symbol = str_from(stream->asset_names[asset]),
                          .currency = STR("USD"),
                          .price = stream->prices[asset] * wrong,
                          .volume = SOME_DOUBLE(41234567),
                          .observed_at_us = fetched_at_us - (late ? stream->round_us : 0),
                          .observed_resolution_s = 1,
                          .fetched_at_us = fetched_at_us,
                          .request_id = STR("yahoo-spark-019b7c3e5a10-0042"),
                          .unit_factor = 1};
}

#endif
