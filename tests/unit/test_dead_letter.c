#include "mock_kafka.h"

#include <stdio.h>

#include "bus/dead_letter.h"
#include "bus/kafka_conf.h"
#include "bus/reader.h"

#define DLQ MOCK_TOPIC ".dlq"

/** The next record of a topic. */
static rd_kafka_message_t *read_one(const struct mock_kafka *mock, const char *topic, struct reader **reader)
{
    struct error error = {0};
    const struct reader_options options = {.topic = topic, .partition = READER_ALL_PARTITIONS};
    rd_kafka_message_t *message;
    *reader = reader_new(&mock->settings, &options, &error);
    if (!*reader)
        fail_msg("%s", error.message);
    assert_int_equal(reader_next(*reader, 5000, &message, &error), READER_RECORD);
    return message;
}

/** Sends a record, reads it back, sends it as a dead letter: what arrives there. */
static rd_kafka_message_t *bury(const struct mock_kafka *mock, const struct outgoing *record, const struct dead_letter *why,
                                struct reader **reader)
{
    struct error error = {0};
    struct reader *source;
    struct producer *producer = mock_producer(mock, NULL);
    assert_int_equal(rd_kafka_mock_topic_create(mock->cluster, DLQ, 1, 1), 0);
    assert_true(producer_send(producer, record, 1000, &error));
    assert_true(producer_flush(producer, 5000, &error));
    rd_kafka_message_t *message = read_one(mock, MOCK_TOPIC, &source);
    if (!dead_letter_send(producer, DLQ, message, why, &error))
        fail_msg("%s", error.message);
    assert_true(producer_flush(producer, 5000, &error));
    rd_kafka_message_destroy(message);
    reader_free(source);
    producer_free(producer);
    return read_one(mock, DLQ, reader);
}

/** Expects the last header of a name to be this text. */
static void expect_header(const rd_kafka_message_t *message, const char *name, const char *text)
{
    rd_kafka_headers_t *headers;
    const void *value;
    size_t size;
    assert_int_equal(rd_kafka_message_headers(message, &headers), 0);
    if (rd_kafka_header_get_last(headers, name, &value, &size))
        fail_msg("no header %s", name);
    assert_int_equal(size, strlen(text));
    assert_memory_equal(value, text, size);
}

static const struct dead_letter why = {.stage = "validate",
                                       .instance = "7",
                                       .connect_stage = "VALUE_CONVERTER",
                                       .cause = "truncated",
                                       .message = "the value ends within field price"};

static void the_record_stays_byte_for_byte_and_says_why(void **state)
{
    struct mock_kafka mock = mock_kafka_new(1);
    struct reader *reader;
    (void)state;
    struct outgoing record = {
        .topic = MOCK_TOPIC, .key = STR("equity:AAPL"), .value = STR("\0\0\0\x01\x02junk"), .timestamp_ms = 1700000000123};
    record.headers = rd_kafka_headers_new(2);
    rd_kafka_header_add(record.headers, "trace", -1, "\xff\0\x01", 3);
    rd_kafka_header_add(record.headers, "empty", -1, NULL, 0);
    rd_kafka_message_t *message = bury(&mock, &record, &why, &reader);
    assert_int_equal(message->key_len, 11);
    assert_memory_equal(message->key, "equity:AAPL", 11);
    assert_int_equal(message->len, 9);
    assert_memory_equal(message->payload, "\0\0\0\x01\x02junk", 9);
    assert_int_equal(rd_kafka_message_timestamp(message, NULL), 1700000000123);
    rd_kafka_headers_t *headers;
    const char *name;
    const void *value;
    size_t size;
    assert_int_equal(rd_kafka_message_headers(message, &headers), 0);
    assert_int_equal(rd_kafka_header_get_all(headers, 0, &name, &value, &size), 0);
    assert_string_equal(name, "trace");
    assert_int_equal(size, 3);
    assert_memory_equal(value, "\xff\0\x01", 3);
    assert_int_equal(rd_kafka_header_get_all(headers, 1, &name, &value, &size), 0);
    assert_string_equal(name, "empty");
    assert_int_equal(size, 0);
    expect_header(message, "__connect.errors.topic", MOCK_TOPIC);
    expect_header(message, "__connect.errors.partition", "0");
    expect_header(message, "__connect.errors.offset", "0");
    expect_header(message, "__connect.errors.connector.name", "quotebus-validate");
    expect_header(message, "__connect.errors.task.id", "7");
    expect_header(message, "__connect.errors.stage", "VALUE_CONVERTER");
    expect_header(message, "__connect.errors.exception.message", why.message);
    expect_header(message, "qb.cause", "truncated");
    expect_header(message, "qb.stage", "validate");
    expect_header(message, "qb.schema.id", "258");
    rd_kafka_message_destroy(message);
    reader_free(reader);
    mock_kafka_free(&mock);
}

static void null_key_and_null_value_stay_null(void **state)
{
    struct mock_kafka mock = mock_kafka_new(1);
    struct reader *reader;
    struct dead_letter unnamed = why;
    const struct outgoing record = {.topic = MOCK_TOPIC, .tombstone = true, .timestamp_ms = 5};
    (void)state;
    unnamed.cause = NULL;
    rd_kafka_message_t *message = bury(&mock, &record, &unnamed, &reader);
    assert_null(message->key);
    assert_null(message->payload);
    expect_header(message, "qb.cause", "unknown");
    expect_header(message, "qb.schema.id", "-1");
    rd_kafka_message_destroy(message);
    reader_free(reader);
    mock_kafka_free(&mock);
}

static void a_value_too_large_to_be_sent_again_is_left_out_and_its_length_told(void **state)
{
    struct mock_kafka mock = mock_kafka_new(1);
    struct reader *reader;
    const size_t size = KAFKA_RECORD_MAX_BYTES - 1000;
    char *value = calloc(1, size);
    char length[24];
    const struct outgoing record = {
        .topic = MOCK_TOPIC, .key = STR("k"), .value = {.ptr = value, .len = size}, .timestamp_ms = 5};
    (void)state;
    snprintf(length, sizeof(length), "%zu", size);
    rd_kafka_message_t *message = bury(&mock, &record, &why, &reader);
    assert_null(message->payload);
    expect_header(message, "qb.value.left.out", length);
    rd_kafka_message_destroy(message);
    reader_free(reader);
    free(value);
    mock_kafka_free(&mock);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_record_stays_byte_for_byte_and_says_why),
        cmocka_unit_test(null_key_and_null_value_stay_null),
        cmocka_unit_test(a_value_too_large_to_be_sent_again_is_left_out_and_its_length_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
