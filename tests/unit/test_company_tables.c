#include "table_rows.h"

/** Days from 1970-01-01 to 2000-01-01, where PostgreSQL counts from. */
#define PG_EPOCH_DAYS 10957

static struct clean_bar some_bar(void)
{
    static struct str flags[] = {STR("missed_split")};
    return (struct clean_bar){
        .asset = STR("equity:NVDA"),
        .source = STR("yahoo"),
        .symbol = STR("NVDA"),
        .currency = STR("USD"),
        .date = 19884, /* 2024-06-10 */
        .high = SOME_DOUBLE(123.1),
        .close = 121.79,
        .split = SOME_DOUBLE(10),
        .fetched_at_us = FETCHED_AT_US,
        .request_id = STR("r-1"),
        .unit_factor = 1,
        .verdict = VERDICT_SUSPECT,
        .flags = flags,
        .flags_count = 1,
        .score = 0.5,
        .source_count = 2,
        .restates_fetched_at_us = SOME_LONG(FETCHED_AT_US - US_PER_DAY),
        .rules_version = STR("1-abc"),
        .raw_partition = 2,
        .raw_offset = 4711,
    };
}

static void bar_keeps_its_day_and_names_the_one_it_corrects(void **state)
{
    (void)state;
    const struct clean_bar bar = some_bar();
    struct error error = {0};
    int64_t at_us = 0;
    clean_bar_encode(&bar, &body);
    assert_true(encode(&table_bar, &at_us, &error));
    assert_int_equal(at_us, FETCHED_AT_US);
    assert_int_field(&table_bar, "date", 19884 - PG_EPOCH_DAYS, 4);
    assert_double_field(&table_bar, "close", 121.79);
    assert_double_field(&table_bar, "split", 10);
    assert_int_equal(field_of(&table_bar, "open").len, -1);
    assert_int_field(&table_bar, "restates_fetched_at", FETCHED_AT_US - US_PER_DAY - INT64_C(946684800000000), 8);
    assert_text_field(&table_bar, "verdict", "S");
    assert_int_field(&table_bar, "record_offset", 77, 8);
}

static void bar_of_a_day_outside_of_the_calendar_is_refused(void **state)
{
    (void)state;
    struct clean_bar bar = some_bar();
    bar.date = INT32_MIN;
    clean_bar_encode(&bar, &body);
    assert_refused(&table_bar, "refused_value", "date");
    bar.date = -2451545 + PG_EPOCH_DAYS - 1;
    clean_bar_encode(&bar, &body);
    assert_refused(&table_bar, "refused_value", "4714 BC");
    bar.date++;
    clean_bar_encode(&bar, &body);
    struct error error = {0};
    int64_t at_us;
    assert_true(encode(&table_bar, &at_us, &error));
}

static void fundamentals_keep_typed_figures_and_all_that_the_provider_sent(void **state)
{
    (void)state;
    struct figure figures[] = {{.name = STR("PERatio"), .value = STR("28.1")}, {.name = STR("Note"), .value = STR("a \"b\"")}};
    const struct fundamentals company = {
        .asset = STR("equity:IBM"),
        .source = STR("alphavantage"),
        .symbol = STR("IBM"),
        .currency = STR("USD"),
        .name = SOME_STR(STR("International Business Machines")),
        .pe_ratio = SOME_DOUBLE(28.1),
        .low_52w = SOME_DOUBLE(199.5),
        .latest_quarter = SOME_INT(20361),
        .figures = figures,
        .figures_count = 2,
        .fetched_at_us = FETCHED_AT_US,
        .request_id = STR("r-1"),
    };
    struct error error = {0};
    int64_t at_us;
    fundamentals_encode(&company, &body);
    assert_true(encode(&table_fundamentals, &at_us, &error));
    assert_double_field(&table_fundamentals, "pe_ratio", 28.1);
    assert_double_field(&table_fundamentals, "low_52w", 199.5);
    assert_int_equal(field_of(&table_fundamentals, "market_cap").len, -1);
    assert_int_field(&table_fundamentals, "latest_quarter", 20361 - PG_EPOCH_DAYS, 4);
    assert_text_field(&table_fundamentals, "name", "International Business Machines");
    assert_int_equal(field_of(&table_fundamentals, "verdict").len, -1);
    assert_text_field(&table_fundamentals, "figures", "\x01{\"PERatio\":\"28.1\",\"Note\":\"a \\\"b\\\"\"}");
}

static void indicator_without_a_window_has_none(void **state)
{
    (void)state;
    const struct indicator macd = {
        .asset = STR("equity:IBM"),
        .source = STR("alphavantage"),
        .symbol = STR("IBM"),
        .indicator = STR("MACD"),
        .interval = STR("1d"),
        .series_type = STR("close"),
        .at_us = FETCHED_AT_US - US_PER_DAY,
        .value = -1.5,
        .signal = SOME_DOUBLE(-1.25),
        .fetched_at_us = FETCHED_AT_US,
        .request_id = STR("r-1"),
        .verdict = {.set = true, .value = VERDICT_PASS},
        .raw_offset = SOME_LONG(3),
    };
    struct error error = {0};
    int64_t at_us;
    indicator_encode(&macd, &body);
    assert_true(encode(&table_indicator, &at_us, &error));
    assert_int_equal(at_us, FETCHED_AT_US);
    assert_int_equal(field_of(&table_indicator, "time_period").len, -1);
    assert_double_field(&table_indicator, "value", -1.5);
    assert_double_field(&table_indicator, "signal", -1.25);
    assert_text_field(&table_indicator, "verdict", "P");
    assert_text_field(&table_indicator, "interval", "1d");
}

static void ranking_is_one_row_with_a_place_per_entry(void **state)
{
    (void)state;
    struct ranked_asset entries[] = {
        {.rank = 1,
         .symbol = STR("bitcoin"),
         .name = STR("Bitcoin"),
         .asset = SOME_STR(STR("crypto:BTC")),
         .score = SOME_DOUBLE(0)},
        {.rank = 2,
         .symbol = STR("new"),
         .name = STR("New"),
         .market_cap = SOME_DOUBLE(1e9),
         .change_24h_pct = SOME_DOUBLE(-2.5)},
    };
    const struct ranking ranking = {.list = STR("trending"),
                                    .source = STR("coingecko"),
                                    .currency = STR("USD"),
                                    .entries = entries,
                                    .entries_count = 2,
                                    .fetched_at_us = FETCHED_AT_US,
                                    .request_id = STR("r-1")};
    struct error error = {0};
    int64_t at_us;
    ranking_encode(&ranking, &body);
    assert_true(encode(&table_ranking, &at_us, &error));
    assert_text_field(&table_ranking, "list", "trending");
    assert_text_field(&table_ranking, "entries",
                      "\x01[{\"rank\":1,\"symbol\":\"bitcoin\",\"name\":\"Bitcoin\",\"asset\":\"crypto:BTC\",\"score\":0},"
                      "{\"rank\":2,\"symbol\":\"new\",\"name\":\"New\",\"market_cap\":1000000000,\"change_24h_pct\":-2.5}]");
}

static void report_keeps_how_often_each_rule_fired(void **state)
{
    (void)state;
    struct flag_count flags[] = {{.rule = STR("jump"), .count = 2}, {.rule = STR("stale"), .count = 1}};
    struct source_report sources[] = {
        {.source = STR("yahoo"), .polls = 5, .usual_interval_s = SOME_DOUBLE(120), .silent_s = 0.5, .fresh = true}};
    const struct report report = {
        .asset = STR("crypto:BTC"),
        .window_start_us = FETCHED_AT_US - 600 * US_PER_S,
        .window_end_us = FETCHED_AT_US,
        .quotes = 10,
        .passed = 7,
        .suspect = 2,
        .rejected = 1,
        .coverage = SOME_DOUBLE(1),
        .sources = sources,
        .sources_count = 1,
        .open_flags = flags,
        .open_flags_count = 2,
        .rules_version = STR("1-abc"),
    };
    struct error error = {0};
    int64_t at_us;
    report_encode(&report, &body);
    assert_true(encode(&table_report, &at_us, &error));
    assert_int_equal(at_us, FETCHED_AT_US);
    assert_int_field(&table_report, "passed", 7, 4);
    assert_double_field(&table_report, "coverage", 1);
    assert_int_equal(field_of(&table_report, "currency").len, -1);
    assert_text_field(&table_report, "sources",
                      "\x01[{\"source\":\"yahoo\",\"polls\":5,\"usual_interval_s\":120,\"silent_s\":0.5,\"gaps\":0,"
                      "\"fresh\":true,\"agrees\":false}]");
    assert_text_field(&table_report, "open_flags", "\x01{\"jump\":2,\"stale\":1}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(bar_keeps_its_day_and_names_the_one_it_corrects, set_up, tear_down),
        cmocka_unit_test_setup_teardown(bar_of_a_day_outside_of_the_calendar_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(fundamentals_keep_typed_figures_and_all_that_the_provider_sent, set_up, tear_down),
        cmocka_unit_test_setup_teardown(indicator_without_a_window_has_none, set_up, tear_down),
        cmocka_unit_test_setup_teardown(ranking_is_one_row_with_a_place_per_entry, set_up, tear_down),
        cmocka_unit_test_setup_teardown(report_keeps_how_often_each_rule_fired, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
