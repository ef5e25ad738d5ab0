#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "validate/streams/stream.h"

#define FETCHED_US (INT64_C(20500) * US_PER_DAY)

/** What a stream makes of a body. */
struct result {
    bool ok;
    struct error error;
    struct stream_result of;
    struct buf out;
    struct arena arena;
};

/** Gives a body that was encoded into `body` to a stream, and forgets the body. */
static struct result judge(const struct stream *stream, struct buf *body)
{
    struct result result = {0};
    const struct stream_origin origin = {.partition = 2, .offset = 77, .rules_version = STR("v-1")};
    const struct str copy = arena_str(&result.arena, buf_str(body));
    result.ok = stream->judge(copy, &origin, &result.arena, &result.out, &result.of, &result.error);
    buf_clear(body);
    return result;
}

static void result_clear(struct result *result)
{
    buf_clear(&result->out);
    arena_clear(&result->arena);
}

static void expect_refused(struct result result)
{
    assert_false(result.ok);
    assert_string_equal(result.error.cause, CAUSE_IMPOSSIBLE);
    assert_int_equal(result.out.len, 0);
    result_clear(&result);
}

static struct result judge_company(const struct fundamentals *company)
{
    struct buf body = {0};
    fundamentals_encode(company, &body);
    return judge(&stream_fundamentals, &body);
}

static struct fundamentals a_company(void)
{
    return (struct fundamentals){.asset = STR("equity:A"),
                                 .source = STR("s"),
                                 .currency = STR("USD"),
                                 .market_cap = SOME_DOUBLE(1e9),
                                 .pe_ratio = SOME_DOUBLE(-4),
                                 .latest_quarter = SOME_INT(20400),
                                 .fetched_at_us = FETCHED_US};
}

static void company_data_goes_on_with_its_judgement(void **state)
{
    (void)state;
    const struct fundamentals company = a_company();
    struct result result = judge_company(&company);
    struct fundamentals clean;
    assert_true(result.ok);
    assert_true(fundamentals_decode(buf_str(&result.out), &result.arena, &clean, &result.error));
    assert_true(clean.verdict.set && clean.verdict.value == VERDICT_PASS);
    assert_int_equal(clean.raw_partition.value, 2);
    assert_int_equal(clean.raw_offset.value, 77);
    assert_true(str_is(clean.rules_version.value, "v-1"));
    assert_true(clean.market_cap.value == 1e9 && clean.pe_ratio.value == -4);
    assert_true(str_is(result.of.key, "equity:A") && result.of.fetched_at_us == FETCHED_US);
    result_clear(&result);
}

static void company_data_that_cannot_be_is_refused(void **state)
{
    (void)state;
    struct fundamentals company = a_company();
    company.market_cap = SOME_DOUBLE(-1);
    expect_refused(judge_company(&company));
    company = a_company();
    company.pe_ratio = SOME_DOUBLE(NAN);
    expect_refused(judge_company(&company));
    company = a_company();
    company.latest_quarter = SOME_INT(20502);
    expect_refused(judge_company(&company));
    company = a_company();
    company.high_52w = SOME_DOUBLE(1);
    company.low_52w = SOME_DOUBLE(2);
    expect_refused(judge_company(&company));
    company = a_company();
    company.asset = STR("");
    expect_refused(judge_company(&company));
}

static struct result judge_indicator(const char *name, double value, int64_t at_us, const char *interval)
{
    const struct indicator indicator = {.asset = STR("equity:A"),
                                        .source = STR("s"),
                                        .indicator = str_from(name),
                                        .interval = str_from(interval),
                                        .time_period = SOME_INT(14),
                                        .at_us = at_us,
                                        .value = value,
                                        .fetched_at_us = FETCHED_US};
    struct buf body = {0};
    indicator_encode(&indicator, &body);
    return judge(&stream_indicators, &body);
}

static void indicators_are_held_to_what_they_can_be(void **state)
{
    (void)state;
    struct result results[] = {judge_indicator("RSI", 100, FETCHED_US, "1d"), judge_indicator("MACD", -3, FETCHED_US, "1d"),
                               judge_indicator("SMA", 5, FETCHED_US + 20 * US_PER_DAY, "1mo")};
    for (size_t i = 0; i < sizeof(results) / sizeof(results[0]); i++) {
        assert_true(results[i].ok);
        result_clear(&results[i]);
    }
    expect_refused(judge_indicator("RSI", 100.5, FETCHED_US, "1d"));
    expect_refused(judge_indicator("EMA", 0, FETCHED_US, "1d"));
    expect_refused(judge_indicator("MACD", INFINITY, FETCHED_US, "1d"));
    expect_refused(judge_indicator("RSI", 50, FETCHED_US + 4 * US_PER_DAY, "1d"));
}

static struct result judge_list(int32_t first, int32_t second, double cap)
{
    struct ranked_asset entries[] = {{.rank = first, .symbol = STR("a"), .market_cap = SOME_DOUBLE(cap)},
                                     {.rank = second, .symbol = STR("b")}};
    const struct ranking ranking = {.list = STR("trending"),
                                    .source = STR("s"),
                                    .currency = STR("USD"),
                                    .entries = entries,
                                    .entries_count = 2,
                                    .fetched_at_us = FETCHED_US};
    struct buf body = {0};
    ranking_encode(&ranking, &body);
    return judge(&stream_rankings, &body);
}

static void lists_have_each_rank_once_and_in_order(void **state)
{
    (void)state;
    struct result result = judge_list(1, 2, 5);
    assert_true(result.ok);
    assert_true(str_is(result.of.key, "trending"));
    result_clear(&result);
    expect_refused(judge_list(1, 1, 5));
    expect_refused(judge_list(2, 1, 5));
    expect_refused(judge_list(0, 1, 5));
    expect_refused(judge_list(1, 2, -5));
}

static void bytes_that_are_no_record_are_refused_with_their_cause(void **state)
{
    (void)state;
    for (size_t i = 0; streams_table[i]; i++) {
        struct buf body = {0};
        buf_append_str(&body, STR("\x02"));
        struct result result = judge(streams_table[i], &body);
        assert_false(result.ok);
        assert_string_equal(result.error.cause, "truncated");
        result_clear(&result);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(company_data_goes_on_with_its_judgement),
        cmocka_unit_test(company_data_that_cannot_be_is_refused),
        cmocka_unit_test(indicators_are_held_to_what_they_can_be),
        cmocka_unit_test(lists_have_each_rank_once_and_in_order),
        cmocka_unit_test(bytes_that_are_no_record_are_refused_with_their_cause),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
