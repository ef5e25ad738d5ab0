/*
 * What the command line asks Kafka about: topics and their settings, how far they reach, how far groups are. Creates topics.
 *
 * One client without a group; every call is bounded by the wait given and fails with ERROR_UNREACHABLE and a message that says
 * what to do when no broker answers. Threads: one.
 */
#ifndef QUOTEBUS_CLI_KAFKA_ADMIN_H
#define QUOTEBUS_CLI_KAFKA_ADMIN_H

#include <librdkafka/rdkafka.h>

#include "base/bytes.h"
#include "base/config.h"
#include "base/error.h"
#include "bus/kafka_conf.h"

/** Most settings of a topic that are looked at. */
#define TOPIC_PROPERTIES_MAX 8

struct kafka_admin;

/** A topic to be made. */
struct topic_wish {
    const char *name; /**< full */
    int32_t partitions;
    struct kafka_property properties[TOPIC_PROPERTIES_MAX];
    size_t property_count;
    size_t compared_count; /**< the first ones of `properties`, which an existing topic is expected to have */
};

/** A topic as it is. */
struct topic_state {
    bool exists;
    int32_t partitions;
    struct kafka_property properties[TOPIC_PROPERTIES_MAX]; /**< the wish's compared ones, in its order; value NULL: not told */
};

/** Offsets of one partition; -1 where they are not known. */
struct partition_span {
    const char *topic; /**< borrowed from the caller */
    int32_t partition;
    int64_t begin; /**< oldest offset */
    int64_t end;   /**< the next one: behind the last record that readers of committed records see */
};

/** Connects lazily; waits up to `wait_ms` for each answer. NULL when a setting is refused. Freed with kafka_admin_free. */
struct kafka_admin *kafka_admin_new(const struct kafka_settings *settings, int wait_ms, struct error *error) MUST_CHECK;
/** NULL is fine. */
void kafka_admin_free(struct kafka_admin *admin);

/** How each wished topic is now, into states[count]; texts go into `memory`. */
bool kafka_admin_describe(struct kafka_admin *admin, const struct topic_wish *wishes, size_t count, struct topic_state *states,
                          struct arena *memory, struct error *error) MUST_CHECK;
/** Makes topics; one that another program makes at the same time is no failure. */
bool kafka_admin_create(struct kafka_admin *admin, const struct topic_wish *wishes, size_t count, struct error *error) MUST_CHECK;

/**
 * The spans of all partitions of some topics (full names), one after the other; a topic that does not exist has none. *spans is
 * in `memory`, *span_count gets their number.
 */
bool kafka_admin_spans(struct kafka_admin *admin, const char *const *topics, size_t topic_count, struct arena *memory,
                       struct partition_span **spans, size_t *span_count, struct error *error) MUST_CHECK;
/** The first offset at or after a time (milliseconds since the epoch) of each span's partition into offsets[count]; -1: none. */
bool kafka_admin_offsets_at(struct kafka_admin *admin, const struct partition_span *spans, size_t count, int64_t time_ms,
                            int64_t *offsets, struct error *error) MUST_CHECK;
/** The offsets that a group committed for these partitions into next_offsets[count]; -1: none. */
bool kafka_admin_committed(struct kafka_admin *admin, const char *group, const struct partition_span *spans, size_t count,
                           int64_t *next_offsets, struct error *error) MUST_CHECK;

#endif
