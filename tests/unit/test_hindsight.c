/* What a quote changes in what was thought of prices before it, and what a source's past says. */
#include "tests/unit/validate_fixture.h"

#include <math.h>

static const struct source_state *state_of(const struct stream *stream, const char *source)
{
    return &source_find(asset_find(stream->memory, STR("equity:T")), str_from(source))->state;
}

/** Polls sources ten seconds apart at a price that hardly moves, once a minute. */
static void settle(struct stream *stream, const char *const *sources, size_t count, int polls)
{
    for (int i = 0; i < polls; i++) {
        for (size_t s = 0; s < count; s++)
            assert_verdict(judge(stream, a_quote_at(sources[s], 100 + i % 3 * 0.001, i * 60 + (int)s * 10)), VERDICT_PASS);
    }
}

static const char *const three[] = {"a", "b", "c"};
static const char *const five[] = {"a", "b", "c", "d", "e"};

static void second_source_of_a_real_move_clears_the_first(void **state)
{
    (void)state;
    struct stream stream = stream_open();
    settle(&stream, three, 3, 8);
    assert_verdict(judge(&stream, a_quote_at("a", 90, 480)), VERDICT_SUSPECT);
    assert_true(state_of(&stream, "a")->doubted);
    assert_verdict(judge(&stream, a_quote_at("b", 90.1, 490)), VERDICT_PASS);
    assert_false(state_of(&stream, "a")->doubted);
    assert_false(state_of(&stream, "a")->excluded);
    assert_true(state_of(&stream, "a")->accepted_price.value == 90);
    assert_true(stream.last.consensus.source_count >= 2);
    stream_close(&stream);
}

static void two_that_err_together_do_not_clear_each_other_among_five(void **state)
{
    (void)state;
    struct stream stream = stream_open();
    settle(&stream, five, 5, 8);
    for (int i = 8; i < 12; i++) {
        assert_verdict(judge(&stream, a_quote_at("a", 110, i * 60)), VERDICT_SUSPECT);
        assert_verdict(judge(&stream, a_quote_at("b", 110, i * 60 + 10)), VERDICT_SUSPECT);
        for (int s = 2; s < 5; s++)
            assert_verdict(judge(&stream, a_quote_at(five[s], 100, i * 60 + s * 10)), VERDICT_PASS);
    }
    stream_close(&stream);
}

static void source_that_was_wrong_alone_is_doubted_once_two_contradict_it(void **state)
{
    (void)state;
    struct stream stream = stream_open();
    settle(&stream, three, 3, 8);
    assert_verdict(judge(&stream, a_quote_at("a", 103, 1400)), VERDICT_PASS); /* nobody to compare with, and no jump */
    assert_verdict(judge(&stream, a_quote_at("b", 100.01, 1410)), VERDICT_PASS);
    assert_verdict(judge(&stream, a_quote_at("c", 100.02, 1420)), VERDICT_PASS);
    assert_true(state_of(&stream, "a")->doubted);
    assert_true(fabs(state_of(&stream, "a")->accepted_price.value - 100) < 0.01); /* its base from before */
    assert_true(stream.last.consensus.price < 100.1);
    assert_verdict(judge(&stream, a_quote_at("a", 103, 1460)), VERDICT_SUSPECT);
    assert_verdict(judge(&stream, a_quote_at("a", 100.01, 1470)), VERDICT_PASS);
    stream_close(&stream);
}

static void lone_leap_is_believed_after_some_polls_and_the_way_back_is_no_leap(void **state)
{
    (void)state;
    struct stream stream = stream_open();
    int doubted = 0;
    settle(&stream, three, 1, 8);
    for (int i = 0; i < 30; i++)
        doubted += judge(&stream, a_quote_at("a", 140 * (1 + i * 1e-4), 480 + i * 60))->verdict != VERDICT_PASS;
    assert_int_equal(doubted, 12);
    assert_verdict(judge(&stream, a_quote_at("a", 100, 480 + 14 * 60 + 30 * 60)), VERDICT_SUSPECT); /* too long ago to be known */
    stream_close(&stream);
}

static void leap_that_was_taken_along_may_end_without_another(void **state)
{
    (void)state;
    struct stream stream = stream_open();
    settle(&stream, three, 1, 8);
    assert_verdict(judge(&stream, a_quote_at("a", 140, 480 + 7201)), VERDICT_PASS); /* after an outage */
    assert_verdict(judge(&stream, a_quote_at("a", 100, 480 + 7260)), VERDICT_PASS);
    stream_close(&stream);
}

static void gap_that_the_record_shows_itself_is_no_jump(void **state)
{
    (void)state;
    struct stream stream = stream_open();
    settle(&stream, three, 1, 8);
    struct quote quote = a_quote_at("a", 79, 1000);
    quote.open = SOME_DOUBLE(80);
    quote.previous_close = SOME_DOUBLE(50); /* adjusted by somebody: not where the source was */
    assert_verdict(judge(&stream, quote), VERDICT_SUSPECT);
    quote.observed_at_us += US_PER_S;
    quote.previous_close = SOME_DOUBLE(100.5);
    assert_verdict(judge(&stream, quote), VERDICT_PASS);
    stream_close(&stream);
}

/** A source with sightings a minute apart. */
static struct source_state with_prices(struct sighting *sightings, const double *prices, size_t count)
{
    for (size_t i = 0; i < count; i++)
        sightings[i] = (struct sighting){.observed_at_us = (int64_t)i * 60 * US_PER_S, .price = prices[i]};
    return (struct source_state){.recent = sightings, .recent_count = count};
}

static void deviation_of_the_past_leaves_out_prices_that_stood_still(void **state)
{
    (void)state;
    struct sighting sightings[RECENT_MAX];
    static const double moving[] = {100, 100.1, 100, 100.1, 100, 100.1, 100}, night[] = {100, 100, 100, 100, 100, 100, 100.1};
    struct source_state source = with_prices(sightings, moving, 7);
    const double sigma = past_sigma_bps(&source);
    assert_true(sigma > 10 && sigma < 20);
    source = with_prices(sightings, night, 7);
    assert_true(past_sigma_bps(&source) == 0);
}

static void largest_move_of_the_past_counts_a_quarter(void **state)
{
    (void)state;
    struct sighting sightings[RECENT_MAX];
    static const double prices[] = {100, 100.01, 100, 100.01, 100, 100.01, 104.01};
    const struct source_state source = with_prices(sightings, prices, 7);
    assert_true(fabs(past_sigma_bps(&source) - log(104.01 / 100.01) * 1e4 / 4) < 1e-6);
}

static void price_between_two_sightings_is_what_the_source_may_have_said(void **state)
{
    (void)state;
    struct sighting sightings[RECENT_MAX];
    static const double prices[] = {100, 103, 103};
    const struct source_state source = with_prices(sightings, prices, 3);
    const int64_t at_us = 25 * US_PER_S;
    const struct sighting *nearest = past_nearest(&source, at_us);
    assert_true(past_price_at(&source, nearest, at_us, 102) == 102);
    assert_true(past_price_at(&source, nearest, at_us, 105) == 103);
    assert_true(past_price_at(&source, nearest, at_us, 90) == 100);
    const int64_t after_us = 200 * US_PER_S;
    assert_true(past_price_at(&source, past_nearest(&source, after_us), after_us, 105) == 103);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(second_source_of_a_real_move_clears_the_first),
        cmocka_unit_test(two_that_err_together_do_not_clear_each_other_among_five),
        cmocka_unit_test(source_that_was_wrong_alone_is_doubted_once_two_contradict_it),
        cmocka_unit_test(lone_leap_is_believed_after_some_polls_and_the_way_back_is_no_leap),
        cmocka_unit_test(leap_that_was_taken_along_may_end_without_another),
        cmocka_unit_test(gap_that_the_record_shows_itself_is_no_jump),
        cmocka_unit_test(deviation_of_the_past_leaves_out_prices_that_stood_still),
        cmocka_unit_test(largest_move_of_the_past_counts_a_quarter),
        cmocka_unit_test(price_between_two_sightings_is_what_the_source_may_have_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
