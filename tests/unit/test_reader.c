#include "mock_kafka.h"

#include "bus/reader.h"

/** The options of a read of all of MOCK_TOPIC. */
static struct reader_options all(void)
{
    return (struct reader_options){.topic = MOCK_TOPIC, .partition = READER_ALL_PARTITIONS, .stall_ms = 5000};
}

/** What a read gave. */
struct outcome {
    int records;
    int64_t first_offset; /* -1: none */
    enum reader_result end;
    struct error error;
};

/** Begins a read. */
static struct reader *begin(const struct mock_kafka *mock, const struct reader_options *options)
{
    struct error error = {0};
    struct reader *reader = reader_new(&mock->settings, options, &error);
    if (!reader)
        fail_msg("%s", error.message);
    return reader;
}

/** Reads until the end, a failure, or nothing for a second. */
static struct outcome drain(struct reader *reader)
{
    struct outcome outcome = {.first_offset = -1};
    rd_kafka_message_t *message;
    while ((outcome.end = reader_next(reader, 1000, &message, &outcome.error)) == READER_RECORD) {
        if (outcome.records++ == 0)
            outcome.first_offset = message->offset;
        rd_kafka_message_destroy(message);
    }
    return outcome;
}

/** A whole read. */
static struct outcome read_all(const struct mock_kafka *mock, const struct reader_options *options)
{
    struct reader *reader = begin(mock, options);
    const struct outcome outcome = drain(reader);
    reader_free(reader);
    return outcome;
}

static void a_read_ends_at_the_end_of_all_partitions(void **state)
{
    struct mock_kafka mock = mock_kafka_new(3);
    const struct reader_options options = all();
    (void)state;
    mock_fill(&mock, 0, 5, 10);
    mock_fill(&mock, 2, 7, 10);
    const struct outcome outcome = read_all(&mock, &options);
    assert_int_equal(outcome.records, 12);
    assert_int_equal(outcome.end, READER_DONE);
    mock_kafka_free(&mock);
}

static void an_empty_topic_is_done_at_once(void **state)
{
    struct mock_kafka mock = mock_kafka_new(3);
    const struct reader_options options = all();
    (void)state;
    const struct outcome outcome = read_all(&mock, &options);
    assert_int_equal(outcome.records, 0);
    assert_int_equal(outcome.end, READER_DONE);
    mock_kafka_free(&mock);
}

static void one_partition_is_read_alone(void **state)
{
    struct mock_kafka mock = mock_kafka_new(2);
    struct reader_options options = all();
    (void)state;
    mock_fill(&mock, 0, 5, 10);
    mock_fill(&mock, 1, 2, 10);
    options.partition = 1;
    assert_int_equal(read_all(&mock, &options).records, 2);
    mock_kafka_free(&mock);
}

static void some_partitions_are_read_together(void **state)
{
    struct mock_kafka mock = mock_kafka_new(4);
    const int32_t partitions[] = {1, 3};
    struct reader_options options = all();
    (void)state;
    mock_fill(&mock, 0, 5, 10);
    mock_fill(&mock, 1, 3, 10);
    mock_fill(&mock, 3, 4, 10);
    options.partitions = partitions;
    options.partition_count = 2;
    const struct outcome outcome = read_all(&mock, &options);
    assert_int_equal(outcome.records, 7);
    assert_int_equal(outcome.end, READER_DONE);
    mock_kafka_free(&mock);
}

static void records_that_come_during_the_read_are_left_out(void **state)
{
    struct mock_kafka mock = mock_kafka_new(1);
    const struct reader_options options = all();
    (void)state;
    mock_fill(&mock, 0, 5, 10);
    struct reader *reader = begin(&mock, &options);
    mock_fill(&mock, 0, 5, 10);
    const struct outcome outcome = drain(reader);
    assert_int_equal(outcome.records, 5);
    assert_int_equal(outcome.end, READER_DONE);
    reader_free(reader);
    mock_kafka_free(&mock);
}

static void a_follower_gets_what_comes_later(void **state)
{
    struct mock_kafka mock = mock_kafka_new(1);
    struct reader_options options = all();
    (void)state;
    mock_fill(&mock, 0, 5, 10);
    options.start = READER_END;
    options.follow = true;
    options.stall_ms = 500; /* less than drain waits */
    struct reader *reader = begin(&mock, &options);
    assert_int_equal(drain(reader).end, READER_IDLE);
    mock_fill(&mock, 0, 2, 10);
    const struct outcome outcome = drain(reader);
    assert_int_equal(outcome.records, 2);
    assert_int_equal(outcome.first_offset, 5);
    assert_int_equal(outcome.end, READER_IDLE);
    reader_free(reader);
    mock_kafka_free(&mock);
}

static void starts_are_moved_into_what_the_partition_holds(void **state)
{
    const struct {
        enum reader_start start;
        int64_t value;
        int records;
    } cases[] = {
        {READER_BEGINNING, 0, 10},    {READER_END, 0, 0},        {READER_OFFSET, 4, 6},  {READER_OFFSET, -5, 10},
        {READER_OFFSET, 999, 0},      {READER_LAST, 3, 3},       {READER_LAST, 999, 10}, {READER_LAST, 0, 0},
        {READER_LAST, INT64_MAX, 10}, {READER_TIME, 1 << 30, 0},
    };
    struct mock_kafka mock = mock_kafka_new(1);
    (void)state;
    mock_fill(&mock, 0, 10, 10);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct reader_options options = all();
        options.start = cases[i].start;
        options.start_value = cases[i].value;
        const struct outcome outcome = read_all(&mock, &options);
        assert_int_equal(outcome.records, cases[i].records);
        assert_int_equal(outcome.end, READER_DONE);
    }
    mock_kafka_free(&mock);
}

static void a_topic_whose_beginning_is_gone_is_read_from_what_is_left(void **state)
{
    struct mock_kafka mock = mock_kafka_new(1);
    const struct reader_options options = all();
    (void)state;
    mock_fill(&mock, 0, 12, 900000); /* the mock keeps 5 MiB */
    const struct outcome outcome = read_all(&mock, &options);
    assert_true(outcome.first_offset > 0);
    assert_int_equal(outcome.records, 12 - outcome.first_offset);
    mock_kafka_free(&mock);
}

static void many_records_come_whole_through_a_small_queue(void **state)
{
    struct mock_kafka mock = mock_kafka_new(1);
    const struct reader_options options = all();
    (void)state;
    mock_fill(&mock, 0, 45000, 20);
    const int64_t began_ms = clock_mono_ms();
    const struct outcome outcome = read_all(&mock, &options);
    assert_int_equal(outcome.records, 45000);
    assert_int_equal(outcome.first_offset, 0);
    assert_true(clock_mono_ms() - began_ms < 3000);
    mock_kafka_free(&mock);
}

static void a_missing_topic_or_partition_is_not_found(void **state)
{
    struct mock_kafka mock = mock_kafka_new(1);
    struct reader_options options = all();
    struct error error = {0};
    (void)state;
    options.partition = 4;
    assert_null(reader_new(&mock.settings, &options, &error));
    assert_int_equal(error.code, ERROR_NOT_FOUND);
    rd_kafka_mock_topic_set_error(mock.cluster, MOCK_TOPIC, RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART);
    assert_null(reader_new(&mock.settings, &options, &error));
    assert_int_equal(error.code, ERROR_NOT_FOUND);
    mock_kafka_free(&mock);
}

static void a_stalled_read_fails_after_its_bound(void **state)
{
    struct mock_kafka mock = mock_kafka_new(1);
    struct reader_options options = all();
    struct outcome outcome = {.end = READER_IDLE};
    rd_kafka_message_t *message;
    rd_kafka_resp_err_t errors[200];
    (void)state;
    mock_fill(&mock, 0, 5, 10);
    for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++)
        errors[i] = RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION;
    rd_kafka_mock_push_request_errors_array(mock.cluster, 1 /* Fetch */, sizeof(errors) / sizeof(errors[0]), errors);
    options.stall_ms = 600;
    struct reader *reader = begin(&mock, &options);
    const int64_t began_ms = clock_mono_ms();
    while (outcome.end == READER_IDLE)
        outcome.end = reader_next(reader, 100, &message, &outcome.error);
    assert_int_equal(outcome.end, READER_FAILED);
    assert_int_equal(outcome.error.code, ERROR_UNREACHABLE);
    assert_in_range(clock_mono_ms() - began_ms, 590, 3000);
    assert_int_equal(reader_next(reader, 0, &message, &outcome.error), READER_FAILED);
    reader_free(reader);
    mock_kafka_free(&mock);
}

static void a_broker_that_does_not_answer_is_unreachable(void **state)
{
    struct reader_options options = all();
    const struct kafka_settings settings = {.brokers = "127.0.0.1:1", .topic_prefix = ""};
    struct error error = {0};
    (void)state;
    options.stall_ms = 300;
    assert_null(reader_new(&settings, &options, &error));
    assert_int_equal(error.code, ERROR_UNREACHABLE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_read_ends_at_the_end_of_all_partitions),
        cmocka_unit_test(an_empty_topic_is_done_at_once),
        cmocka_unit_test(one_partition_is_read_alone),
        cmocka_unit_test(some_partitions_are_read_together),
        cmocka_unit_test(records_that_come_during_the_read_are_left_out),
        cmocka_unit_test(a_follower_gets_what_comes_later),
        cmocka_unit_test(starts_are_moved_into_what_the_partition_holds),
        cmocka_unit_test(a_topic_whose_beginning_is_gone_is_read_from_what_is_left),
        cmocka_unit_test(many_records_come_whole_through_a_small_queue),
        cmocka_unit_test(a_missing_topic_or_partition_is_not_found),
        cmocka_unit_test(a_stalled_read_fails_after_its_bound),
        cmocka_unit_test(a_broker_that_does_not_answer_is_unreachable),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
