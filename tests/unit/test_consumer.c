#include "mock_kafka.h"

#include <stdio.h>

#include "base/metrics.h"
#include "bus/consumer.h"

/*
 * The mock cluster lets a new group wait for three seconds. So all consumers join at the start, each with a topic and a group of
 * his own, and a test first fills its topic and then polls: only then its partitions are assigned.
 */
static struct mock_kafka mock;

/** What the owner of a consumer wants and was told. */
struct owner {
    int64_t start;  /* replaces the committed offsets; INT64_MIN: leave them */
    bool refuse;    /* the assignment */
    int assigned;   /* partitions, all calls together */
    int revoked;    /* likewise */
    int64_t offset; /* of the first partition as it came */
};

/** A consumer and its owner. */
struct scene {
    const char *name; /* of topic and group */
    int partitions;
    bool late; /* the topic is not there at first */
    struct owner owner;
    struct consumer_events events;
    struct consumer *consumer;
    struct error error;
};

static struct scene from_beginning = {.name = "beginning", .partitions = 1, .owner = {.start = INT64_MIN}};
static struct scene two_partitions = {.name = "two", .partitions = 2, .owner = {.start = INT64_MIN}};
static struct scene from_two = {.name = "from-two", .partitions = 1, .owner = {.start = 2}};
static struct scene displaying = {.name = "display", .partitions = 1, .owner = {.start = INT64_MIN}};
static struct scene shortened = {.name = "retention", .partitions = 1, .owner = {.start = 0}};
static struct scene from_behind = {.name = "behind", .partitions = 1, .owner = {.start = 77}};
static struct scene refusing = {.name = "refuse", .partitions = 1, .owner = {.start = INT64_MIN, .refuse = true}};
static struct scene transactional = {.name = "transaction", .partitions = 1, .owner = {.start = INT64_MIN}};
static struct scene too_early = {.name = "late", .partitions = 1, .late = true, .owner = {.start = INT64_MIN}};
static struct scene interrupted = {.name = "away", .partitions = 1, .owner = {.start = INT64_MIN}};
static struct scene *const scenes[] = {&from_beginning, &two_partitions, &from_two,      &displaying, &shortened,
                                       &from_behind,    &refusing,       &transactional, &too_early,  &interrupted};
#define SCENE_COUNT (sizeof(scenes) / sizeof(scenes[0]))

static bool on_assigned(void *ctx, rd_kafka_topic_partition_list_t *partitions, struct error *error)
{
    struct owner *owner = ctx;
    owner->assigned += partitions->cnt;
    if (partitions->cnt > 0)
        owner->offset = partitions->elems[0].offset;
    for (int i = 0; owner->start != INT64_MIN && i < partitions->cnt; i++)
        partitions->elems[i].offset = owner->start;
    return !owner->refuse || error_set(error, ERROR_UNREACHABLE, "no database");
}

static bool on_revoked(void *ctx, const rd_kafka_topic_partition_list_t *partitions, bool lost, struct error *error)
{
    struct owner *owner = ctx;
    (void)lost;
    (void)error;
    owner->revoked += partitions->cnt;
    return true;
}

/** Begins to consume. */
static void consume(struct scene *scene)
{
    static char *refresh[] = {"topic.metadata.refresh.interval.ms=200"};
    struct kafka_settings settings = mock.settings;
    settings.properties = (struct string_list){.items = refresh, .count = 1};
    scene->events = (struct consumer_events){.ctx = &scene->owner, .assigned = on_assigned, .revoked = on_revoked};
    const struct consumer_options options = {.client_id = "test",
                                             .group = scene->name,
                                             .topics = &scene->name,
                                             .topic_count = 1,
                                             .session_timeout_ms = 6000,
                                             .events = &scene->events};
    scene->consumer = consumer_new(&settings, &options, &scene->error);
    if (!scene->consumer)
        fail_msg("%s", scene->error.message);
}

/** Leaves the group. */
static void leave(struct scene *scene)
{
    consumer_free(scene->consumer);
    scene->consumer = NULL;
}

/** Adds small records to the first partition. */
static void fill(const struct scene *scene, int count)
{
    mock_fill_topic(&mock, scene->name, 0, count, 10);
}

/** Polls up to 20 s until a record or a failure comes; the offset of the record, or -1 on failure. */
static int64_t next_offset(struct scene *scene)
{
    rd_kafka_message_t *message;
    const int64_t deadline_ms = clock_mono_ms() + 20000;
    while (clock_mono_ms() < deadline_ms) {
        switch (consumer_poll(scene->consumer, 100, &message, &scene->error)) {
        case CONSUMER_RECORD: {
            const int64_t offset = message->offset;
            rd_kafka_message_destroy(message);
            return offset;
        }
        case CONSUMER_FAILED:
            assert_null(message);
            return -1;
        case CONSUMER_NOTHING:
            break;
        }
    }
    fail_msg("neither a record nor a failure came");
    return -1;
}

/** Polls for a while and expects nothing. */
static void expect_nothing(struct scene *scene, int64_t wait_ms)
{
    rd_kafka_message_t *message;
    const int64_t deadline_ms = clock_mono_ms() + wait_ms;
    while (clock_mono_ms() < deadline_ms)
        assert_int_equal(consumer_poll(scene->consumer, 50, &message, &scene->error), CONSUMER_NOTHING);
}

/** The lag metric of partition 0. */
static double lag(void)
{
    return metric_value(metric_gauge("quotebus_consumer_lag_records", "", "topic=\"beginning\",partition=\"0\""));
}

/** Offsets skipped because retention was faster. */
static double missed(void)
{
    return metric_value(metric_counter("quotebus_consumer_records_missed_total", "", NULL));
}

static void a_new_group_starts_at_the_beginning_and_gets_all_in_order(void **state)
{
    struct scene *scene = &from_beginning;
    (void)state;
    fill(scene, 3);
    assert_int_equal(consumer_assigned_count(scene->consumer), 0);
    for (int i = 0; i < 3; i++)
        assert_int_equal(next_offset(scene), i);
    assert_int_equal(scene->owner.offset, RD_KAFKA_OFFSET_INVALID);
    assert_int_equal(consumer_assigned_count(scene->consumer), 1);
    expect_nothing(scene, 1300);
    assert_true(lag() == 0.0);
    assert_int_equal(scene->owner.revoked, 0);
    leave(scene);
    assert_int_equal(scene->owner.assigned, 1);
    assert_int_equal(scene->owner.revoked, 1);
}

static void next_offsets_name_only_partitions_that_delivered(void **state)
{
    struct scene *scene = &two_partitions;
    (void)state;
    mock_fill_topic(&mock, scene->name, 1, 2, 10);
    assert_int_equal(next_offset(scene), 0);
    rd_kafka_topic_partition_list_t *offsets = consumer_next_offsets(scene->consumer);
    assert_int_equal(offsets->cnt, 1);
    assert_int_equal(offsets->elems[0].partition, 1);
    assert_int_equal(offsets->elems[0].offset, 1);
    rd_kafka_topic_partition_list_destroy(offsets);
}

static void the_owner_may_choose_the_start(void **state)
{
    (void)state;
    fill(&from_two, 4);
    assert_int_equal(next_offset(&from_two), 2);
}

static void offsets_committed_for_display_are_where_the_group_goes_on(void **state)
{
    struct scene *scene = &displaying;
    (void)state;
    fill(scene, 3);
    assert_int_equal(next_offset(scene), 0);
    assert_int_equal(next_offset(scene), 1);
    rd_kafka_topic_partition_list_t *offsets = consumer_next_offsets(scene->consumer);
    consumer_commit_for_display(scene->consumer, offsets);
    rd_kafka_topic_partition_list_destroy(offsets);
    assert_int_equal(next_offset(scene), 2);
    expect_nothing(scene, 300);
    leave(scene);
    consume(scene);
    assert_int_equal(next_offset(scene), 2);
    assert_int_equal(scene->owner.offset, 2);
}

static void records_that_retention_removed_are_counted_and_skipped(void **state)
{
    const double before = missed();
    (void)state;
    mock_fill_topic(&mock, shortened.name, 0, 12, 900000); /* the mock keeps 5 MiB */
    const int64_t first = next_offset(&shortened);
    assert_true(first > 0);
    assert_true(missed() - before == (double)first);
}

static void a_start_behind_the_end_ends_the_session_and_names_both_offsets(void **state)
{
    struct scene *scene = &from_behind;
    rd_kafka_message_t *message;
    (void)state;
    fill(scene, 5);
    assert_int_equal(next_offset(scene), -1);
    assert_int_equal(scene->error.code, ERROR_INVALID);
    assert_non_null(strstr(scene->error.message, "next offset is 77"));
    assert_non_null(strstr(scene->error.message, "ends at 5"));
    assert_int_equal(consumer_poll(scene->consumer, 0, &message, &scene->error), CONSUMER_FAILED);
    leave(scene);
    assert_int_equal(scene->owner.revoked, 0);
}

static void an_owner_that_refuses_an_assignment_ends_the_session(void **state)
{
    (void)state;
    fill(&refusing, 1);
    assert_int_equal(next_offset(&refusing), -1);
    assert_int_equal(refusing.error.code, ERROR_UNREACHABLE);
    assert_string_equal(refusing.error.message, "no database");
}

static void offsets_go_into_a_transaction_with_the_group_metadata(void **state)
{
    struct scene *scene = &transactional;
    struct error error = {0};
    (void)state;
    fill(scene, 1);
    assert_int_equal(next_offset(scene), 0);
    struct producer *producer = mock_producer(&mock, "test.tx");
    rd_kafka_topic_partition_list_t *offsets = consumer_next_offsets(scene->consumer);
    rd_kafka_consumer_group_metadata_t *group = consumer_group_metadata(scene->consumer);
    assert_true(producer_begin(producer, &error));
    assert_true(producer_send_offsets(producer, offsets, group, &error));
    assert_true(producer_commit(producer, &error));
    rd_kafka_consumer_group_metadata_destroy(group);
    rd_kafka_topic_partition_list_destroy(offsets);
    producer_free(producer);
}

static void a_topic_that_is_made_later_is_noticed(void **state)
{
    (void)state;
    expect_nothing(&too_early, 300);
    assert_int_equal(too_early.owner.assigned, 0);
    rd_kafka_mock_topic_set_error(mock.cluster, too_early.name, RD_KAFKA_RESP_ERR_NO_ERROR);
    fill(&too_early, 1);
    assert_int_equal(next_offset(&too_early), 0);
}

static void a_broker_that_is_away_is_waited_for(void **state)
{
    struct scene *scene = &interrupted;
    (void)state;
    fill(scene, 1);
    assert_int_equal(next_offset(scene), 0);
    assert_true(consumer_connected(scene->consumer));
    rd_kafka_mock_broker_set_down(mock.cluster, 1);
    expect_nothing(scene, 1500);
    assert_false(consumer_connected(scene->consumer));
    rd_kafka_mock_broker_set_up(mock.cluster, 1);
    expect_nothing(scene, 3000);
    assert_true(consumer_connected(scene->consumer));
    fill(scene, 1);
    assert_int_equal(next_offset(scene), 1);
}

static void closing_is_bounded_while_the_broker_is_away(void **state)
{
    struct scene *scene = &interrupted;
    (void)state;
    rd_kafka_mock_broker_set_down(mock.cluster, 1);
    const int64_t began_ms = clock_mono_ms();
    leave(scene);
    assert_true(clock_mono_ms() - began_ms < 8000);
    assert_int_equal(scene->owner.revoked, 1);
    rd_kafka_mock_broker_set_up(mock.cluster, 1);
}

/** Begins the cluster, makes the topics and lets all consumers join. */
static int set_up(void **state)
{
    (void)state;
    mock = mock_kafka_new(1);
    for (size_t i = 0; i < SCENE_COUNT; i++) {
        assert_int_equal(rd_kafka_mock_topic_create(mock.cluster, scenes[i]->name, scenes[i]->partitions, 1), 0);
        if (scenes[i]->late)
            rd_kafka_mock_topic_set_error(mock.cluster, scenes[i]->name, RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART);
        consume(scenes[i]);
    }
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    for (size_t i = 0; i < SCENE_COUNT; i++)
        leave(scenes[i]);
    mock_kafka_free(&mock);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_new_group_starts_at_the_beginning_and_gets_all_in_order),
        cmocka_unit_test(next_offsets_name_only_partitions_that_delivered),
        cmocka_unit_test(the_owner_may_choose_the_start),
        cmocka_unit_test(offsets_committed_for_display_are_where_the_group_goes_on),
        cmocka_unit_test(records_that_retention_removed_are_counted_and_skipped),
        cmocka_unit_test(a_start_behind_the_end_ends_the_session_and_names_both_offsets),
        cmocka_unit_test(an_owner_that_refuses_an_assignment_ends_the_session),
        cmocka_unit_test(offsets_go_into_a_transaction_with_the_group_metadata),
        cmocka_unit_test(a_topic_that_is_made_later_is_noticed),
        cmocka_unit_test(a_broker_that_is_away_is_waited_for),
        cmocka_unit_test(closing_is_bounded_while_the_broker_is_away),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
