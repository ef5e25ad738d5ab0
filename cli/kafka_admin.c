#include "cli/kafka_admin.h"

#include <stdlib.h>
#include <string.h>

#define TOPICS_MAX 1000

struct kafka_admin {
    rd_kafka_t *client;
    rd_kafka_queue_t *answers;
    int wait_ms;
    char brokers[128]; /* for messages; cut */
};

struct kafka_admin *kafka_admin_new(const struct kafka_settings *settings, int wait_ms, struct error *error)
{
    /* A consumer, since only its lookups of offsets respect open transactions; it never joins the group. */
    const struct kafka_property properties[] = {
        {"group.id", "quotebus.cli"}, {"isolation.level", "read_committed"}, {"enable.auto.commit", "false"}, {0}};
    rd_kafka_conf_t *conf = kafka_conf_new(settings, "quotebus-cli", properties, error);
    rd_kafka_t *client = conf ? kafka_client_new(RD_KAFKA_CONSUMER, conf, error) : NULL;
    if (!client)
        return NULL;
    struct kafka_admin *admin = xcalloc(1, sizeof(*admin));
    admin->client = client;
    admin->wait_ms = wait_ms;
    admin->answers = rd_kafka_queue_new(client);
    strncat(admin->brokers, settings->brokers, sizeof(admin->brokers) - 1);
    return admin;
}

void kafka_admin_free(struct kafka_admin *admin)
{
    if (!admin)
        return;
    rd_kafka_queue_destroy(admin->answers);
    /* It is in no group, so there is nothing to leave: closing would only wait for a coordinator. */
    rd_kafka_destroy_flags(admin->client, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
    free(admin);
}

/** Fills `error` for a call that failed; says what to do when nobody answered. */
static bool admin_failed(const struct kafka_admin *admin, rd_kafka_resp_err_t err, const char *what, struct error *error)
{
    if (kafka_error_code(err) == ERROR_UNREACHABLE)
        return error_cause(
            error, ERROR_UNREACHABLE, rd_kafka_err2name(err),
            "Kafka at %s does not answer (%s: %s). Is it running? kafka.brokers says where to look; compose/up starts one",
            admin->brokers, what, rd_kafka_err2str(err));
    return kafka_error_set(error, err, "Kafka at %s: %s", admin->brokers, what);
}

/** The topic's metadata, or NULL when it does not exist. */
static const struct rd_kafka_metadata_topic *find_metadata(const struct rd_kafka_metadata *metadata, const char *name)
{
    for (int i = 0; i < metadata->topic_cnt; i++) {
        const struct rd_kafka_metadata_topic *topic = &metadata->topics[i];
        if (topic->err == RD_KAFKA_RESP_ERR_NO_ERROR && strcmp(topic->topic, name) == 0)
            return topic;
    }
    return NULL;
}

/** Asks for all topics: asking for one by name could make it. */
static bool get_metadata(struct kafka_admin *admin, const struct rd_kafka_metadata **metadata, struct error *error)
{
    const rd_kafka_resp_err_t err = rd_kafka_metadata(admin->client, 1, NULL, metadata, admin->wait_ms);
    return err == RD_KAFKA_RESP_ERR_NO_ERROR || admin_failed(admin, err, "list of topics", error);
}

/** Options of one admin call. */
static rd_kafka_AdminOptions_t *admin_options(struct kafka_admin *admin, rd_kafka_admin_op_t operation)
{
    char text[128];
    rd_kafka_AdminOptions_t *options = rd_kafka_AdminOptions_new(admin->client, operation);
    rd_kafka_AdminOptions_set_request_timeout(options, admin->wait_ms, text, sizeof(text));
    return options;
}

/** Waits for the answer of an admin call. NULL and an error when it failed as a whole; else destroyed by the caller. */
static rd_kafka_event_t *admin_answer(struct kafka_admin *admin, const char *what, struct error *error)
{
    rd_kafka_event_t *event = rd_kafka_queue_poll(admin->answers, admin->wait_ms + 1000);
    if (!event) {
        admin_failed(admin, RD_KAFKA_RESP_ERR__TIMED_OUT, what, error);
        return NULL;
    }
    if (rd_kafka_event_error(event) == RD_KAFKA_RESP_ERR_NO_ERROR)
        return event;
    admin_failed(admin, rd_kafka_event_error(event), what, error);
    rd_kafka_event_destroy(event);
    return NULL;
}

/** Copies the settings that the wish compares out of what the broker told about its topic. */
static void read_properties(const rd_kafka_ConfigResource_t *resource, const struct topic_wish *wish, struct topic_state *state,
                            struct arena *memory)
{
    size_t entry_count;
    const rd_kafka_ConfigEntry_t **entries = rd_kafka_ConfigResource_configs(resource, &entry_count);
    for (size_t i = 0; i < wish->compared_count; i++) {
        state->properties[i] = (struct kafka_property){.name = wish->properties[i].name};
        for (size_t k = 0; k < entry_count; k++) {
            const char *value = rd_kafka_ConfigEntry_value(entries[k]);
            if (value && strcmp(rd_kafka_ConfigEntry_name(entries[k]), wish->properties[i].name) == 0)
                state->properties[i].value = arena_strdup(memory, str_from(value));
        }
    }
}

/** Takes the answer of DescribeConfigs apart. */
static bool read_configs(struct kafka_admin *admin, const rd_kafka_event_t *event, const struct topic_wish *wishes, size_t count,
                         struct topic_state *states, struct arena *memory, struct error *error)
{
    size_t resource_count;
    const rd_kafka_ConfigResource_t **resources = rd_kafka_DescribeConfigs_result_resources(
        rd_kafka_event_DescribeConfigs_result((rd_kafka_event_t *)event), &resource_count);
    for (size_t i = 0; i < resource_count; i++) {
        const char *name = rd_kafka_ConfigResource_name(resources[i]);
        if (rd_kafka_ConfigResource_error(resources[i]) != RD_KAFKA_RESP_ERR_NO_ERROR)
            return admin_failed(admin, rd_kafka_ConfigResource_error(resources[i]), name, error);
        for (size_t k = 0; k < count; k++) {
            if (strcmp(wishes[k].name, name) == 0)
                read_properties(resources[i], &wishes[k], &states[k], memory);
        }
    }
    return true;
}

/** Asks for the settings of the topics that exist. */
static bool describe_configs(struct kafka_admin *admin, const struct topic_wish *wishes, size_t count, struct topic_state *states,
                             struct arena *memory, struct error *error)
{
    rd_kafka_ConfigResource_t *resources[TOPICS_MAX];
    size_t resource_count = 0;
    for (size_t i = 0; i < count; i++) {
        if (states[i].exists)
            resources[resource_count++] = rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, wishes[i].name);
    }
    if (resource_count == 0)
        return true;
    rd_kafka_AdminOptions_t *options = admin_options(admin, RD_KAFKA_ADMIN_OP_DESCRIBECONFIGS);
    rd_kafka_DescribeConfigs(admin->client, resources, resource_count, options, admin->answers);
    rd_kafka_event_t *event = admin_answer(admin, "settings of topics", error);
    const bool ok = event && read_configs(admin, event, wishes, count, states, memory, error);
    if (event)
        rd_kafka_event_destroy(event);
    rd_kafka_AdminOptions_destroy(options);
    rd_kafka_ConfigResource_destroy_array(resources, resource_count);
    return ok;
}

bool kafka_admin_describe(struct kafka_admin *admin, const struct topic_wish *wishes, size_t count, struct topic_state *states,
                          struct arena *memory, struct error *error)
{
    const struct rd_kafka_metadata *metadata;
    if (count > TOPICS_MAX)
        return error_set(error, ERROR_LIMIT, "more than %d topics", TOPICS_MAX);
    if (!get_metadata(admin, &metadata, error))
        return false;
    for (size_t i = 0; i < count; i++) {
        const struct rd_kafka_metadata_topic *topic = find_metadata(metadata, wishes[i].name);
        states[i] = (struct topic_state){.exists = topic != NULL, .partitions = topic ? topic->partition_cnt : 0};
    }
    rd_kafka_metadata_destroy(metadata);
    return describe_configs(admin, wishes, count, states, memory, error);
}

/** A librdkafka object for a wish; the replication is the broker's default. */
static rd_kafka_NewTopic_t *new_topic(const struct topic_wish *wish, struct error *error)
{
    char text[256];
    rd_kafka_NewTopic_t *topic = rd_kafka_NewTopic_new(wish->name, wish->partitions, -1, text, sizeof(text));
    if (!topic) {
        error_set(error, ERROR_INVALID, "topic %s: %s", wish->name, text);
        return NULL;
    }
    for (size_t i = 0; i < wish->property_count; i++)
        rd_kafka_NewTopic_set_config(topic, wish->properties[i].name, wish->properties[i].value);
    return topic;
}

/** The first topic that could not be made decides. */
static bool check_created(struct kafka_admin *admin, const rd_kafka_event_t *event, struct error *error)
{
    size_t count;
    const rd_kafka_topic_result_t **results =
        rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result((rd_kafka_event_t *)event), &count);
    for (size_t i = 0; i < count; i++) {
        const rd_kafka_resp_err_t err = rd_kafka_topic_result_error(results[i]);
        if (err == RD_KAFKA_RESP_ERR_NO_ERROR || err == RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS)
            continue;
        const char *reason = rd_kafka_topic_result_error_string(results[i]);
        return error_cause(error, kafka_error_code(err), rd_kafka_err2name(err), "Kafka at %s: creating %s: %s", admin->brokers,
                           rd_kafka_topic_result_name(results[i]), reason ? reason : rd_kafka_err2str(err));
    }
    return true;
}

bool kafka_admin_create(struct kafka_admin *admin, const struct topic_wish *wishes, size_t count, struct error *error)
{
    rd_kafka_NewTopic_t *topics[TOPICS_MAX];
    size_t made = 0;
    bool ok = count <= TOPICS_MAX;
    for (; ok && made < count; made++) {
        topics[made] = new_topic(&wishes[made], error);
        ok = topics[made] != NULL;
        if (!ok)
            break;
    }
    if (ok && count > 0) {
        rd_kafka_AdminOptions_t *options = admin_options(admin, RD_KAFKA_ADMIN_OP_CREATETOPICS);
        rd_kafka_CreateTopics(admin->client, topics, made, options, admin->answers);
        rd_kafka_event_t *event = admin_answer(admin, "creating topics", error);
        ok = event && check_created(admin, event, error);
        if (event)
            rd_kafka_event_destroy(event);
        rd_kafka_AdminOptions_destroy(options);
    }
    rd_kafka_NewTopic_destroy_array(topics, made);
    return ok;
}

/** A list with one entry per span; `offset` is what they are asked about. */
static rd_kafka_topic_partition_list_t *partition_list(const struct partition_span *spans, size_t count, int64_t offset)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new((int)count);
    for (size_t i = 0; i < count; i++)
        rd_kafka_topic_partition_list_add(list, spans[i].topic, spans[i].partition)->offset = offset;
    return list;
}

/** The offset that a list has for a partition, -1 where it has none. */
static int64_t offset_of(const rd_kafka_topic_partition_list_t *list, const struct partition_span *span)
{
    for (int i = 0; i < list->cnt; i++) {
        const rd_kafka_topic_partition_t *entry = &list->elems[i];
        if (entry->partition == span->partition && strcmp(entry->topic, span->topic) == 0)
            return entry->err == RD_KAFKA_RESP_ERR_NO_ERROR && entry->offset >= 0 ? entry->offset : -1;
    }
    return -1;
}

bool kafka_admin_offsets_at(struct kafka_admin *admin, const struct partition_span *spans, size_t count, int64_t time_ms,
                            int64_t *offsets, struct error *error)
{
    rd_kafka_topic_partition_list_t *list = partition_list(spans, count, time_ms);
    const rd_kafka_resp_err_t err = rd_kafka_offsets_for_times(admin->client, list, admin->wait_ms);
    for (size_t i = 0; i < count; i++)
        offsets[i] = err == RD_KAFKA_RESP_ERR_NO_ERROR ? offset_of(list, &spans[i]) : -1;
    rd_kafka_topic_partition_list_destroy(list);
    return err == RD_KAFKA_RESP_ERR_NO_ERROR || admin_failed(admin, err, "offsets of topics", error);
}

/** Looks the beginnings or the ends of all spans up at once. */
static bool look_up_offsets(struct kafka_admin *admin, struct partition_span *spans, size_t count, int64_t which,
                            struct error *error)
{
    int64_t *offsets = xcalloc(count, sizeof(*offsets));
    const bool ok = kafka_admin_offsets_at(admin, spans, count, which, offsets, error);
    for (size_t i = 0; i < count; i++)
        *(which == RD_KAFKA_OFFSET_BEGINNING ? &spans[i].begin : &spans[i].end) = offsets[i];
    free(offsets);
    return ok;
}

bool kafka_admin_spans(struct kafka_admin *admin, const char *const *topics, size_t topic_count, struct arena *memory,
                       struct partition_span **spans, size_t *span_count, struct error *error)
{
    const struct rd_kafka_metadata *metadata;
    if (!get_metadata(admin, &metadata, error))
        return false;
    size_t count = 0;
    for (size_t i = 0; i < topic_count; i++) {
        const struct rd_kafka_metadata_topic *topic = find_metadata(metadata, topics[i]);
        count += topic ? (size_t)topic->partition_cnt : 0;
    }
    *spans = arena_alloc(memory, (count + 1) * sizeof(**spans));
    *span_count = 0;
    for (size_t i = 0; i < topic_count; i++) {
        const struct rd_kafka_metadata_topic *topic = find_metadata(metadata, topics[i]);
        for (int k = 0; topic && k < topic->partition_cnt; k++)
            (*spans)[(*span_count)++] = (struct partition_span){.topic = topics[i], .partition = topic->partitions[k].id};
    }
    rd_kafka_metadata_destroy(metadata);
    return count == 0 || (look_up_offsets(admin, *spans, count, RD_KAFKA_OFFSET_BEGINNING, error) &&
                          look_up_offsets(admin, *spans, count, RD_KAFKA_OFFSET_END, error));
}

/** Reads the answer of ListConsumerGroupOffsets. */
static bool read_committed(struct kafka_admin *admin, rd_kafka_event_t *event, const struct partition_span *spans, size_t count,
                           int64_t *next_offsets, struct error *error)
{
    size_t group_count;
    const rd_kafka_group_result_t **groups =
        rd_kafka_ListConsumerGroupOffsets_result_groups(rd_kafka_event_ListConsumerGroupOffsets_result(event), &group_count);
    for (size_t i = 0; i < group_count; i++) {
        const rd_kafka_error_t *failure = rd_kafka_group_result_error(groups[i]);
        if (failure)
            return admin_failed(admin, rd_kafka_error_code(failure), "offsets of a group", error);
        const rd_kafka_topic_partition_list_t *list = rd_kafka_group_result_partitions(groups[i]);
        for (size_t k = 0; list && k < count; k++)
            next_offsets[k] = offset_of(list, &spans[k]);
    }
    return true;
}

bool kafka_admin_committed(struct kafka_admin *admin, const char *group, const struct partition_span *spans, size_t count,
                           int64_t *next_offsets, struct error *error)
{
    for (size_t i = 0; i < count; i++)
        next_offsets[i] = -1;
    if (count == 0)
        return true;
    rd_kafka_topic_partition_list_t *list = partition_list(spans, count, RD_KAFKA_OFFSET_INVALID);
    rd_kafka_ListConsumerGroupOffsets_t *request = rd_kafka_ListConsumerGroupOffsets_new(group, list);
    rd_kafka_AdminOptions_t *options = admin_options(admin, RD_KAFKA_ADMIN_OP_LISTCONSUMERGROUPOFFSETS);
    rd_kafka_ListConsumerGroupOffsets(admin->client, &request, 1, options, admin->answers);
    rd_kafka_event_t *event = admin_answer(admin, "offsets of a group", error);
    const bool ok = event && read_committed(admin, event, spans, count, next_offsets, error);
    if (event)
        rd_kafka_event_destroy(event);
    rd_kafka_AdminOptions_destroy(options);
    rd_kafka_ListConsumerGroupOffsets_destroy(request);
    rd_kafka_topic_partition_list_destroy(list);
    return ok;
}
