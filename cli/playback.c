#include "cli/playback.h"

#include <inttypes.h>
#include <stdlib.h>

/** One partition under way. */
struct lane {
    struct reader *reader; /* NULL: nothing to read */
    struct playback_span *span;
    rd_kafka_message_t *head; /* its next record, or NULL */
    int64_t head_ms;
    bool done;
};

struct playback {
    struct lane *lanes;
    size_t count;
};

/** Copies what lies in the wanted partition into spans; `begin` and `end` are those of the topic. */
static bool take_spans(const struct partition_span *found, size_t count, const char *topic, int32_t partition,
                       struct playback_spans *spans, struct error *error)
{
    *spans = (struct playback_spans){0};
    if (count == 0)
        return error_set(error, ERROR_NOT_FOUND, "there is no topic %s", topic);
    for (size_t i = 0; i < count; i++) {
        if (partition != READER_ALL_PARTITIONS && partition != found[i].partition)
            continue;
        if (spans->count == PLAYBACK_PARTITIONS_MAX)
            return error_set(error, ERROR_LIMIT, "topic %s has more than %d partitions: replay them one by one with --partition",
                             topic, PLAYBACK_PARTITIONS_MAX);
        if (found[i].begin < 0 || found[i].end < 0)
            return error_set(error, ERROR_UNREACHABLE, "the offsets of %s, partition %d are not known now: try again", topic,
                             (int)found[i].partition);
        spans->items[spans->count++] =
            (struct playback_span){.partition = found[i].partition, .begin = found[i].begin, .end = found[i].end};
    }
    return spans->count || error_set(error, ERROR_NOT_FOUND, "topic %s has no partition %d", topic, (int)partition);
}

/** Moves beginnings (or ends) of spans to the first records that are not older than a time. */
static bool apply_time(struct kafka_admin *admin, const char *topic, int64_t time_ms, bool at_end, struct playback_spans *spans,
                       struct error *error)
{
    struct partition_span asked[PLAYBACK_PARTITIONS_MAX];
    int64_t offsets[PLAYBACK_PARTITIONS_MAX];
    for (size_t i = 0; i < spans->count; i++)
        asked[i] = (struct partition_span){.topic = topic, .partition = spans->items[i].partition};
    if (!kafka_admin_offsets_at(admin, asked, spans->count, time_ms, offsets, error))
        return false;
    for (size_t i = 0; i < spans->count; i++) {
        struct playback_span *span = &spans->items[i];
        const int64_t offset = offsets[i] >= 0 && offsets[i] < span->end ? offsets[i] : span->end;
        *(at_end ? &span->end : &span->begin) = offset;
    }
    return true;
}

/** Cuts spans by the offsets of a range. */
static void apply_offsets(const struct tail_range *range, struct playback_spans *spans)
{
    for (size_t i = 0; i < spans->count; i++) {
        struct playback_span *span = &spans->items[i];
        if (range->start == READER_END)
            span->begin = span->end;
        if (range->start == READER_OFFSET && range->start_value > span->begin)
            span->begin = range->start_value;
        if (range->end_offset < span->end)
            span->end = range->end_offset;
        if (span->begin > span->end)
            span->begin = span->end;
        span->next = span->begin;
    }
}

bool playback_spans(struct kafka_admin *admin, const char *topic, const struct tail_range *range, int32_t partition,
                    struct playback_spans *spans, struct error *error)
{
    struct partition_span *found;
    size_t count;
    struct arena memory = {0};
    if (range->start == READER_LAST)
        return error_set(error, ERROR_USAGE, "--from: the newest N are no part of a topic: write start, @OFFSET or a time");
    bool ok = kafka_admin_spans(admin, &topic, 1, &memory, &found, &count, error) &&
              take_spans(found, count, topic, partition, spans, error);
    arena_clear(&memory);
    if (ok && range->end_ms != INT64_MAX)
        ok = apply_time(admin, topic, range->end_ms, true, spans, error);
    if (ok && range->start == READER_TIME)
        ok = apply_time(admin, topic, range->start_value, false, spans, error);
    if (ok)
        apply_offsets(range, spans);
    return ok;
}

int64_t playback_total(const struct playback_spans *spans)
{
    int64_t total = 0;
    for (size_t i = 0; i < spans->count; i++)
        total += spans->items[i].end - spans->items[i].begin;
    return total;
}

int64_t playback_done(const struct playback_spans *spans)
{
    int64_t done = 0;
    for (size_t i = 0; i < spans->count; i++)
        done += spans->items[i].next - spans->items[i].begin;
    return done;
}

struct playback *playback_new(const struct kafka_settings *settings, const char *topic, struct playback_spans *spans,
                              struct error *error)
{
    struct playback *playback = xcalloc(1, sizeof(*playback));
    playback->lanes = xcalloc(spans->count + 1, sizeof(*playback->lanes));
    for (; playback->count < spans->count; playback->count++) {
        struct playback_span *span = &spans->items[playback->count];
        struct lane *lane = &playback->lanes[playback->count];
        const struct reader_options options = {
            .topic = topic, .partition = span->partition, .start = READER_OFFSET, .start_value = span->next};
        *lane = (struct lane){.span = span, .done = span->next >= span->end};
        if (!lane->done)
            lane->reader = reader_new(settings, &options, error);
        if (!lane->done && !lane->reader) {
            playback_free(playback);
            return NULL;
        }
    }
    return playback;
}

void playback_free(struct playback *playback)
{
    if (!playback)
        return;
    for (size_t i = 0; i < playback->count; i++) {
        if (playback->lanes[i].head)
            rd_kafka_message_destroy(playback->lanes[i].head);
        reader_free(playback->lanes[i].reader);
    }
    free(playback->lanes);
    free(playback);
}

/** A lane has given all it has. */
static void finish(struct lane *lane)
{
    lane->done = true;
    lane->span->next = lane->span->end;
}

/** Sees to it that a lane has a next record, or is done. READER_RECORD: it is so. */
static enum reader_result fill(struct lane *lane, int64_t timeout_ms, struct error *error)
{
    if (lane->done || lane->head)
        return READER_RECORD;
    rd_kafka_timestamp_type_t kind;
    const enum reader_result result = reader_next(lane->reader, timeout_ms, &lane->head, error);
    if (result == READER_DONE)
        finish(lane);
    if (result == READER_RECORD && lane->head->offset >= lane->span->end) {
        rd_kafka_message_destroy(lane->head);
        lane->head = NULL;
        finish(lane);
    }
    if (lane->head)
        lane->head_ms = rd_kafka_message_timestamp(lane->head, &kind);
    return result == READER_DONE ? READER_RECORD : result;
}

/** Gives the head of a lane out. */
static rd_kafka_message_t *take(struct lane *lane)
{
    rd_kafka_message_t *message = lane->head;
    lane->head = NULL;
    lane->span->next = message->offset + 1;
    if (lane->span->next >= lane->span->end)
        finish(lane);
    return message;
}

enum reader_result playback_next(struct playback *playback, int64_t timeout_ms, rd_kafka_message_t **message, struct error *error)
{
    struct lane *oldest = NULL;
    for (size_t i = 0; i < playback->count; i++) {
        struct lane *lane = &playback->lanes[i];
        const enum reader_result result = fill(lane, timeout_ms, error);
        if (result != READER_RECORD)
            return result;
        if (lane->head && (!oldest || lane->head_ms < oldest->head_ms))
            oldest = lane;
    }
    if (!oldest)
        return READER_DONE;
    *message = take(oldest);
    return READER_RECORD;
}
