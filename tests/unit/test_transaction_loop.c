#include "mock_kafka.h"

#include <stdio.h>

#include "base/service.h"
#include "bus/reader.h"
#include "bus/transaction_loop.h"

#define OUT_TOPIC "out"
#define NOBODY (-1)

/** The next offset of partition 0 that went into a transaction last; NOBODY: none did. */
static int64_t sent_offset;

/** In place of librdkafka's, since its mock broker forgets the offsets of transactions. */
rd_kafka_error_t *rd_kafka_send_offsets_to_transaction(rd_kafka_t *rk, const rd_kafka_topic_partition_list_t *offsets,
                                                       const rd_kafka_consumer_group_metadata_t *group, int timeout_ms)
{
    (void)rk;
    (void)timeout_ms;
    assert_non_null(group);
    sent_offset = offsets->elems[0].offset;
    return NULL;
}

/** A stage that copies records and does on some of them what a test wants. */
struct copier {
    int records; /* processed in this session */
    int commits;
    int assigned; /* partitions */
    int revoked;
    int64_t last_offset;
    int stop_after; /* records; NOBODY: never */
    int fail_at;    /* offset */
    int wait_at;    /* offset */
    int waits;      /* how often */
    bool stop_while_waiting;
    bool fail_commit;
    bool fail_assigned;
    int64_t pause_ms;    /* on each record */
    int64_t interval_ms; /* of transactions, and their size */
    int64_t max_records;
};

static struct copier copier(int stop_after)
{
    return (struct copier){.stop_after = stop_after,
                           .fail_at = NOBODY,
                           .wait_at = NOBODY,
                           .last_offset = -1,
                           .interval_ms = 60000,
                           .max_records = 10};
}

static bool on_assigned(void *ctx, const rd_kafka_topic_partition_list_t *committed, struct error *error)
{
    struct copier *copier = ctx;
    copier->assigned += committed->cnt;
    return !copier->fail_assigned || error_set(error, ERROR_INVALID, "no state");
}

static void on_revoked(void *ctx, const rd_kafka_topic_partition_list_t *partitions)
{
    ((struct copier *)ctx)->revoked += partitions->cnt;
}

static enum transaction_status on_record(void *ctx, const rd_kafka_message_t *message, struct producer *producer,
                                         struct error *error)
{
    struct copier *copier = ctx;
    if (message->offset == copier->wait_at && copier->waits > 0) {
        copier->waits--;
        if (copier->stop_while_waiting)
            service_request_stop();
        (void)error_set(error, ERROR_UNREACHABLE, "not yet");
        return TRANSACTION_WAIT;
    }
    if (message->offset == copier->fail_at) {
        (void)error_set(error, ERROR_RETRY, "as the test wants");
        return TRANSACTION_FAILED;
    }
    assert_int_equal(message->offset, copier->last_offset < 0 ? message->offset : copier->last_offset + 1);
    copier->last_offset = message->offset;
    if (copier->pause_ms)
        service_sleep(copier->pause_ms);
    const struct outgoing record = {.topic = OUT_TOPIC, .key = STR("k"), .value = STR("v"), .timestamp_ms = 1};
    assert_true(producer_send(producer, &record, 1000, error));
    if (++copier->records == copier->stop_after)
        service_request_stop();
    return TRANSACTION_DONE;
}

static bool on_before_commit(void *ctx, struct producer *producer, struct error *error)
{
    struct copier *copier = ctx;
    (void)producer;
    copier->commits++;
    return !copier->fail_commit || error_set(error, ERROR_RETRY, "no room for state");
}

/** One session of the copier. */
static bool run_session(struct mock_kafka *mock, struct copier *copier, struct error *error)
{
    static const char *const topics[] = {MOCK_TOPIC};
    const struct http_settings no_endpoints = {.listen = "", .stop_timeout_ms = 20000};
    const struct transaction_stage stage = {
        .ctx = copier, .assigned = on_assigned, .revoked = on_revoked, .record = on_record, .before_commit = on_before_commit};
    const struct transaction_loop_options options = {
        .name = "copier",
        .consumer = {.client_id = "c", .group = "g", .topics = topics, .topic_count = 1, .session_timeout_ms = 6000},
        .producer = {.client_id = "p", .transactional_id = "t", .transaction_timeout_ms = 5000, .max_queued_bytes = 1 << 20},
        .max_records = copier->max_records,
        .interval_ms = copier->interval_ms};
    error_clear(error);
    sent_offset = NOBODY;
    assert_true(service_start("copier", &no_endpoints, error)); /* nothing asks for a stop yet */
    const bool ok = transaction_loop_run(&mock->settings, &options, &stage, error);
    service_stop();
    return ok;
}

static struct mock_kafka mock_with_records(int count)
{
    struct mock_kafka mock = mock_kafka_new(1);
    assert_int_equal(rd_kafka_mock_topic_create(mock.cluster, OUT_TOPIC, 1, 1), 0);
    mock_fill(&mock, 0, count, 20);
    return mock;
}

static void all_is_committed_in_transactions_of_the_given_size_and_at_the_stop(void **state)
{
    (void)state;
    struct error error;
    struct mock_kafka mock = mock_with_records(50);
    struct copier stage = copier(25);
    assert_true(run_session(&mock, &stage, &error));
    assert_int_equal(stage.records, 25);
    assert_int_equal(stage.commits, 3);
    assert_int_equal(stage.assigned, 1);
    assert_int_equal(stage.revoked, 1);
    assert_int_equal(sent_offset, 25);
    mock_kafka_free(&mock);
}

static void transaction_outlives_its_interval_while_more_records_are_at_hand(void **state)
{
    (void)state;
    struct error error;
    struct mock_kafka mock = mock_with_records(30);
    struct copier stage = copier(30);
    stage.max_records = 1000;
    stage.interval_ms = 100;
    stage.pause_ms = 5;
    assert_true(run_session(&mock, &stage, &error));
    assert_int_equal(stage.records, 30);
    assert_int_equal(stage.commits, 1);
    assert_int_equal(sent_offset, 30);
    mock_kafka_free(&mock);
}

static void failed_session_commits_nothing_of_its_open_transaction(void **state)
{
    (void)state;
    struct error error;
    struct mock_kafka mock = mock_with_records(50);
    struct copier stage = copier(NOBODY);
    stage.fail_at = 27;
    assert_false(run_session(&mock, &stage, &error));
    assert_string_equal(error.message, "as the test wants");
    assert_int_equal(stage.revoked, 1);
    assert_int_equal(stage.commits, 2);
    assert_int_equal(sent_offset, 20);
    mock_kafka_free(&mock);
}

static void record_that_has_to_wait_is_tried_again_in_its_place(void **state)
{
    (void)state;
    struct error error;
    struct mock_kafka mock = mock_with_records(20);
    struct copier stage = copier(20);
    stage.wait_at = 5;
    stage.waits = 3;
    assert_true(run_session(&mock, &stage, &error));
    assert_int_equal(stage.records, 20);
    assert_int_equal(stage.waits, 0);
    mock_kafka_free(&mock);
}

static void stop_while_a_record_waits_commits_what_was_before_it(void **state)
{
    (void)state;
    struct error error;
    struct mock_kafka mock = mock_with_records(20);
    struct copier stage = copier(NOBODY);
    stage.wait_at = 5;
    stage.waits = 1000;
    stage.stop_while_waiting = true;
    assert_true(run_session(&mock, &stage, &error));
    assert_int_equal(stage.records, 5);
    assert_int_equal(sent_offset, 5);
    mock_kafka_free(&mock);
}

static void first_record_that_waits_is_not_committed_over(void **state)
{
    (void)state;
    struct error error;
    struct mock_kafka mock = mock_with_records(3);
    struct copier stage = copier(NOBODY);
    stage.wait_at = 0;
    stage.waits = 1000;
    stage.stop_while_waiting = true;
    assert_true(run_session(&mock, &stage, &error));
    assert_int_equal(stage.records, 0);
    assert_int_equal(sent_offset, 0);
    mock_kafka_free(&mock);
}

static void failure_before_the_commit_leaves_the_offsets_where_they_were(void **state)
{
    (void)state;
    struct error error;
    struct mock_kafka mock = mock_with_records(20);
    struct copier stage = copier(NOBODY);
    stage.fail_commit = true;
    assert_false(run_session(&mock, &stage, &error));
    assert_string_equal(error.message, "no room for state");
    assert_int_equal(stage.commits, 1);
    assert_int_equal(sent_offset, NOBODY);
    mock_kafka_free(&mock);
}

static void session_whose_state_cannot_be_restored_reads_nothing(void **state)
{
    (void)state;
    struct error error;
    struct mock_kafka mock = mock_with_records(5);
    struct copier stage = copier(NOBODY);
    stage.fail_assigned = true;
    assert_false(run_session(&mock, &stage, &error));
    assert_string_equal(error.message, "no state");
    assert_int_equal(stage.records, 0);
    mock_kafka_free(&mock);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_is_committed_in_transactions_of_the_given_size_and_at_the_stop),
        cmocka_unit_test(transaction_outlives_its_interval_while_more_records_are_at_hand),
        cmocka_unit_test(failed_session_commits_nothing_of_its_open_transaction),
        cmocka_unit_test(record_that_has_to_wait_is_tried_again_in_its_place),
        cmocka_unit_test(stop_while_a_record_waits_commits_what_was_before_it),
        cmocka_unit_test(first_record_that_waits_is_not_committed_over),
        cmocka_unit_test(failure_before_the_commit_leaves_the_offsets_where_they_were),
        cmocka_unit_test(session_whose_state_cannot_be_restored_reads_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
