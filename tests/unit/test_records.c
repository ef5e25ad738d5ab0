#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "ingest/records.h"

static void records_of_every_kind_are_counted_and_stamped(void **state)
{
    (void)state;
    struct quote quotes[2] = {{.asset = STR("crypto:BTC")}, {.asset = STR("crypto:ETH")}};
    struct bar bar = {.asset = STR("equity:AAPL")};
    struct fundamentals overview = {.asset = STR("equity:IBM")};
    struct indicator average = {.asset = STR("equity:MSFT")};
    struct ranking trending = {.list = STR("trending")};
    struct parse_result parsed = {.quotes = quotes,
                                  .quote_count = 2,
                                  .bars = &bar,
                                  .bar_count = 1,
                                  .fundamentals = &overview,
                                  .fundamentals_count = 1,
                                  .indicators = &average,
                                  .indicator_count = 1,
                                  .rankings = &trending,
                                  .ranking_count = 1};
    static const struct {
        const char *topic;
        const char *key; /* of the last record */
    } expected[RECORD_KINDS] = {{"quotes.raw", "crypto:ETH"},
                                {"bars.raw", "equity:AAPL"},
                                {"fundamentals.raw", "equity:IBM"},
                                {"indicators.raw", "equity:MSFT"},
                                {"rankings.raw", "trending"}};
    assert_int_equal(records_total(&parsed), 6);
    records_stamp(&parsed, 1770000000000001, "0123");
    for (size_t i = 0; i < RECORD_KINDS; i++) {
        const struct record_kind *kind = &record_kinds[i];
        size_t count = records_count(kind, &parsed);
        assert_int_equal(count, i == 0 ? 2 : 1);
        const void *record = records_at(kind, &parsed, count - 1);
        assert_string_equal(kind->topic, expected[i].topic);
        assert_true(str_is(record_key(kind, record), expected[i].key));
        assert_int_equal(record_fetched_at_us(kind, record), 1770000000000001);
    }
    assert_true(str_is(quotes[1].request_id, "0123") && str_is(bar.request_id, "0123"));
    assert_true(str_is(overview.request_id, "0123") && str_is(average.request_id, "0123"));
    assert_true(str_is(trending.request_id, "0123"));
}

static void every_kind_is_encoded_by_its_own_schema(void **state)
{
    (void)state;
    struct bar bar = {.asset = STR("equity:AAPL"), .close = 244.87, .date = 20000};
    struct parse_result parsed = {.bars = &bar, .bar_count = 1};
    struct buf out = {0};
    struct arena arena = {0};
    struct bar again;
    struct error error = {0};
    const struct record_kind *kind = &record_kinds[1];
    assert_non_null(strstr(kind->schema_json, "\"Bar\""));
    kind->encode(records_at(kind, &parsed, 0), &out);
    assert_true(bar_decode(buf_str(&out), &arena, &again, &error));
    assert_true(again.close == 244.87 && again.date == 20000);
    buf_clear(&out);
    arena_clear(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(records_of_every_kind_are_counted_and_stamped),
        cmocka_unit_test(every_kind_is_encoded_by_its_own_schema),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
