#include "cli/record_count.h"

#include <librdkafka/rdkafka.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "bus/reader.h"

#define POLL_MS 200
#define PARTITION_HEADER "__connect.errors.partition"
#define OFFSET_HEADER "__connect.errors.offset"

/** The record that a dead letter is about. */
struct letter_origin {
    int64_t partition;
    int64_t offset;
};

struct origins {
    struct letter_origin *items;
    size_t count;
    size_t cap;
};

/** A header that is a whole number. */
static bool number_header(const rd_kafka_headers_t *headers, const char *name, int64_t *number)
{
    const void *value;
    size_t size;
    char text[24];
    if (rd_kafka_header_get_last(headers, name, &value, &size) != RD_KAFKA_RESP_ERR_NO_ERROR || !value || size >= sizeof(text))
        return false;
    memcpy(text, value, size);
    text[size] = '\0';
    *number = strtoll(text, NULL, 10);
    return true;
}

/** Remembers what a record is a dead letter of. False: it is none. */
static bool keep_origin(struct origins *origins, const rd_kafka_message_t *message)
{
    rd_kafka_headers_t *headers;
    struct letter_origin origin;
    if (rd_kafka_message_headers(message, &headers) != RD_KAFKA_RESP_ERR_NO_ERROR ||
        !number_header(headers, PARTITION_HEADER, &origin.partition) || !number_header(headers, OFFSET_HEADER, &origin.offset))
        return false;
    if (origins->count == origins->cap) {
        origins->cap = origins->cap ? 2 * origins->cap : 64;
        origins->items = xrealloc(origins->items, origins->cap * sizeof(origins->items[0]));
    }
    origins->items[origins->count++] = origin;
    return true;
}

/** Order of qsort. */
static int compare_origins(const void *a, const void *b)
{
    const struct letter_origin *left = a, *right = b;
    if (left->partition != right->partition)
        return left->partition < right->partition ? -1 : 1;
    return (left->offset > right->offset) - (left->offset < right->offset);
}

/** How many different ones there are. */
static int64_t count_different(struct origins *origins)
{
    int64_t different = 0;
    if (origins->count)
        qsort(origins->items, origins->count, sizeof(origins->items[0]), compare_origins);
    for (size_t i = 0; i < origins->count; i++)
        different += i == 0 || compare_origins(&origins->items[i - 1], &origins->items[i]) != 0;
    return different;
}

bool record_count(const struct kafka_settings *settings, const char *topic, struct record_count *count, struct error *error)
{
    const struct reader_options options = {.topic = topic, .partition = READER_ALL_PARTITIONS, .start = READER_BEGINNING};
    struct reader *reader = reader_new(settings, &options, error);
    struct origins origins = {0};
    enum reader_result result = reader ? READER_IDLE : READER_FAILED;
    *count = (struct record_count){0};
    while (result == READER_IDLE || result == READER_RECORD) {
        rd_kafka_message_t *message = NULL;
        result = reader_next(reader, POLL_MS, &message, error);
        if (result != READER_RECORD)
            continue;
        count->records++;
        count->letters += !keep_origin(&origins, message);
        rd_kafka_message_destroy(message);
    }
    count->letters += count_different(&origins);
    free(origins.items);
    reader_free(reader);
    return result == READER_DONE;
}
