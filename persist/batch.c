#include "persist/batch.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

void batch_init(struct batch *batch, const struct feeds *feeds)
{
    *batch = (struct batch){.feeds = feeds, .table_count = feeds->count, .tables = xcalloc(feeds->count, sizeof(*batch->tables))};
    for (size_t i = 0; i < feeds->count; i++)
        batch->tables[i].feed = &feeds->items[i];
}

void batch_reset(struct batch *batch)
{
    for (size_t i = 0; i < batch->message_count; i++)
        rd_kafka_message_destroy(batch->messages[i]);
    for (size_t i = 0; i < batch->table_count; i++) {
        buf_reset(&batch->tables[i].bytes);
        batch->tables[i].count = 0;
    }
    batch->message_count = batch->letter_count = batch->day_count = batch->bytes = 0;
    positions_reset(&batch->positions);
    arena_reset(&batch->arena);
}

void batch_clear(struct batch *batch)
{
    batch_reset(batch);
    for (size_t i = 0; i < batch->table_count; i++) {
        buf_clear(&batch->tables[i].bytes);
        free(batch->tables[i].rows);
    }
    free(batch->tables);
    free(batch->letters);
    free(batch->messages);
    positions_clear(&batch->positions);
    arena_clear(&batch->arena);
    *batch = (struct batch){0};
}

/** Room for one more item in a growing array; returns the array. */
static void *grow(void *items, size_t count, size_t *cap, size_t item_size)
{
    if (count < *cap)
        return items;
    *cap = *cap ? *cap * 2 : 64;
    return xrealloc(items, *cap * item_size);
}

/** Adds a dead letter. What the schema or the wire format forbids was found by the converter, all else by the task. */
static void add_letter(struct batch *batch, const struct feed *feed, const rd_kafka_message_t *message, const struct error *why)
{
    const char *cause = why->cause ? why->cause : "refused_row";
    const bool task = strncmp(cause, "refused_", 8) == 0 || strcmp(cause, "duplicate_row") == 0;
    batch->letters = grow(batch->letters, batch->letter_count, &batch->letter_cap, sizeof(*batch->letters));
    batch->letters[batch->letter_count++] = (struct batch_letter){
        .feed = feed,
        .message = message,
        .connect_stage = task ? "TASK_PUT" : "VALUE_CONVERTER",
        .cause = cause,
        .text = arena_strdup(&batch->arena, str_from(why->message)),
    };
}

void batch_refuse(struct batch *batch, struct batch_table *table, size_t row, const struct error *why)
{
    table->rows[row].refused = true;
    add_letter(batch, table->feed, table->rows[row].message, why);
}

/** Notes the partition a row needs. batch_full sees to it that there is room for one more. */
static void note_day(struct batch *batch, const struct table *table, int64_t at_us)
{
    const struct batch_day wanted = {.table = table, .day = time_day_of_us(at_us)};
    for (size_t i = batch->day_count; i > 0; i--) {
        if (batch->days[i - 1].day == wanted.day && batch->days[i - 1].table == table)
            return;
    }
    batch->days[batch->day_count++] = wanted;
}

/** Encodes the row of a decoded record; `message` is NULL where it came from elsewhere. */
static bool add_row(struct batch *batch, struct batch_table *table, struct dimensions *dimensions, struct origin origin,
                    const rd_kafka_message_t *message, struct str body, struct error *error)
{
    const struct encode_context context = {.origin = origin, .dimensions = dimensions, .arena = &batch->arena};
    struct batch_row row = {.begin = table->bytes.len, .message = message};
    if (!table_encode(table->feed->table, body, &context, &table->bytes, &row.at_us, error))
        return false;
    row.end = table->bytes.len;
    if (table->feed->table->by_day)
        note_day(batch, table->feed->table, row.at_us);
    table->rows = grow(table->rows, table->count, &table->cap, sizeof(*table->rows));
    table->rows[table->count++] = row;
    return true;
}

enum batch_result batch_add(struct batch *batch, struct dimensions *dimensions, rd_kafka_message_t *message, struct error *error)
{
    const char *topic = rd_kafka_topic_name(message->rkt);
    const size_t number = feeds_find(batch->feeds, topic);
    if (number == batch->feeds->count) {
        error_set(error, ERROR_FATAL, "a record of topic %s, which was not asked for", topic);
        return BATCH_FAILED;
    }
    struct batch_table *table = &batch->tables[number];
    const struct origin origin = {.partition = message->partition, .offset = message->offset};
    const struct str value = {.ptr = message->payload, .len = message->len};
    struct str body;
    switch (decoder_body(table->feed->decoder, value, &batch->arena, &body, error)) {
    case DECODE_WAIT:
        return BATCH_WAIT;
    case DECODE_INVALID:
        add_letter(batch, table->feed, message, error);
        break;
    case DECODE_OK:
        if (add_row(batch, table, dimensions, origin, message, body, error))
            break;
        if (error->code != ERROR_INVALID)
            return BATCH_FAILED;
        add_letter(batch, table->feed, message, error);
        break;
    }
    batch->messages = grow(batch->messages, batch->message_count, &batch->message_cap, sizeof(rd_kafka_message_t *));
    batch->messages[batch->message_count++] = message;
    batch->bytes += message->len + message->key_len;
    positions_set(&batch->positions, topic, message->partition, message->offset + 1);
    return BATCH_TAKEN;
}

bool batch_put(struct batch *batch, size_t feed, struct dimensions *dimensions, struct origin origin, struct str body,
               struct error *error)
{
    struct batch_table *table = &batch->tables[feed];
    if (!add_row(batch, table, dimensions, origin, NULL, body, error)) {
        if (error->code != ERROR_INVALID)
            return false;
        add_letter(batch, table->feed, NULL, error);
    }
    batch->bytes += body.len;
    return true;
}

bool batch_full(const struct batch *batch, int64_t rows_max)
{
    return (int64_t)batch->message_count >= rows_max || batch->bytes >= BATCH_BYTES_MAX || batch->day_count >= BATCH_DAYS_MAX;
}
