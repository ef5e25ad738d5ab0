#include "validate/restore.h"

#include "base/service.h"
#include "bus/reader.h"

#define POLL_MS 200

/** Checks that the state is not ahead of what is committed. */
static bool check_offset(const struct asset_state *record, int64_t committed_offset, struct error *error)
{
    if (record->raw_offset < committed_offset)
        return true;
    if (committed_offset < 0)
        return error_set(
            error, ERROR_INVALID,
            "the state of %.*s goes to raw offset %lld, but the group has no committed offset (a group without members "
            "loses them after some days): set the group's offset behind all state, or make the state topic anew to "
            "judge everything again",
            STR_ARG(record->asset), (long long)record->raw_offset);
    return error_set(
        error, ERROR_INVALID,
        "the state of %.*s goes to raw offset %lld, but only what is below %lld is committed: the group's offset was set "
        "back, or the topic was made anew",
        STR_ARG(record->asset), (long long)record->raw_offset, (long long)committed_offset);
}

/** Takes one record of the changelog over. */
static bool restore_record(struct partition_memory *memory, const rd_kafka_message_t *message, struct decoder *decoder,
                           int64_t committed_offset, struct arena *arena, struct error *error)
{
    struct str body;
    struct asset_state record;
    const struct str value = {.ptr = message->payload, .len = message->len};
    if (!message->payload) /* a tombstone */
        return true;
    arena_reset(arena);
    if (decoder_body(decoder, value, arena, &body, error) != DECODE_OK || !asset_state_decode(body, arena, &record, error))
        return error_prefix(error, "state at offset %lld", (long long)message->offset);
    return check_offset(&record, committed_offset, error) && asset_restore(memory, &record, error);
}

/** Reads to the end. */
static bool restore_all(struct partition_memory *memory, struct reader *reader, struct decoder *decoder, int64_t committed_offset,
                        struct error *error)
{
    struct arena arena = {0};
    bool ok = true, done = false;
    while (ok && !done) {
        rd_kafka_message_t *message = NULL;
        service_heartbeat();
        switch (reader_next(reader, POLL_MS, &message, error)) {
        case READER_RECORD:
            ok = restore_record(memory, message, decoder, committed_offset, &arena, error);
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

bool restore_partition(struct partition_memory *memory, const struct kafka_settings *kafka, const char *topic,
                       struct decoder *decoder, int64_t committed_offset, struct error *error)
{
    const struct reader_options options = {.topic = topic, .partition = memory->partition, .start = READER_BEGINNING};
    struct reader *reader = reader_new(kafka, &options, error);
    const bool ok = reader && restore_all(memory, reader, decoder, committed_offset, error);
    reader_free(reader);
    return ok || error_prefix(error, "restoring %.120s [%d]", topic, (int)memory->partition);
}
