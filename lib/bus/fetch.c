#include "bus/fetch.h"

#include <stdbool.h>

/** Longest wait for the answer to the request that wakes the fetcher. */
#define WAKE_TIMEOUT_MS 100

/** Sends a request that has no other purpose to the broker of the first assigned partition. */
static void wake_fetcher(rd_kafka_t *rk)
{
    rd_kafka_topic_partition_list_t *assigned;
    int64_t low;
    int64_t high;
    if (rd_kafka_assignment(rk, &assigned))
        return;
    if (assigned->cnt > 0)
        (void)rd_kafka_query_watermark_offsets(rk, assigned->elems[0].topic, assigned->elems[0].partition, &low, &high,
                                               WAKE_TIMEOUT_MS);
    rd_kafka_topic_partition_list_destroy(assigned);
}

rd_kafka_message_t *fetch_poll(rd_kafka_t *rk, struct fetch_burst *burst, int64_t timeout_ms)
{
    rd_kafka_message_t *message = rd_kafka_consumer_poll(rk, 0);
    if (!message) {
        /* Half a queue at once: it was probably full. */
        const bool was_full =
            burst->messages >= FETCH_QUEUE_MESSAGES / 2 || burst->bytes >= (size_t)FETCH_QUEUE_KBYTES * 1024 / 2;
        *burst = (struct fetch_burst){0};
        if (was_full)
            wake_fetcher(rk);
        message = rd_kafka_consumer_poll(rk, (int)timeout_ms);
    }
    if (message && !message->err) {
        burst->messages++;
        burst->bytes += message->len;
    }
    return message;
}
