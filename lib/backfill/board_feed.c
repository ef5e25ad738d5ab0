#include "backfill/board_feed.h"

#include <stdlib.h>

#include "base/log.h"
#include "bus/decoder.h"
#include "bus/reader.h"

/** Most records of one poll. */
#define TURN_RECORDS 1000
/** Who follows has other things to do than to wait for a broker. */
#define FOLLOW_STALL_MS 3000

/** One topic. It is read to its end as it stands, and then, when it is followed, on from there. */
struct half {
    const char *topic; /* full name */
    struct decoder *decoder;
    struct reader *reader;
    int64_t next;   /* offset; -1: nothing came yet */
    bool complete;  /* the end as it stood was reached */
    bool exhausted; /* and nothing more will come */
    /** Takes a body onto the board. */
    bool (*take)(struct board *board, struct str body, struct arena *arena, struct error *error);
};

struct board_feed {
    const struct config *config;
    bool follow;
    struct half halves[2];
    struct arena arena;
};

/** take of requests. */
static bool take_request(struct board *board, struct str body, struct arena *arena, struct error *error)
{
    struct backfill_request request;
    const bool ok = backfill_request_decode(body, arena, &request, error);
    if (ok)
        (void)board_add_request(board, &request);
    return ok;
}

/** take of coverage. */
static bool take_coverage(struct board *board, struct str body, struct arena *arena, struct error *error)
{
    struct backfill_coverage coverage;
    const bool ok = backfill_coverage_decode(body, arena, &coverage, error);
    if (ok)
        board_add_coverage(board, &coverage);
    return ok;
}

/** Opens the reader of a topic where it goes on. */
static bool open_reader(const struct board_feed *feed, struct half *half, bool follow, struct error *error)
{
    const struct reader_options options = {.topic = half->topic,
                                           .partition = READER_ALL_PARTITIONS,
                                           .start = half->next < 0 ? READER_BEGINNING : READER_OFFSET,
                                           .start_value = half->next,
                                           .follow = follow,
                                           .stall_ms = feed->follow ? FOLLOW_STALL_MS : 0};
    reader_free(half->reader);
    half->reader = reader_new(&feed->config->kafka, &options, error);
    return half->reader != NULL;
}

struct board_feed *board_feed_new(const struct config *config, struct registry *registry, bool follow, struct error *error)
{
    struct board_feed *feed = xcalloc(1, sizeof(*feed));
    *feed = (struct board_feed){
        .config = config,
        .follow = follow,
        .halves = {{.topic = config_topic(config, REQUESTS_TOPIC),
                    .decoder = decoder_new(registry, backfill_request_schema_json, error),
                    .next = -1,
                    .take = take_request},
                   {.topic = config_topic(config, COVERAGE_TOPIC), .next = -1, .take = take_coverage}},
    };
    bool ok = feed->halves[0].decoder != NULL;
    feed->halves[1].decoder = ok ? decoder_new(registry, backfill_coverage_schema_json, error) : NULL;
    ok = feed->halves[1].decoder && open_reader(feed, &feed->halves[0], false, error) &&
         open_reader(feed, &feed->halves[1], false, error);
    if (!ok) {
        board_feed_free(feed);
        return NULL;
    }
    return feed;
}

void board_feed_free(struct board_feed *feed)
{
    if (!feed)
        return;
    for (size_t i = 0; i < 2; i++) {
        reader_free(feed->halves[i].reader);
        decoder_free(feed->halves[i].decoder);
    }
    arena_clear(&feed->arena);
    free(feed);
}

/** Takes one record onto the board. What cannot be read is said and left out; with the registry away it is tried again. */
static bool take(struct board_feed *feed, struct half *half, struct board *board, const rd_kafka_message_t *message,
                 struct error *error)
{
    struct str body;
    struct error why = {0};
    const struct str value = {.ptr = message->payload, .len = message->len};
    half->next = message->offset + 1;
    if (!message->payload)
        return true;
    arena_reset(&feed->arena);
    const enum decode_status status = decoder_body(half->decoder, value, &feed->arena, &body, &why);
    if (status == DECODE_WAIT) {
        *error = why;
        return false;
    }
    if (status != DECODE_OK || !half->take(board, body, &feed->arena, &why))
        log_warn("backfill", "a record could not be read and was left out", F_STR("topic", half->topic),
                 F_INT("offset", message->offset), F_ERR(&why));
    return true;
}

/** The end of what stood on a topic was reached. */
static bool reach_end(const struct board_feed *feed, struct half *half, struct error *error)
{
    half->complete = true;
    half->exhausted = !feed->follow;
    return half->exhausted || open_reader(feed, half, true, error);
}

/** Takes what is at hand of one topic. */
static bool poll_half(struct board_feed *feed, struct half *half, struct board *board, int64_t wait_ms, struct error *error)
{
    for (int i = 0; i < TURN_RECORDS && !half->exhausted; i++) {
        rd_kafka_message_t *message = NULL;
        bool ok = true;
        const enum reader_result result = reader_next(half->reader, i ? 0 : wait_ms, &message, error);
        if (result == READER_IDLE)
            return true;
        if (result == READER_DONE)
            return reach_end(feed, half, error);
        if (result == READER_RECORD) {
            ok = take(feed, half, board, message, error);
            rd_kafka_message_destroy(message);
        }
        if (result == READER_FAILED || !ok)
            return false;
    }
    return true;
}

bool board_feed_poll(struct board_feed *feed, struct board *board, int64_t wait_ms, struct error *error)
{
    /* Coverage first: a request must not be worked off before what is there of it is known. */
    return poll_half(feed, &feed->halves[1], board, wait_ms, error) && poll_half(feed, &feed->halves[0], board, 0, error);
}

bool board_feed_complete(const struct board_feed *feed)
{
    return feed->halves[0].complete && feed->halves[1].complete;
}
