#include "cli/rerun_walk.h"

#include "bus/reader.h"

#define POLL_MS 200

bool rerun_walk_open(struct rerun_walk *walk, const struct rerun_subject *subject, struct error *error)
{
    const struct rerun_options *options = walk->options;
    const struct reader_options raw = {.topic = config_topic(options->config, subject->raw_topic),
                                       .partition = walk->span->partition,
                                       .start = READER_BEGINNING};
    outputs_init(&walk->outputs, options->config);
    for (; walk->live_count < subject->compared_count; walk->live_count++) {
        struct live_records *live = live_records_new(options->config, options->registry, subject->compared[walk->live_count],
                                                     walk->span->partition, error);
        if (!live)
            return false;
        walk->live[walk->live_count] = live;
    }
    walk->decoder = decoder_new(options->registry, subject->raw_schema_json, error);
    /* The raw topic last, so that it reaches at least as far as the others. */
    walk->raw = walk->decoder ? reader_new(&options->config->kafka, &raw, error) : NULL;
    return walk->raw != NULL;
}

void rerun_walk_close(struct rerun_walk *walk)
{
    for (size_t place = 0; place < walk->live_count; place++)
        live_records_free(walk->live[place]);
    reader_free(walk->raw);
    decoder_free(walk->decoder);
    outputs_clear(&walk->outputs);
    arena_clear(&walk->arena);
}

/** Has one raw record taken. */
static bool take_one(struct rerun_walk *walk, const rd_kafka_message_t *message, rerun_take_fn take, void *ctx, bool *more,
                     struct error *error)
{
    arena_reset(&walk->arena);
    walk->offset = message->offset;
    return take(ctx, message, more, error);
}

bool rerun_walk_all(struct rerun_walk *walk, rerun_take_fn take, void *ctx, struct error *error)
{
    const int64_t judged_to = walk->span->judged_to;
    bool more = true;
    while (walk->result->difference.kind == RERUN_EQUAL) {
        rd_kafka_message_t *message = NULL;
        struct error why = {0};
        const enum reader_result result = reader_next(walk->raw, POLL_MS, &message, error);
        if (result == READER_DONE || result == READER_FAILED)
            return result == READER_DONE;
        if (result == READER_IDLE)
            continue;
        more = more && (judged_to < 0 || message->offset < judged_to);
        const bool ok = !more || take_one(walk, message, take, ctx, &more, &why);
        walk->result->waiting += !more;
        rd_kafka_message_destroy(message);
        if (!ok) {
            *error = why;
            return error_prefix(error, "raw offset %lld", (long long)walk->offset);
        }
    }
    return true;
}
