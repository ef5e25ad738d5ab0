#include "cli/newest.h"

#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"

/** Order of qsort: oldest first. */
static int compare_records(const void *a, const void *b)
{
    const struct newest_record *left = a, *right = b;
    if (left->timestamp_ms != right->timestamp_ms)
        return left->timestamp_ms < right->timestamp_ms ? -1 : 1;
    if (left->message->partition != right->message->partition)
        return left->message->partition < right->message->partition ? -1 : 1;
    return left->message->offset < right->message->offset ? -1 : 1;
}

void newest_sort(struct newest *newest)
{
    if (newest->count == 0)
        return;
    qsort(newest->records, newest->count, sizeof(newest->records[0]), compare_records);
    if (newest->count <= newest->wanted)
        return;
    const size_t older = newest->count - newest->wanted;
    for (size_t i = 0; i < older; i++)
        rd_kafka_message_destroy(newest->records[i].message);
    memmove(newest->records, newest->records + older, newest->wanted * sizeof(newest->records[0]));
    newest->count = newest->wanted;
}

void newest_add(struct newest *newest, rd_kafka_message_t *message)
{
    /* Sorting once per N additions keeps the cost per record logarithmic and the memory at 2 N. */
    if (newest->count == 2 * newest->wanted)
        newest_sort(newest);
    if (newest->count == newest->cap) {
        newest->cap = newest->cap ? 2 * newest->cap : 64;
        newest->records = xrealloc(newest->records, newest->cap * sizeof(newest->records[0]));
    }
    rd_kafka_timestamp_type_t kind;
    newest->records[newest->count++] =
        (struct newest_record){.message = message, .timestamp_ms = rd_kafka_message_timestamp(message, &kind)};
}

void newest_clear(struct newest *newest)
{
    for (size_t i = 0; i < newest->count; i++)
        rd_kafka_message_destroy(newest->records[i].message);
    free(newest->records);
    *newest = (struct newest){.wanted = newest->wanted};
}
