/* The rules that name what is wrong with a price or its time, beside those that measure it. */
#include "tests/unit/validate_fixture.h"

#include <math.h>

/** Judges `count` quotes of a source a minute apart from `from_s` on, at a price that hardly moves. */
static void settle(struct stream *stream, const char *source, double price, int count, int64_t from_s)
{
    for (int i = 0; i < count; i++)
        assert_verdict(judge(stream, a_quote_at(source, price * (1 + (i % 3) * 1e-5), from_s + i * 60)), VERDICT_PASS);
}

/** Whether a lone source that was at 100 and is at `price` a minute later has the flag. */
static bool lone_source_gets(const char *flag, double price)
{
    struct stream stream = stream_open();
    settle(&stream, "a", 100, 1, 0);
    const bool got = has_flag(judge(&stream, a_quote_at("a", price, 60)), flag);
    assert_true(!got || stream.last.clean.verdict == VERDICT_SUSPECT);
    stream_close(&stream);
    return got;
}

static void unit_error_names_hundreds_thousands_and_satoshi_either_way(void **state)
{
    (void)state;
    assert_true(lone_source_gets("unit_error", 10000));
    assert_true(lone_source_gets("unit_error", 1));
    assert_true(lone_source_gets("unit_error", 100000));
    assert_true(lone_source_gets("unit_error", 0.1));
    assert_true(lone_source_gets("unit_error", 1e10));
    assert_true(lone_source_gets("unit_error", 1e-6));
    assert_false(lone_source_gets("unit_error", 1000));
}

static void unit_error_leaves_room_for_a_currency_that_changed_along(void **state)
{
    (void)state;
    assert_true(lone_source_gets("unit_error", 100 / 72.0));
    assert_false(lone_source_gets("unit_error", 100 / 71.0));
    assert_true(lone_source_gets("unit_error", 13990));
    assert_false(lone_source_gets("unit_error", 14010));
}

static void unit_error_is_told_by_the_other_sources_where_there_are_any(void **state)
{
    (void)state;
    struct stream stream = stream_open();
    settle(&stream, "a", 100, 2, 0);
    settle(&stream, "b", 100, 2, 1);
    assert_verdict(judge(&stream, a_quote_at("c", 10000, 70)), VERDICT_SUSPECT); /* its first */
    assert_true(has_flag(&stream.last.clean, "unit_error"));
    assert_true(has_flag(&stream.last.clean, "divergent"));
    assert_string_equal(stream.last.anomalies[0].rule.ptr, "unit_error");
    assert_verdict(judge(&stream, a_quote_at("d", 100, 75)), VERDICT_PASS);
    assert_true(has_flag(judge(&stream, a_quote_at("c", 10000, 80)), "unit_error"));
    stream_close(&stream);
}

static void unit_error_is_none_once_another_source_is_there_too(void **state)
{
    (void)state;
    struct stream stream = stream_open();
    settle(&stream, "a", 100, 6, 0);
    settle(&stream, "b", 100, 6, 1);
    assert_true(has_flag(judge(&stream, a_quote_at("a", 0.1, 400)), "unit_error"));
    assert_verdict(judge(&stream, a_quote_at("b", 0.1, 401)), VERDICT_PASS); /* a redenomination */
    assert_verdict(judge(&stream, a_quote_at("a", 0.1, 460)), VERDICT_PASS);
    stream_close(&stream);
}

static void unit_error_is_told_by_a_base_that_is_too_old_for_a_jump(void **state)
{
    (void)state;
    struct stream stream = stream_open();
    judge(&stream, a_quote("a", 100));
    assert_true(has_flag(judge(&stream, a_quote_at("a", 10000, 86400)), "unit_error"));
    assert_false(has_flag(&stream.last.clean, "jump"));
    assert_verdict(judge(&stream, a_quote_at("a", 10000, 86401)), VERDICT_PASS);
    stream_close(&stream);
}

static void missed_split_names_ratios_within_five_percent(void **state)
{
    (void)state;
    static const double ratios[] = {1.5, 2, 3, 4, 5, 10, 20};
    for (size_t i = 0; i < sizeof(ratios) / sizeof(ratios[0]); i++) {
        assert_true(lone_source_gets("missed_split", 100 * ratios[i]));
        assert_true(lone_source_gets("missed_split", 100 / ratios[i]));
    }
    assert_true(lone_source_gets("missed_split", 200 * 1.049));
    assert_false(lone_source_gets("missed_split", 200 * 1.051));
    assert_true(lone_source_gets("missed_split", 150 * 0.951));
    assert_false(lone_source_gets("missed_split", 150 * 0.949));
}

static void missed_split_that_a_second_source_shows_is_a_split(void **state)
{
    (void)state;
    struct stream stream = stream_open();
    settle(&stream, "a", 100, 6, 0);
    settle(&stream, "b", 100, 6, 1);
    settle(&stream, "c", 100, 6, 2);
    assert_true(has_flag(judge(&stream, a_quote_at("a", 25, 400)), "missed_split"));
    assert_verdict(judge(&stream, a_quote_at("b", 25, 401)), VERDICT_PASS);
    assert_verdict(judge(&stream, a_quote_at("a", 25, 460)), VERDICT_PASS);
    assert_true(has_flag(judge(&stream, a_quote_at("c", 100, 461)), "divergent")); /* the one that missed it */
    stream_close(&stream);
}

/** Judges a stream in which the named sources move by a percent in six minutes and "still" does not; returns whether it is
 * frozen. */
static bool is_frozen_among(const char *const *movers, size_t count, int polls, double step)
{
    struct stream stream = stream_open();
    bool frozen = false;
    for (int i = 0; i < polls; i++) {
        for (size_t m = 0; m < count; m++)
            judge(&stream, a_quote_at(movers[m], 100 * (1 + i * step), i * 60));
        frozen = has_flag(judge(&stream, a_quote_at("still", 100, i * 60 + 1)), "frozen");
    }
    stream_close(&stream);
    return frozen;
}

static void frozen_fires_when_two_others_moved_beyond_the_floor(void **state)
{
    (void)state;
    static const char *const two[] = {"a", "b"}, *const copies[] = {"copy-a", "copy-b"};
    assert_true(is_frozen_among(two, 2, 4, 0.0034));
    assert_false(is_frozen_among(two, 2, 4, 0.0032));
    assert_false(is_frozen_among(two, 2, 3, 0.0051));    /* too few polls */
    assert_false(is_frozen_among(copies, 2, 6, 0.0019)); /* one upstream, and not yet over a longer span */
}

static void frozen_needs_more_polls_where_one_other_moved(void **state)
{
    (void)state;
    static const char *const one[] = {"a"};
    assert_true(is_frozen_among(one, 1, 7, 0.0017));
    assert_false(is_frozen_among(one, 1, 6, 0.0017));
    assert_false(is_frozen_among(one, 1, 40, 0)); /* a closed market */
}

static void frozen_source_does_not_make_the_one_that_moves_suspect(void **state)
{
    (void)state;
    struct stream stream = stream_open();
    for (int i = 0; i < 40; i++) {
        assert_verdict(judge(&stream, a_quote_at("moving", 100 * (1 + i * 0.001), i * 60)), VERDICT_PASS);
        judge(&stream, a_quote_at("still", 100, i * 60 + 1));
    }
    assert_true(has_flag(&stream.last.clean, "frozen"));
    assert_true(has_flag(&stream.last.clean, "divergent"));
    stream_close(&stream);
}

static void disputed_is_said_of_both_where_no_past_tells(void **state)
{
    (void)state;
    struct stream stream = stream_open();
    judge(&stream, a_quote("a", 100));
    assert_true(has_flag(judge(&stream, a_quote("b", 130)), "disputed"));
    assert_true(has_flag(judge(&stream, a_quote_at("a", 100, 60)), "disputed"));
    assert_verdict(judge(&stream, a_quote_at("c", 100, 61)), VERDICT_PASS); /* a third one settles it */
    assert_false(has_flag(judge(&stream, a_quote_at("b", 130, 62)), "disputed"));
    assert_true(has_flag(&stream.last.clean, "divergent"));
    assert_verdict(judge(&stream, a_quote_at("a", 100, 120)), VERDICT_PASS);
    stream_close(&stream);
}

static void leap_of_one_of_two_is_not_held_against_the_other(void **state)
{
    (void)state;
    struct stream stream = stream_open();
    settle(&stream, "a", 100, 6, 0);
    settle(&stream, "b", 100, 6, 1);
    assert_verdict(judge(&stream, a_quote_at("b", 103, 1500)),
                   VERDICT_PASS); /* a is too old to be compared with, and 3% is no jump */
    assert_verdict(judge(&stream, a_quote_at("a", 100, 1501)), VERDICT_PASS);
    assert_verdict(judge(&stream, a_quote_at("b", 103, 1560)), VERDICT_SUSPECT);
    assert_verdict(judge(&stream, a_quote_at("a", 100, 1561)), VERDICT_PASS);
    stream_close(&stream);
}

static void delayed_source_is_compared_with_what_the_others_said_then(void **state)
{
    (void)state;
    struct stream stream = stream_open();
    for (int i = 0; i < 12; i++) { /* 0.3% a minute */
        judge(&stream, a_quote_at("a", 100 * (1 + i * 0.003), i * 60));
        judge(&stream, a_quote_at("b", 100 * (1 + i * 0.003), i * 60 + 1));
    }
    struct quote delayed = a_quote_at("delayed", 100 * (1 + 3 * 0.003), 3 * 60);
    delayed.fetched_at_us = NOON_US + 700 * US_PER_S;
    assert_verdict(judge(&stream, delayed), VERDICT_PASS);
    assert_true(fabs(stream.last.clean.deviation_bps.value) < 1);
    delayed.price *= 1.02;
    delayed.observed_at_us += 1;
    assert_verdict(judge(&stream, delayed), VERDICT_SUSPECT);
    stream_close(&stream);
}

static void late_quote_is_flagged_and_not_remembered(void **state)
{
    (void)state;
    struct stream stream = stream_open();
    settle(&stream, "a", 100, 2, 0);
    struct quote late = a_quote_at("a", 100.5, 59);
    late.fetched_at_us = NOON_US + 70 * US_PER_S;
    assert_true(has_flag(judge(&stream, late), "late"));
    assert_verdict(&stream.last.clean, VERDICT_PASS);
    assert_int_equal(stream.last.anomaly_count, 0);
    const struct source_state *source = &source_find(asset_find(stream.memory, late.asset), STR("a"))->state;
    assert_int_equal(source->observed_at_us, NOON_US + 60 * US_PER_S);
    assert_false(has_flag(judge(&stream, a_quote_at("a", 100, 60)), "late"));
    stream_close(&stream);
}

/** A quote of "old" that was observed `behind_s` before the last change at "moving", which moves from 60 s to 2400 s. */
static bool is_stale_behind(int64_t behind_s, bool moving)
{
    struct stream stream = stream_open();
    for (int i = 0; i <= 40; i++)
        judge(&stream, a_quote_at("moving", moving ? 100 + i * 0.01 : 100, i * 60));
    struct quote old = a_quote_at("old", 100, 2400 - behind_s);
    old.fetched_at_us = NOON_US + 2401 * US_PER_S;
    const bool stale = has_flag(judge(&stream, old), "stale");
    stream_close(&stream);
    return stale;
}

static void stale_fires_behind_a_source_that_still_moves(void **state)
{
    (void)state;
    assert_false(is_stale_behind(900, true));
    assert_true(is_stale_behind(901, true));
    assert_true(is_stale_behind(3000, true));   /* from before it moved */
    assert_false(is_stale_behind(3000, false)); /* nobody's price changes: the market is closed */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(unit_error_names_hundreds_thousands_and_satoshi_either_way),
        cmocka_unit_test(unit_error_leaves_room_for_a_currency_that_changed_along),
        cmocka_unit_test(unit_error_is_told_by_the_other_sources_where_there_are_any),
        cmocka_unit_test(unit_error_is_none_once_another_source_is_there_too),
        cmocka_unit_test(unit_error_is_told_by_a_base_that_is_too_old_for_a_jump),
        cmocka_unit_test(missed_split_names_ratios_within_five_percent),
        cmocka_unit_test(missed_split_that_a_second_source_shows_is_a_split),
        cmocka_unit_test(frozen_fires_when_two_others_moved_beyond_the_floor),
        cmocka_unit_test(frozen_needs_more_polls_where_one_other_moved),
        cmocka_unit_test(frozen_source_does_not_make_the_one_that_moves_suspect),
        cmocka_unit_test(disputed_is_said_of_both_where_no_past_tells),
        cmocka_unit_test(leap_of_one_of_two_is_not_held_against_the_other),
        cmocka_unit_test(delayed_source_is_compared_with_what_the_others_said_then),
        cmocka_unit_test(late_quote_is_flagged_and_not_remembered),
        cmocka_unit_test(stale_fires_behind_a_source_that_still_moves),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
