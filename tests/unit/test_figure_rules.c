/* The rules about the figures beside the price. */
#include "tests/unit/validate_fixture.h"

#include <math.h>

/** A quote at 100 with a session's range around it. */
static struct quote with_bar(double open, double high, double low)
{
    struct quote quote = a_quote("a", 100);
    quote.open = SOME_DOUBLE(open);
    quote.high = SOME_DOUBLE(high);
    quote.low = SOME_DOUBLE(low);
    return quote;
}

/** Whether a quote alone has the flag; with it, it must be suspect. */
static bool gets(struct quote quote, const char *flag)
{
    struct stream stream = stream_open();
    const bool got = has_flag(judge(&stream, quote), flag);
    assert_verdict(&stream.last.clean, got ? VERDICT_SUSPECT : VERDICT_PASS);
    stream_close(&stream);
    return got;
}

static void bad_bar_fires_where_the_figures_contradict_each_other_by_more_than_a_percent(void **state)
{
    (void)state;
    assert_false(gets(with_bar(99, 101, 98), "bad_bar"));
    assert_false(gets(with_bar(99, 99.1, 98), "bad_bar")); /* the price is less than a percent above the high */
    assert_true(gets(with_bar(98, 98.9, 98), "bad_bar"));
    assert_true(gets(with_bar(102, 103, 101.2), "bad_bar"));
    assert_false(gets(with_bar(102, 103, 100.9), "bad_bar"));
    assert_true(gets(with_bar(99, 98, 101), "bad_bar"));
    assert_true(gets(with_bar(90, 101, 98), "bad_bar"));
    assert_true(gets(with_bar(110, 101, 98), "bad_bar"));
}

static void bad_bar_takes_zeros_of_all_for_missing_and_of_one_for_wrong(void **state)
{
    (void)state;
    assert_false(gets(with_bar(0, 0, 0), "bad_bar"));
    assert_true(gets(with_bar(99, 101, 0), "bad_bar"));
    assert_true(gets(with_bar(99, 0, 98), "bad_bar"));
    assert_true(gets(with_bar(-99, 101, 98), "bad_bar"));
    struct quote quote = a_quote("a", 100);
    quote.high = SOME_DOUBLE(90);
    assert_true(gets(quote, "bad_bar"));
}

static void crossed_fires_beyond_the_divergence_floor(void **state)
{
    (void)state;
    struct quote quote = a_quote("a", 100);
    quote.ask = SOME_DOUBLE(100);
    quote.bid = SOME_DOUBLE(100.99);
    assert_false(gets(quote, "crossed"));
    quote.bid = SOME_DOUBLE(101.01);
    assert_true(gets(quote, "crossed"));
    quote.ask = SOME_DOUBLE(0); /* no ask */
    assert_false(gets(quote, "crossed"));
}

/** A quote of that source's session volume (and market capitalisation), i minutes on. */
static struct quote with_figures(double volume, double market_cap, int i)
{
    struct quote quote = a_quote_at("a", 100, i * 60);
    quote.volume = SOME_DOUBLE(volume);
    quote.market_cap = SOME_DOUBLE(market_cap);
    return quote;
}

/** Whether a quote has a flag that leaves it a pass. */
static bool is_flagged(struct stream *stream, struct quote quote, const char *flag)
{
    const bool flagged = has_flag(judge(stream, quote), flag);
    assert_verdict(&stream->last.clean, VERDICT_PASS);
    assert_int_equal(stream->last.anomaly_count, 0);
    return flagged;
}

static void volume_outlier_fires_beyond_twenty_times_what_is_usual(void **state)
{
    (void)state;
    struct stream stream = stream_open();
    assert_false(is_flagged(&stream, with_figures(1e6, 1e9, 0), "volume_outlier"));
    assert_false(is_flagged(&stream, with_figures(1.1e6, 1e9, 1), "volume_outlier"));
    assert_true(is_flagged(&stream, with_figures(2.21e7, 1e9, 2), "volume_outlier"));
    assert_false(is_flagged(&stream, with_figures(2e7, 1e9, 3), "volume_outlier"));
    stream_close(&stream);
}

static void volume_outlier_knows_that_a_session_begins_at_nothing(void **state)
{
    (void)state;
    struct stream stream = stream_open();
    judge(&stream, with_figures(5e6, 1e9, 0)); /* a whole day */
    assert_false(is_flagged(&stream, with_figures(100, 1e9, 1000), "volume_outlier"));
    assert_false(is_flagged(&stream, with_figures(3e5, 1e9, 1001), "volume_outlier"));
    assert_true(is_flagged(&stream, with_figures(3.3e7, 1e9, 1002), "volume_outlier")); /* 110 times the poll before */
    assert_false(is_flagged(&stream, with_figures(4e5, 1e9, 1003), "volume_outlier"));
    stream_close(&stream);
}

static void lasting_change_of_volume_is_believed_in_time(void **state)
{
    (void)state;
    struct stream stream = stream_open();
    int outliers = 0;
    judge(&stream, with_figures(1e6, 1e9, 0));
    for (int i = 1; i <= 100; i++)
        outliers += is_flagged(&stream, with_figures(1e8, 1e9, i), "volume_outlier");
    assert_true(outliers > 10 && outliers < 60);
    stream_close(&stream);
}

static void cap_mismatch_fires_where_the_supply_is_three_times_off(void **state)
{
    (void)state;
    struct stream stream = stream_open();
    assert_false(is_flagged(&stream, with_figures(1, 1e9, 0), "cap_mismatch"));
    assert_false(is_flagged(&stream, with_figures(1, 2.99e9, 1), "cap_mismatch"));
    assert_true(is_flagged(&stream, with_figures(1, 3.4e9, 2), "cap_mismatch"));
    assert_true(is_flagged(&stream, with_figures(1, 1e8, 3), "cap_mismatch"));
    assert_false(is_flagged(&stream, with_figures(1, 1e9, 4), "cap_mismatch"));
    int mismatches = 0;
    for (int i = 5; i < 105; i++) /* shares are issued: believed in time */
        mismatches += is_flagged(&stream, with_figures(1, 1e10, i), "cap_mismatch");
    assert_true(mismatches > 10 && mismatches < 60);
    stream_close(&stream);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bad_bar_fires_where_the_figures_contradict_each_other_by_more_than_a_percent),
        cmocka_unit_test(bad_bar_takes_zeros_of_all_for_missing_and_of_one_for_wrong),
        cmocka_unit_test(crossed_fires_beyond_the_divergence_floor),
        cmocka_unit_test(volume_outlier_fires_beyond_twenty_times_what_is_usual),
        cmocka_unit_test(volume_outlier_knows_that_a_session_begins_at_nothing),
        cmocka_unit_test(lasting_change_of_volume_is_believed_in_time),
        cmocka_unit_test(cap_mismatch_fires_where_the_supply_is_three_times_off),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
