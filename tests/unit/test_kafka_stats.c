/* librdkafka's statistics become figures. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "base/metrics.h"
#include "bus/kafka_stats.h"

static const char text[] = "{\"name\":\"x#producer-1\",\"tx\":7,\"tx_bytes\":1000,\"rx_bytes\":2000,\"msg_cnt\":3,\"brokers\":{"
                           "\"a:1/1\":{\"txerrs\":1,\"rxerrs\":2,\"req_timeouts\":4,\"rtt\":{\"p99\":1500}},"
                           "\"b:1/2\":{\"txerrs\":1,\"rxerrs\":0,\"req_timeouts\":0,\"rtt\":{\"p99\":2500}}}}";

static void brokers_are_summed_and_the_slowest_counts(void **state)
{
    (void)state;
    struct kafka_stats stats;
    assert_true(kafka_stats_read(str_from(text), &stats));
    assert_float_equal(stats.requests, 7, 0);
    assert_float_equal(stats.sent_bytes, 1000, 0);
    assert_float_equal(stats.received_bytes, 2000, 0);
    assert_float_equal(stats.queued_messages, 3, 0);
    assert_float_equal(stats.failed_requests, 4, 0);
    assert_float_equal(stats.timed_out_requests, 4, 0);
    assert_float_equal(stats.round_trip_s, 0.0025, 1e-12);
}

static void what_is_missing_or_of_another_type_is_zero(void **state)
{
    (void)state;
    struct kafka_stats stats;
    assert_true(kafka_stats_read(STR("{\"tx\":\"many\",\"brokers\":[1]}"), &stats));
    assert_float_equal(stats.requests, 0, 0);
    assert_false(kafka_stats_read(STR("[]"), &stats));
    assert_false(kafka_stats_read(STR("{"), &stats));
}

static void a_client_is_a_label_without_its_number(void **state)
{
    (void)state;
    char json[sizeof(text)];
    struct buf out = {0};
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    assert_int_equal(rd_kafka_conf_set(conf, "client.id", "stage", NULL, 0), RD_KAFKA_CONF_OK);
    rd_kafka_t *rk = rd_kafka_new(RD_KAFKA_PRODUCER, conf, NULL, 0);
    assert_non_null(rk);
    memcpy(json, text, sizeof(text));
    assert_int_equal(kafka_stats_take(rk, json, strlen(json), NULL), 0);
    metrics_write(&out);
    buf_append(&out, "", 1);
    assert_non_null(strstr((const char *)out.data, "quotebus_kafka_requests_total{client=\"stage\"} 7"));
    buf_clear(&out);
    rd_kafka_destroy(rk);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(brokers_are_summed_and_the_slowest_counts),
        cmocka_unit_test(what_is_missing_or_of_another_type_is_zero),
        cmocka_unit_test(a_client_is_a_label_without_its_number),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
