#include "validate/restore.h"

#include "base/service.h"
#include "bus/reader.h"

#define POLL_MS 200

/** A changelog on its way into a memory. */
struct restoring {
    const struct changelog *changelog;
    /** Takes the body of one record over; texts may be borrowed from the arena for the call. */
    bool (*take)(void *memory, const struct restoring *restoring, struct str body, struct arena *arena, struct error *error);
    void *memory;
    int32_t partition;
};

/** Checks that the state is not ahead of what is committed. */
static bool check_offset(const struct restoring *restoring, struct str asset, int64_t raw_offset, struct error *error)
{
    const int64_t committed_offset = restoring->changelog->committed_offset;
    if (raw_offset < committed_offset)
        return true;
    if (committed_offset < 0)
        return error_set(
            error, ERROR_INVALID,
            "the state of %.*s goes to raw offset %lld, but the group has no committed offset (a group without members "
            "loses them after some days): set the group's offset behind all state, or make the state topic anew to "
            "judge everything again",
            STR_ARG(asset), (long long)raw_offset);
    return error_set(
        error, ERROR_INVALID,
        "the state of %.*s goes to raw offset %lld, but only what is below %lld is committed: the group's offset was set "
        "back, or the topic was made anew",
        STR_ARG(asset), (long long)raw_offset, (long long)committed_offset);
}

/** take of quotes. */
static bool take_asset(void *memory, const struct restoring *restoring, struct str body, struct arena *arena, struct error *error)
{
    struct asset_state record;
    return asset_state_decode(body, arena, &record, error) && check_offset(restoring, record.asset, record.raw_offset, error) &&
           asset_restore(memory, &record, error);
}

/** take of bars. */
static bool take_bars(void *memory, const struct restoring *restoring, struct str body, struct arena *arena, struct error *error)
{
    struct bar_state record;
    return bar_state_decode(body, arena, &record, error) && check_offset(restoring, record.asset, record.raw_offset, error) &&
           asset_history_restore(memory, &record, error);
}

/** Takes one record of the changelog over. */
static bool restore_record(const struct restoring *restoring, const rd_kafka_message_t *message, struct arena *arena,
                           struct error *error)
{
    struct str body;
    const struct str value = {.ptr = message->payload, .len = message->len};
    if (!message->payload) /* a tombstone */
        return true;
    arena_reset(arena);
    return (decoder_body(restoring->changelog->decoder, value, arena, &body, error) == DECODE_OK &&
            restoring->take(restoring->memory, restoring, body, arena, error)) ||
           error_prefix(error, "state at offset %lld", (long long)message->offset);
}

/** Reads to the end. */
static bool restore_all(const struct restoring *restoring, struct reader *reader, struct error *error)
{
    struct arena arena = {0};
    bool ok = true, done = false;
    while (ok && !done) {
        rd_kafka_message_t *message = NULL;
        service_heartbeat();
        switch (reader_next(reader, POLL_MS, &message, error)) {
        case READER_RECORD:
            ok = restore_record(restoring, message, &arena, error);
            rd_kafka_message_destroy(message);
            break;
        case READER_IDLE:
            ok = !service_stopping() || error_set(error, ERROR_RETRY, "a stop was asked for while the state was restored");
            break;
        case READER_DONE:
            done = true;
            break;
        case READER_FAILED:
            ok = false;
            break;
        }
    }
    arena_clear(&arena);
    return ok;
}

/** Reads a changelog from its beginning to its end. */
static bool restore(const struct restoring *restoring, struct error *error)
{
    const struct changelog *changelog = restoring->changelog;
    const struct reader_options options = {
        .topic = changelog->topic, .partition = restoring->partition, .start = READER_BEGINNING};
    struct reader *reader = reader_new(changelog->kafka, &options, error);
    const bool ok = reader && restore_all(restoring, reader, error);
    reader_free(reader);
    return ok || error_prefix(error, "restoring %.120s [%d]", changelog->topic, (int)restoring->partition);
}

bool restore_partition(struct partition_memory *memory, const struct changelog *changelog, struct error *error)
{
    const struct restoring restoring = {
        .changelog = changelog, .take = take_asset, .memory = memory, .partition = memory->partition};
    return restore(&restoring, error);
}

bool restore_history(struct history *history, const struct changelog *changelog, struct error *error)
{
    const struct restoring restoring = {
        .changelog = changelog, .take = take_bars, .memory = history, .partition = history->partition};
    return restore(&restoring, error);
}
