#include "mock_kafka.h"

#include <stdio.h>

#include "base/service.h"
#include "bus/reader.h"

/** A record of the given text for partition 0. */
static struct outgoing record_of(const char *text)
{
    return (struct outgoing){.topic = MOCK_TOPIC, .key = STR("key"), .value = str_from(text), .timestamp_ms = 1234};
}

/** Reads the first record of MOCK_TOPIC. */
static rd_kafka_message_t *read_first(const struct mock_kafka *mock, struct reader **reader)
{
    struct error error = {0};
    const struct reader_options options = {.topic = MOCK_TOPIC, .partition = READER_ALL_PARTITIONS};
    rd_kafka_message_t *message;
    *reader = reader_new(&mock->settings, &options, &error);
    assert_non_null(*reader);
    assert_int_equal(reader_next(*reader, 5000, &message, &error), READER_RECORD);
    return message;
}

static void a_record_arrives_with_its_key_value_headers_and_time(void **state)
{
    struct mock_kafka mock = mock_kafka_new(1);
    struct error error = {0};
    struct reader *reader;
    rd_kafka_headers_t *headers;
    const void *value;
    size_t size;
    (void)state;
    struct producer *producer = mock_producer(&mock, NULL);
    struct outgoing record = record_of("value");
    record.headers = rd_kafka_headers_new(1);
    rd_kafka_header_add(record.headers, "h", -1, "x\0y", 3);
    assert_true(producer_send(producer, &record, 1000, &error));
    assert_true(producer_flush(producer, 5000, &error));
    assert_int_equal(producer_pending(producer), 0);
    rd_kafka_message_t *message = read_first(&mock, &reader);
    assert_int_equal(message->key_len, 3);
    assert_memory_equal(message->key, "key", 3);
    assert_int_equal(message->len, 5);
    assert_memory_equal(message->payload, "value", 5);
    assert_int_equal(rd_kafka_message_timestamp(message, NULL), 1234);
    assert_int_equal(rd_kafka_message_headers(message, &headers), 0);
    assert_int_equal(rd_kafka_header_get_last(headers, "h", &value, &size), 0);
    assert_int_equal(size, 3);
    assert_memory_equal(value, "x\0y", 3);
    rd_kafka_message_destroy(message);
    reader_free(reader);
    producer_free(producer);
    mock_kafka_free(&mock);
}

static void null_and_empty_keys_and_values_stay_what_they_are(void **state)
{
    struct mock_kafka mock = mock_kafka_new(1);
    struct error error = {0};
    struct reader *reader;
    rd_kafka_message_t *second;
    (void)state;
    struct producer *producer = mock_producer(&mock, NULL);
    const struct outgoing nothing = {.topic = MOCK_TOPIC, .tombstone = true, .value = STR("not sent"), .timestamp_ms = 1};
    const struct outgoing empty = {.topic = MOCK_TOPIC, .key = STR(""), .value = {.ptr = NULL, .len = 0}, .timestamp_ms = 1};
    assert_true(producer_send(producer, &nothing, 1000, &error));
    assert_true(producer_send(producer, &empty, 1000, &error));
    assert_true(producer_flush(producer, 5000, &error));
    rd_kafka_message_t *first = read_first(&mock, &reader);
    assert_null(first->key);
    assert_null(first->payload);
    assert_int_equal(reader_next(reader, 5000, &second, &error), READER_RECORD);
    assert_non_null(second->key);
    assert_int_equal(second->key_len, 0);
    assert_non_null(second->payload);
    assert_int_equal(second->len, 0);
    rd_kafka_message_destroy(first);
    rd_kafka_message_destroy(second);
    reader_free(reader);
    producer_free(producer);
    mock_kafka_free(&mock);
}

/** The partition that a key goes to, out of four. */
static int32_t partition_of(const char *key)
{
    struct mock_kafka mock = mock_kafka_new(4);
    struct error error = {0};
    struct reader *reader;
    struct producer *producer = mock_producer(&mock, NULL);
    struct outgoing record = record_of("value");
    record.key = str_from(key);
    record.partition = PARTITION_BY_KEY;
    assert_true(producer_send(producer, &record, 1000, &error));
    assert_true(producer_flush(producer, 5000, &error));
    rd_kafka_message_t *message = read_first(&mock, &reader);
    const int32_t partition = message->partition;
    rd_kafka_message_destroy(message);
    reader_free(reader);
    producer_free(producer);
    mock_kafka_free(&mock);
    return partition;
}

static void keys_go_where_java_clients_put_them(void **state)
{
    (void)state;
    /* toPositive(murmur2(key)) % 4, as org.apache.kafka.common.utils.Utils computes it. */
    assert_int_equal(partition_of("equity:AAPL"), 2);
    assert_int_equal(partition_of("crypto:BTC"), 1);
    assert_int_equal(partition_of("fx:EURUSD"), 1);
    assert_int_equal(partition_of_key(STR("equity:AAPL"), 4), 2);
    assert_int_equal(partition_of_key(STR("crypto:BTC"), 4), 1);
}

static void each_delivery_knows_what_became_of_its_records(void **state)
{
    struct mock_kafka mock = mock_kafka_new(1);
    struct error error = {0};
    struct delivery first = {0}, second = {0};
    struct outgoing record = record_of("value");
    (void)state;
    struct producer *producer = mock_producer(&mock, NULL);
    record.delivery = &first;
    assert_true(producer_send(producer, &record, 1000, &error));
    assert_true(producer_send(producer, &record, 1000, &error));
    assert_int_equal(first.waiting, 2);
    assert_true(producer_flush(producer, 5000, &error));
    assert_int_equal(first.waiting, 0);
    assert_int_equal(first.failed, 0);
    rd_kafka_mock_push_request_errors(mock.cluster, 0 /* Produce */, 1, RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE);
    record.delivery = &second;
    assert_true(producer_send(producer, &record, 1000, &error));
    assert_false(producer_flush(producer, 5000, &error));
    assert_int_equal(second.waiting, 0);
    assert_int_equal(second.failed, 1);
    assert_int_equal(first.failed, 0);
    producer_free(producer);
    mock_kafka_free(&mock);
}

static void records_wait_for_a_broker_that_is_away_and_are_not_lost(void **state)
{
    struct mock_kafka mock = mock_kafka_new(1);
    struct error error = {0};
    const struct outgoing record = record_of("value");
    (void)state;
    struct producer *producer = mock_producer(&mock, NULL);
    assert_true(producer_send(producer, &record, 1000, &error));
    assert_true(producer_flush(producer, 5000, &error));
    rd_kafka_mock_broker_set_down(mock.cluster, 1);
    assert_true(producer_send(producer, &record, 1000, &error));
    assert_false(producer_flush(producer, 300, &error));
    assert_int_equal(error.code, ERROR_UNREACHABLE);
    assert_int_equal(producer_pending(producer), 1);
    assert_true(producer_poll(producer, &error));
    rd_kafka_mock_broker_set_up(mock.cluster, 1);
    assert_true(producer_flush(producer, 10000, &error));
    assert_int_equal(producer_pending(producer), 0);
    assert_int_equal(producer_failed(producer), 0);
    producer_free(producer);
    mock_kafka_free(&mock);
}

static void a_full_queue_waits_as_long_as_allowed(void **state)
{
    struct mock_kafka mock = mock_kafka_new(1);
    struct error error = {0};
    char text[600];
    (void)state;
    memset(text, 'x', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    const struct outgoing record = record_of(text);
    const struct producer_options options = {.client_id = "test", .max_queued_bytes = 1024};
    struct producer *producer = producer_new(&mock.settings, &options, &error);
    rd_kafka_mock_broker_set_down(mock.cluster, 1);
    assert_true(producer_send(producer, &record, 0, &error));
    const int64_t began_ms = clock_mono_ms();
    assert_false(producer_send(producer, &record, 200, &error));
    assert_in_range(clock_mono_ms() - began_ms, 200, 1000);
    assert_int_equal(error.code, ERROR_RETRY);
    assert_int_equal(producer_pending(producer), 1);
    producer_free(producer);
    mock_kafka_free(&mock);
}

static void a_missing_partition_is_refused(void **state)
{
    struct mock_kafka mock = mock_kafka_new(1);
    struct error error = {0};
    (void)state;
    struct producer *producer = mock_producer(&mock, NULL);
    struct outgoing record = record_of("value");
    record.partition = 7;
    record.headers = rd_kafka_headers_new(1);
    rd_kafka_header_add(record.headers, "h", -1, "v", -1);
    assert_false(producer_send(producer, &record, 1000, &error));
    assert_int_equal(error.code, ERROR_NOT_FOUND);
    assert_int_equal(producer_pending(producer), 0);
    producer_free(producer);
    mock_kafka_free(&mock);
}

static void a_record_larger_than_any_broker_takes_is_refused(void **state)
{
    struct mock_kafka mock = mock_kafka_new(1);
    struct error error = {0};
    const size_t size = (size_t)3 << 20;
    char *text = calloc(1, size);
    (void)state;
    struct producer *producer = mock_producer(&mock, NULL);
    struct outgoing record = record_of("");
    record.value = (struct str){.ptr = text, .len = size};
    assert_false(producer_send(producer, &record, 0, &error));
    assert_int_equal(error.code, ERROR_LIMIT);
    free(text);
    producer_free(producer);
    mock_kafka_free(&mock);
}

static void a_refused_record_is_counted_and_the_producer_goes_on(void **state)
{
    struct mock_kafka mock = mock_kafka_new(1);
    struct error error = {0};
    const struct outgoing record = record_of("value");
    (void)state;
    struct producer *producer = mock_producer(&mock, NULL);
    rd_kafka_mock_push_request_errors(mock.cluster, 0 /* Produce */, 1, RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE);
    assert_true(producer_send(producer, &record, 1000, &error));
    assert_false(producer_flush(producer, 5000, &error));
    assert_int_equal(error.code, ERROR_RETRY);
    assert_int_equal(producer_failed(producer), 1);
    assert_int_equal(producer_pending(producer), 0);
    assert_true(producer_poll(producer, &error));
    assert_true(producer_send(producer, &record, 1000, &error));
    assert_true(producer_flush(producer, 5000, &error));
    producer_free(producer);
    mock_kafka_free(&mock);
}

static void a_refused_record_ends_a_transactional_producer(void **state)
{
    struct mock_kafka mock = mock_kafka_new(1);
    struct error error = {0};
    const struct outgoing record = record_of("value");
    (void)state;
    struct producer *producer = mock_producer(&mock, "test.tx");
    assert_true(producer_begin(producer, &error));
    rd_kafka_mock_push_request_errors(mock.cluster, 0 /* Produce */, 1, RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE);
    assert_true(producer_send(producer, &record, 1000, &error));
    assert_false(producer_commit(producer, &error));
    assert_false(producer_poll(producer, &error));
    assert_int_equal(error.code, ERROR_RETRY);
    producer_free(producer);
    mock_kafka_free(&mock);
}

static void transactions_follow_each_other(void **state)
{
    struct mock_kafka mock = mock_kafka_new(1);
    struct error error = {0};
    const struct outgoing record = record_of("value");
    (void)state;
    struct producer *producer = mock_producer(&mock, "test.tx");
    for (int i = 0; i < 3; i++) {
        assert_true(producer_begin(producer, &error));
        assert_true(producer_send(producer, &record, 1000, &error));
        assert_true(producer_commit(producer, &error));
    }
    assert_int_equal(producer_pending(producer), 0);
    producer_free(producer);
    mock_kafka_free(&mock);
}

static void a_fenced_producer_says_so(void **state)
{
    struct mock_kafka mock = mock_kafka_new(1);
    struct error error = {0};
    const struct outgoing record = record_of("value");
    (void)state;
    struct producer *producer = mock_producer(&mock, "test.tx");
    assert_true(producer_begin(producer, &error));
    assert_true(producer_send(producer, &record, 1000, &error));
    assert_true(producer_flush(producer, 5000, &error));
    rd_kafka_mock_push_request_errors(mock.cluster, 26 /* EndTxn */, 1, RD_KAFKA_RESP_ERR_PRODUCER_FENCED);
    assert_false(producer_commit(producer, &error));
    assert_int_equal(error.code, ERROR_FENCED);
    assert_false(producer_poll(producer, &error));
    assert_int_equal(error.code, ERROR_FENCED);
    assert_false(producer_send(producer, &record, 0, &error));
    assert_int_equal(error.code, ERROR_FENCED);
    producer_free(producer);
    mock_kafka_free(&mock);
}

static void an_unknown_setting_is_an_error_of_use(void **state)
{
    char *wrong[] = {"no.such.setting=1"};
    char *malformed[] = {"acks"};
    struct error error = {0};
    const struct producer_options options = {.client_id = "test", .max_queued_bytes = 1024};
    struct kafka_settings settings = {.brokers = "127.0.0.1:1", .topic_prefix = "", .properties = {.items = wrong, .count = 1}};
    (void)state;
    assert_null(producer_new(&settings, &options, &error));
    assert_int_equal(error.code, ERROR_USAGE);
    assert_non_null(strstr(error.message, "no.such.setting"));
    settings.properties.items = malformed;
    assert_null(producer_new(&settings, &options, &error));
    assert_int_equal(error.code, ERROR_USAGE);
    assert_non_null(strstr(error.message, "name=value"));
}

/** Asks the service to stop. Last of all: a stop is for good. */
static void a_stop_ends_the_wait_for_the_coordinator(void **state)
{
    struct error error = {0};
    const struct kafka_settings settings = {.brokers = "127.0.0.1:1", .topic_prefix = ""};
    const struct producer_options options = {
        .client_id = "test", .transactional_id = "test.tx", .transaction_timeout_ms = 5000, .max_queued_bytes = 1024};
    (void)state;
    service_request_stop();
    const int64_t began_ms = clock_mono_ms();
    assert_null(producer_new(&settings, &options, &error));
    assert_int_equal(error.code, ERROR_UNREACHABLE);
    assert_true(clock_mono_ms() - began_ms < 3000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_record_arrives_with_its_key_value_headers_and_time),
        cmocka_unit_test(null_and_empty_keys_and_values_stay_what_they_are),
        cmocka_unit_test(keys_go_where_java_clients_put_them),
        cmocka_unit_test(each_delivery_knows_what_became_of_its_records),
        cmocka_unit_test(records_wait_for_a_broker_that_is_away_and_are_not_lost),
        cmocka_unit_test(a_full_queue_waits_as_long_as_allowed),
        cmocka_unit_test(a_missing_partition_is_refused),
        cmocka_unit_test(a_record_larger_than_any_broker_takes_is_refused),
        cmocka_unit_test(a_refused_record_is_counted_and_the_producer_goes_on),
        cmocka_unit_test(a_refused_record_ends_a_transactional_producer),
        cmocka_unit_test(transactions_follow_each_other),
        cmocka_unit_test(a_fenced_producer_says_so),
        cmocka_unit_test(an_unknown_setting_is_an_error_of_use),
        cmocka_unit_test(a_stop_ends_the_wait_for_the_coordinator),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
