/*
 * Going over the raw records of a partition once more, beside the records that were made of them: what both ways of judging again
 * (rerun.h, rerun_bars.h) share.
 *
 * Threads: one.
 */
#ifndef QUOTEBUS_CLI_RERUN_WALK_H
#define QUOTEBUS_CLI_RERUN_WALK_H

#include <librdkafka/rdkafka.h>

#include "bus/decoder.h"
#include "cli/live_records.h"
#include "cli/rerun.h"

/** Which topics a walk is about. */
struct rerun_subject {
    const char *raw_topic;       /**< without prefix */
    const char *raw_schema_json; /**< kept by reference */
    const enum output *compared; /**< at most RERUN_TOPICS; the first is the one with a record for each raw record */
    size_t compared_count;
};

/** One partition under way. */
struct rerun_walk {
    const struct rerun_options *options;
    const struct rerun_span *span;
    struct arena *memory; /**< of the result */
    struct rerun_result *result;
    struct live_records *live[RERUN_TOPICS]; /**< by place in the subject's `compared` */
    size_t live_count;
    struct decoder *decoder; /**< of raw records */
    struct reader *raw;
    struct outputs outputs;
    struct arena arena; /**< of the raw record under way */
    int64_t offset;     /**< of the raw record under way */
};

/** Takes a raw record; *more says whether to go on behind it. */
typedef bool (*rerun_take_fn)(void *ctx, const rd_kafka_message_t *message, bool *more, struct error *error);

/**
 * Opens all topics; options, span, memory and result are set by the caller and borrowed for life. Closed with
 * rerun_walk_close, also after a failure.
 */
bool rerun_walk_open(struct rerun_walk *walk, const struct rerun_subject *subject, struct error *error) MUST_CHECK;
void rerun_walk_close(struct rerun_walk *walk);
/** Has all raw records taken that validate has judged, until something differs; counts the others as waiting. */
bool rerun_walk_all(struct rerun_walk *walk, rerun_take_fn take, void *ctx, struct error *error) MUST_CHECK;

#endif
