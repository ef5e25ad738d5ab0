#include "cli/plan_ledger.h"

#include <stdlib.h>
#include <string.h>

#include "bus/decoder.h"
#include "bus/reader.h"
#include "ingest/ledger.h"

#define POLL_MS 200
/** Patience with a broker: the command has something to say without it, too. */
#define STALL_MS 3000

/** What reading needs. */
struct taking {
    struct planner *planner;
    const struct moment *now;
    struct decoder *decoder;
    struct ledger_lane *books; /* per lane */
    bool *told;
    struct lane_state state;
    struct arena arena;
};

/** Takes one record over; that of a lane that is not configured is left out. */
static bool take_record(struct taking *taking, const rd_kafka_message_t *message, struct error *error)
{
    struct str body;
    struct ledger_entry entry;
    const struct ledger_call **left_out;
    const struct str value = {.ptr = message->payload, .len = message->len};
    arena_reset(&taking->arena);
    if (value.len == 0)
        return true;
    if (decoder_body(taking->decoder, value, &taking->arena, &body, error) != DECODE_OK ||
        !ledger_entry_decode(body, &taking->arena, &entry, error))
        return error_prefix(error, "ingest.ledger, offset %lld", (long long)message->offset);
    for (size_t i = 0; i < planner_lanes(taking->planner); i++) {
        if (!str_is(entry.lane, planner_lane_name(taking->planner, i)))
            continue;
        ledger_read(&taking->books[i], &entry, &taking->state, &taking->arena, &left_out);
        planner_switch(taking->planner, i, false);
        planner_import(taking->planner, i, &taking->state, taking->now);
        planner_switch(taking->planner, i, true);
        taking->told[i] = true;
    }
    return true;
}

/** Reads the topic to its end; later records replace earlier ones. */
static bool read_all(struct taking *taking, struct reader *reader, struct error *error)
{
    enum reader_result result = READER_IDLE;
    bool fine = true;
    while (fine && (result == READER_IDLE || result == READER_RECORD)) {
        rd_kafka_message_t *message = NULL;
        result = reader_next(reader, POLL_MS, &message, error);
        if (result == READER_RECORD) {
            fine = take_record(taking, message, error);
            rd_kafka_message_destroy(message);
        }
    }
    return fine && result == READER_DONE;
}

bool plan_ledger_take(const struct config *config, struct planner *planner, const struct moment *now, size_t *lanes,
                      struct error *error)
{
    const struct reader_options options = {.topic = config_topic(config, "ingest.ledger"),
                                           .partition = READER_ALL_PARTITIONS,
                                           .start = READER_BEGINNING,
                                           .stall_ms = STALL_MS};
    const size_t count = planner_lanes(planner);
    struct taking taking = {.planner = planner, .now = now};
    struct registry *registry = registry_new(&config->registry, error);
    struct reader *reader = NULL;
    taking.books = xcalloc(count + 1, sizeof(*taking.books));
    taking.told = xcalloc(count + 1, sizeof(*taking.told));
    taking.decoder = registry ? decoder_new(registry, ledger_entry_schema_json, error) : NULL;
    reader = taking.decoder ? reader_new(&config->kafka, &options, error) : NULL;
    const bool ok = reader && read_all(&taking, reader, error);
    *lanes = 0;
    for (size_t i = 0; i < count; i++) {
        *lanes += taking.told[i];
        ledger_clear(&taking.books[i]);
    }
    reader_free(reader);
    decoder_free(taking.decoder);
    registry_free(registry);
    lane_state_clear(&taking.state);
    arena_clear(&taking.arena);
    free(taking.books);
    free(taking.told);
    return ok;
}
