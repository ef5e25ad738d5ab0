#include "bus/fence.h"

/**
 * Whether the consumer still is a member of its group. librdkafka clears the member id as soon as it learns that it was thrown
 * out, and sets a new one only after the loss was served by a poll. Asked after the group's metadata was taken: if that had no
 * member, there is none now.
 */
static bool is_member(struct consumer *consumer, struct error *error)
{
    char *member = rd_kafka_memberid(consumer_handle(consumer));
    const bool known = member && *member;
    if (member)
        rd_kafka_mem_free(consumer_handle(consumer), member);
    return known || error_set(error, ERROR_FENCED, "the group goes on without this instance");
}

bool fence_send_offsets(struct consumer *consumer, struct producer *producer, const rd_kafka_topic_partition_list_t *offsets,
                        struct error *error)
{
    rd_kafka_consumer_group_metadata_t *group = consumer_group_metadata(consumer);
    const bool sent = is_member(consumer, error) && (offsets->cnt == 0 || producer_send_offsets(producer, offsets, group, error));
    rd_kafka_consumer_group_metadata_destroy(group);
    return sent;
}
