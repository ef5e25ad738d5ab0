#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "persist/table.h"
#include "persist/tables/tables.h"
#include "quotebus_records.h"

#define FETCHED_AT_US INT64_C(1767323045678901) /* 2026-01-02T03:04:05.678901Z */

static struct arena arena;
static struct buf body;
static struct buf out;
static struct dimensions *dimensions;

/** Keys by the length of the name: assets 1000 and more, sources below. */
static bool resolve(void *ctx, enum dimension kind, struct str name, int32_t *id, struct error *error)
{
    (void)ctx;
    (void)error;
    *id = (kind == DIMENSION_ASSET ? 1000 : 0) + (int32_t)name.len;
    return true;
}

static int set_up(void **state)
{
    (void)state;
    const struct dimension_source source = {.resolve = resolve};
    dimensions = dimensions_new(&source);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    dimensions_free(dimensions);
    arena_clear(&arena);
    buf_clear(&body);
    buf_clear(&out);
    return 0;
}

/** One field of an encoded row. */
struct field {
    const uint8_t *data;
    int32_t len; /* -1: null */
};

static uint64_t number(const uint8_t *at, size_t size)
{
    uint64_t value = 0;
    for (size_t i = 0; i < size; i++)
        value = value << 8 | at[i];
    return value;
}

/** The field of a column of the one row in `out`, found by the column's name in the table's list. */
static struct field field_of(const struct table *table, const char *column)
{
    const uint8_t *at = out.data + 2;
    const char *name = table->columns;
    assert_int_equal(number(out.data, 2), table->column_count);
    for (;;) {
        const struct field field = {.data = at + 4, .len = (int32_t)number(at, 4)};
        const size_t len = strcspn(name, ",");
        if (len == strlen(column) && strncmp(name, column, len) == 0)
            return field;
        at += 4 + (field.len > 0 ? field.len : 0);
        assert_true(at <= out.data + out.len);
        if (name[len] == '\0')
            fail_msg("no column %s", column);
        name += len + strspn(name + len, ", ");
    }
}

static void assert_text_field(const struct table *table, const char *column, const char *expected)
{
    const struct field field = field_of(table, column);
    assert_int_equal(field.len, strlen(expected));
    assert_memory_equal(field.data, expected, strlen(expected));
}

static void assert_int_field(const struct table *table, const char *column, int64_t expected, int32_t size)
{
    const struct field field = field_of(table, column);
    assert_int_equal(field.len, size);
    assert_int_equal(number(field.data, (size_t)size), (uint64_t)expected & (UINT64_MAX >> (64 - 8 * size)));
}

static void assert_double_field(const struct table *table, const char *column, double expected)
{
    uint64_t bits;
    memcpy(&bits, &expected, sizeof(bits));
    assert_int_field(table, column, (int64_t)bits, 8);
}

/** Encodes what is in `body` as partition 3, offset 77. */
static bool encode(const struct table *table, int64_t *at_us, struct error *error)
{
    const struct encode_context context = {.origin = {.partition = 3, .offset = 77}, .dimensions = dimensions, .arena = &arena};
    return table_encode(table, buf_str(&body), &context, &out, at_us, error);
}

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

/** The record in `body` is refused with that cause, and nothing stays in `out`. */
static void assert_refused(const struct table *table, const char *cause, const char *part)
{
    struct error error = {0};
    int64_t at_us;
    assert_false(encode(table, &at_us, &error));
    assert_int_equal(error.code, ERROR_INVALID);
    assert_string_equal(error.cause, cause);
    assert_non_null(strstr(error.message, part));
    assert_int_equal(out.len, 0);
    buf_reset(&body);
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
