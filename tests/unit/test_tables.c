#include "table_rows.h"

static struct clean_quote some_quote(void)
{
    static struct str flags[] = {STR("jump"), STR("stale")};
    return (struct clean_quote){
        .asset = STR("equity:AAPL"),
        .source = STR("yahoo"),
        .symbol = STR("AAPL"),
        .currency = STR("USD"),
        .price = 234.56,
        .bid = SOME_DOUBLE(234.5),
        .observed_at_us = FETCHED_AT_US - 1000000,
        .observed_resolution_s = 1,
        .fetched_at_us = FETCHED_AT_US,
        .request_id = STR("r-1"),
        .unit_factor = 1,
        .verdict = VERDICT_SUSPECT,
        .flags = flags,
        .flags_count = 2,
        .score = 0.75,
        .source_count = 2,
        .rules_version = STR("1-abc"),
        .raw_partition = 2,
        .raw_offset = 4711,
    };
}

static void every_table_lists_as_many_columns_as_it_counts(void **state)
{
    (void)state;
    for (size_t i = 0; tables[i]; i++) {
        int16_t count = 1;
        for (const char *c = tables[i]->columns; *c; c++)
            count = (int16_t)(count + (*c == ','));
        assert_int_equal(count, tables[i]->column_count);
    }
}

static void quote_becomes_a_row_with_its_origin_and_keys(void **state)
{
    (void)state;
    const struct clean_quote quote = some_quote();
    struct error error = {0};
    int64_t at_us = 0;
    clean_quote_encode(&quote, &body);
    assert_true(encode(&table_quote, &at_us, &error));
    assert_int_equal(at_us, FETCHED_AT_US);
    assert_int_field(&table_quote, "fetched_at", FETCHED_AT_US - INT64_C(946684800000000), 8);
    assert_double_field(&table_quote, "price", 234.56);
    assert_double_field(&table_quote, "bid", 234.5);
    assert_int_equal(field_of(&table_quote, "ask").len, -1);
    assert_int_equal(field_of(&table_quote, "usd_rate_source").len, -1);
    assert_int_field(&table_quote, "asset_id", 1011, 4);
    assert_int_field(&table_quote, "source_id", 5, 2);
    assert_int_field(&table_quote, "raw_partition", 2, 4);
    assert_int_field(&table_quote, "raw_offset", 4711, 8);
    assert_int_field(&table_quote, "clean_partition", 3, 4);
    assert_int_field(&table_quote, "clean_offset", 77, 8);
    assert_text_field(&table_quote, "verdict", "S");
    assert_text_field(&table_quote, "rules_version", "1-abc");
    assert_int_equal(field_of(&table_quote, "flags").len, 20 + 4 + 4 + 4 + 5);
}

static void quote_that_no_partition_can_hold_is_refused(void **state)
{
    (void)state;
    struct clean_quote quote = some_quote();
    quote.fetched_at_us = TABLE_DAY_FIRST * US_PER_DAY - 1;
    clean_quote_encode(&quote, &body);
    assert_refused(&table_quote, "refused_value", "1989-12-31");
    quote.fetched_at_us = (TABLE_DAY_LAST + 1) * US_PER_DAY;
    clean_quote_encode(&quote, &body);
    assert_refused(&table_quote, "refused_value", "2100-01-01");
    quote.fetched_at_us = TABLE_DAY_FIRST * US_PER_DAY;
    clean_quote_encode(&quote, &body);
    int64_t at_us;
    struct error error = {0};
    assert_true(encode(&table_quote, &at_us, &error));
}

static void quote_with_values_no_column_holds_is_refused(void **state)
{
    (void)state;
    struct clean_quote quote = some_quote();
    quote.observed_resolution_s = INT64_C(1) << 40;
    clean_quote_encode(&quote, &body);
    assert_refused(&table_quote, "refused_value", "observed_resolution_s");
    quote = some_quote();
    quote.symbol = (struct str){.ptr = "nul\0inside", .len = 10};
    clean_quote_encode(&quote, &body);
    assert_refused(&table_quote, "refused_value", "symbol");
    quote = some_quote();
    quote.asset = STR("AAPL");
    clean_quote_encode(&quote, &body);
    assert_refused(&table_quote, "refused_value", "class:CODE");
}

static void truncated_record_is_refused_with_the_decoders_cause(void **state)
{
    (void)state;
    const struct clean_quote quote = some_quote();
    clean_quote_encode(&quote, &body);
    body.len /= 2;
    assert_refused(&table_quote, "truncated", "");
}

static void anomaly_keeps_its_evidence_as_json(void **state)
{
    (void)state;
    struct source_price evidence[] = {
        {.source = STR("coin\"gecko"), .price = 0.1 + 0.2, .observed_at_us = FETCHED_AT_US, .weight = 1},
        {.source = STR("yahoo"), .price = 5, .observed_at_us = 0, .weight = 0},
    };
    const struct anomaly anomaly = {
        .asset = STR("crypto:BTC"),
        .source = STR("yahoo"),
        .symbol = STR("BTC-USD"),
        .currency = STR("USD"),
        .price = 5,
        .fetched_at_us = FETCHED_AT_US,
        .rule = STR("divergence"),
        .verdict = VERDICT_REJECT,
        .threshold = SOME_DOUBLE(150),
        .unit = STR("bps"),
        .message = STR("5 is far from 0.3"),
        .evidence = evidence,
        .evidence_count = 2,
        .rules_version = STR("1-abc"),
    };
    struct error error = {0};
    int64_t at_us;
    anomaly_encode(&anomaly, &body);
    assert_true(encode(&table_anomaly, &at_us, &error));
    assert_int_equal(at_us, FETCHED_AT_US);
    assert_text_field(&table_anomaly, "verdict", "R");
    assert_text_field(&table_anomaly, "evidence",
                      "\x01[{\"source\":\"coin\\\"gecko\",\"price\":0.30000000000000004,"
                      "\"observed_at\":\"2026-01-02T03:04:05.678901Z\",\"weight\":1},"
                      "{\"source\":\"yahoo\",\"price\":5,\"observed_at\":\"1970-01-01T00:00:00.000000Z\",\"weight\":0}]");
    assert_int_equal(field_of(&table_anomaly, "measured").len, -1);
    assert_double_field(&table_anomaly, "threshold", 150);
}

static void consensus_without_sources_has_an_empty_list(void **state)
{
    (void)state;
    const struct consensus_price price = {
        .asset = STR("crypto:BTC"), .currency = STR("USD"), .price = 64000.5, .source_count = 3, .as_of_us = FETCHED_AT_US};
    struct error error = {0};
    int64_t at_us;
    consensus_price_encode(&price, &body);
    assert_true(encode(&table_consensus, &at_us, &error));
    assert_text_field(&table_consensus, "sources", "\x01[]");
    assert_int_field(&table_consensus, "source_count", 3, 4);
    assert_int_field(&table_consensus, "record_offset", 77, 8);
}

static void health_event_may_be_about_a_provider_or_an_asset(void **state)
{
    (void)state;
    struct health_event event = {
        .provider = STR("yahoo"), .at_us = FETCHED_AT_US, .state = STR("ok"), .latency_ms = 12.5, .quota_used = 5};
    struct error error = {0};
    int64_t at_us;
    health_event_encode(&event, &body);
    assert_true(encode(&table_health_event, &at_us, &error));
    assert_int_equal(field_of(&table_health_event, "asset_id").len, -1);
    assert_int_equal(field_of(&table_health_event, "quota_limit").len, -1);
    buf_reset(&body);
    buf_reset(&out);
    event.asset = SOME_STR(STR("equity:HES"));
    event.http_status = SOME_INT(404);
    health_event_encode(&event, &body);
    assert_true(encode(&table_health_event, &at_us, &error));
    assert_int_field(&table_health_event, "asset_id", 1010, 4);
    assert_int_field(&table_health_event, "http_status", 404, 4);
    assert_text_field(&table_health_event, "state", "ok");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_table_lists_as_many_columns_as_it_counts, set_up, tear_down),
        cmocka_unit_test_setup_teardown(quote_becomes_a_row_with_its_origin_and_keys, set_up, tear_down),
        cmocka_unit_test_setup_teardown(quote_that_no_partition_can_hold_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(quote_with_values_no_column_holds_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(truncated_record_is_refused_with_the_decoders_cause, set_up, tear_down),
        cmocka_unit_test_setup_teardown(anomaly_keeps_its_evidence_as_json, set_up, tear_down),
        cmocka_unit_test_setup_teardown(consensus_without_sources_has_an_empty_list, set_up, tear_down),
        cmocka_unit_test_setup_teardown(health_event_may_be_about_a_provider_or_an_asset, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
